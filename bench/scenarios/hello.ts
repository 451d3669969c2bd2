// hello.ts: the plainest exchange, 64 connections at full speed.

import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

export const hello = loadScenario({
  name: 'hello',
  title: '64 connections, GET /, 13 bytes of text',
  servers: ['millrace', 'node-http', 'uwebsockets', 'floor'],
  application: 'hello',
  probe: { path: '/', expected: HELLO },
  load: { connections: 64 },
  claims: [
    {
      label: '64 connections: server CPU / floor',
      metric: 'serverCpu',
      reference: 'floor',
      must: 'be at most',
      bound: 1.3,
      goal: 1.2,
    },
    {
      label: '64 connections: JS-thread CPU / node:http',
      metric: 'jsCpu',
      reference: 'node-http',
      must: 'be at most',
      bound: 1 / 12,
      goal: 1 / 20,
    },
  ],
});
