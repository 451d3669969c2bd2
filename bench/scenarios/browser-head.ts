// browser-head.ts: the request head that a browser sends: what the parser costs.

import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

export const browserHead = loadScenario({
  name: 'browser-head',
  title: '64 connections, the head of a browser: 12 fields, 600 bytes',
  servers: ['millrace', 'floor'],
  application: 'hello',
  probe: { path: '/', expected: HELLO },
  load: { connections: 64, script: ['browser-head.lua'] },
  claims: [
    {
      label: 'browser head: server CPU / floor',
      metric: 'serverCpu',
      reference: 'floor',
      must: 'be at most',
      bound: 1.45,
      goal: 1.3,
    },
  ],
});
