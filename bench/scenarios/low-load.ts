// low-load.ts: few connections, where what counts is how soon one answer comes, and a hop between threads is dear.

import type { Scenario } from '../scenario.js';
import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

export const oneConnection = lowLoad('one-connection', 1, { bound: 0.85, goal: 1 });
export const eightConnections = lowLoad('eight-connections', 8, { bound: 1.3, goal: 1.6 });

function lowLoad(name: string, connections: number, limits: { bound: number; goal: number }): Scenario {
  const count = connections === 1 ? '1 connection' : `${connections} connections`;
  return loadScenario({
    name,
    title: `${count}, GET /, 13 bytes of text`,
    servers: ['millrace', 'node-http'],
    application: 'hello',
    probe: { path: '/', expected: HELLO },
    load: { connections },
    claims: [
      {
        label: `${count}: req/s / node:http`,
        metric: 'requestsPerSecond',
        reference: 'node-http',
        must: 'be at least',
        ...limits,
      },
    ],
  });
}
