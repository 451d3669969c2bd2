// mixed.ts: requests that wait for something, among many that do not.

import { HELLO, SLOW_MS, SLOW_ONE_IN } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

export const slowMixed = loadScenario({
  name: 'slow-mixed',
  title: `64 connections, 1 request in ${String(SLOW_ONE_IN)} waits ${String(SLOW_MS)} ms, the others answer at once`,
  servers: ['millrace', 'node-http'],
  application: 'slow-mixed',
  probe: { path: '/', expected: HELLO },
  load: { connections: 64 },
  claims: [],
});
