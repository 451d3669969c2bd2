// async-hello.ts: a handler that awaits once before it answers.

import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

export const asyncHello = loadScenario({
  name: 'async-hello',
  title: '64 connections, GET /, the handler awaits once',
  servers: ['millrace', 'node-http', 'uwebsockets'],
  application: 'async-hello',
  probe: { path: '/', expected: HELLO },
  load: { connections: 64 },
  claims: [
    {
      label: 'async handler: JS-thread CPU / node:http',
      metric: 'jsCpu',
      reference: 'node-http',
      must: 'be at most',
      bound: 1 / 8,
    },
  ],
});
