// threads-blocked.ts: handlers that block their thread now and then, and what the others see of it.

import { measureOpenLoop, type OpenLoad } from '../measure/open-loop-run.js';
import type { Scenario } from '../scenario.js';
import { answerOf, pathOf } from '../variants/work.js';

const THREADS = 4;
const LOAD = {
  connections: 64,
  rate: 300,
  usual: { kind: 'block', ms: 0 },
  rare: { kind: 'block', ms: 200 },
  rareOneIn: 100,
} as const satisfies OpenLoad;

export const blocked: Scenario = {
  name: 'blocked',
  title: `64 connections, open loop, ${LOAD.rate} requests/s: 1 in 100 blocks ${LOAD.rare.ms} ms, ${THREADS} threads`,
  servers: ['millrace', 'cluster'],
  application: { threads: THREADS },
  preset: { seconds: 10 },
  isPaced: true,
  probe: { path: pathOf('block', 0, 0), expected: answerOf('block', 0, 0) },
  columns: ['requestsPerSecond', 'serverCpu', 'quickP50', 'quickP99', 'sentLateP99', 'memory'],
  claims: [
    {
      label: '1 in 100 blocks: p99 of the others / cluster',
      metric: 'quickP99',
      reference: 'cluster',
      must: 'be at most',
      bound: 1 / 5,
      needsQuiet: true,
    },
  ],

  measure: (server, { seconds }, round) => measureOpenLoop(server, LOAD, seconds, round),
};
