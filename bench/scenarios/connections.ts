// connections.ts: more connections than the other scenarios have, and connections that carry one request each.

import type { Scenario } from '../scenario.js';
import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

const COMMON = {
  servers: ['millrace', 'node-http'],
  application: 'hello',
  probe: { path: '/', expected: HELLO },
  claims: [],
} as const;

export const connectionARequest = loadScenario({
  ...COMMON,
  name: 'connection-a-request',
  title: '64 clients, a new connection for each request, GET /, 13 bytes of text',
  load: { connections: 64, aConnectionARequest: true },
});

function manyConnections(connections: number): Scenario {
  return loadScenario({
    ...COMMON,
    name: `connections-${String(connections)}`,
    title: `${connections.toLocaleString('en')} connections, GET /, 13 bytes of text`,
    load: { connections },
  });
}

export const connections512 = manyConnections(512);
export const connections4096 = manyConnections(4_096);
