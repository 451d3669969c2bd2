// threads-uneven.ts: a few requests that compute for long among many that do not: whoever is free takes the next one,
// where a cluster has decided by connections, long before.

import { measureCapacity, measureOpenLoop, type OpenLoad } from '../measure/open-loop-run.js';
import type { Scenario } from '../scenario.js';
import { answerOf, pathOf } from '../variants/work.js';

const THREADS = 2;
const LOAD = {
  connections: 64,
  usual: { kind: 'compute', ms: 1 },
  rare: { kind: 'compute', ms: 50 },
  rareOneIn: 10,
} as const satisfies Omit<OpenLoad, 'rate'>;
const SHARE = 0.7;
const CAPACITY_SECONDS = 5;

/** As `prepare` has found it. */
let rate = Number.NaN;

export const uneven: Scenario = {
  name: 'uneven',
  title: `64 connections, open loop: 1 in 10 computes ${LOAD.rare.ms} ms, the others ${LOAD.usual.ms} ms, ${THREADS} threads`,
  servers: ['millrace', 'cluster'],
  application: { threads: THREADS },
  preset: { seconds: 10 },
  isPaced: true,
  probe: { path: pathOf('compute', 1, 0), expected: answerOf('compute', 1, 0) },
  columns: ['requestsPerSecond', 'serverCpu', 'p50', 'p99', 'sentLateP99', 'memory'],
  claims: [
    {
      label: `uneven work, ${SHARE * 100} % of capacity: p99 / cluster`,
      metric: 'p99',
      reference: 'cluster',
      must: 'be at most',
      bound: 0.7,
      needsQuiet: true,
    },
  ],

  async prepare(start) {
    const server = await start('cluster');
    const capacity = await measureCapacity(server, { ...LOAD, rate: null }, CAPACITY_SECONDS);
    await server.stop();
    rate = Math.round(SHARE * capacity);
    return `${rate} requests a second: ${SHARE * 100} % of the ${Math.round(capacity)} that cluster answers in a closed loop`;
  },

  measure: (server, { seconds }, round) => measureOpenLoop(server, { ...LOAD, rate }, seconds, round),
};
