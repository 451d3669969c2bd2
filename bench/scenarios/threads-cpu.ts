// threads-cpu.ts: what a second handler thread brings where handlers compute.

import { answerOf, pathOf } from '../variants/work.js';
import { loadScenario } from './load-scenario.js';

const MS = 5;
const PATH = pathOf('compute', MS, 0);

export const cpuBound = loadScenario({
  name: 'cpu-bound',
  title: `16 connections, ${MS} ms of CPU in JavaScript, 2 handler threads`,
  servers: ['millrace', 'one-thread'],
  application: { threads: 2 },
  probe: { path: PATH, expected: answerOf('compute', MS, 0) },
  load: { connections: 16, path: PATH },
  columns: ['requestsPerSecond', 'serverCpu', 'p50', 'p99', 'memory'],
  claims: [
    {
      label: `${MS} ms of CPU: req/s of 2 threads / of 1`,
      metric: 'requestsPerSecond',
      reference: 'one-thread',
      must: 'be at least',
      bound: 1.8,
      needsQuiet: true,
    },
  ],
});
