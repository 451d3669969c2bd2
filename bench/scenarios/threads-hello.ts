// threads-hello.ts: what handler threads cost where there is nothing to compute.

import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

export const threadsHello = loadScenario({
  name: 'threads-hello',
  title: '64 connections, GET /, 13 bytes of text, 2 handler threads',
  servers: ['millrace', 'main-thread'],
  application: { threads: 2 },
  probe: { path: '/', expected: HELLO },
  load: { connections: 64 },
  columns: ['requestsPerSecond', 'serverCpu', 'p50', 'p99', 'memory'],
  claims: [
    {
      label: 'hello, 2 threads: server CPU / main thread',
      metric: 'serverCpu',
      reference: 'main-thread',
      must: 'be at most',
      bound: 1.15,
    },
  ],
});
