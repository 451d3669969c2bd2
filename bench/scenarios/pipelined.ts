// pipelined.ts: 16 requests in one write: what is left when the system calls are shared.

import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

const DEPTH = 16;

export const pipelined = loadScenario({
  name: 'pipelined',
  title: `64 connections, ${DEPTH} requests at a time on each`,
  servers: ['millrace', 'node-http', 'uwebsockets', 'floor'],
  application: 'hello',
  probe: { path: '/', expected: HELLO },
  load: { connections: 64, pipelined: DEPTH },
  claims: [
    {
      label: '16 pipelined: req/s / floor',
      metric: 'requestsPerSecond',
      reference: 'floor',
      must: 'be at least',
      bound: 0.9,
    },
    {
      label: '16 pipelined: JS-thread CPU / node:http',
      metric: 'jsCpu',
      reference: 'node-http',
      must: 'be at most',
      bound: 1 / 50,
    },
  ],
});
