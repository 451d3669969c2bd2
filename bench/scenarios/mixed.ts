// mixed.ts: requests that wait for something, among many that do not.

import { HELLO, SLOW_MS } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

const ONE_IN = 100;

export const slowMixed = loadScenario({
  name: 'slow-mixed',
  title: `64 connections, 1 request in ${String(ONE_IN)} waits ${String(SLOW_MS)} ms, the others answer at once`,
  servers: ['millrace', 'node-http'],
  application: 'slow-mixed',
  probe: { path: '/slow', expected: HELLO },
  load: { connections: 64, script: ['slow-mixed.lua', String(ONE_IN)] },
  claims: [],
});
