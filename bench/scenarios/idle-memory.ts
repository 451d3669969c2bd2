// idle-memory.ts: what a connection costs that has had its answer and waits for its next request.

import { setTimeout as sleep } from 'node:timers/promises';
import { openConnections } from '../measure/connections.js';
import { privateBytes } from '../measure/process-stats.js';
import type { ServerProcess } from '../measure/server-process.js';
import type { Scenario } from '../scenario.js';
import { HELLO } from '../variants/applications.js';

const CONNECTIONS = 10_000;
/** Before the first reading: until then what grows is V8's heap and the pages of buffers that are used in turn. */
const WARM_UP_REQUESTS = 30_000;
const WARM_UP_CONNECTIONS = 64;
/** Until the server has seen that connections are gone. */
const SETTLE_MS = 300;

export const idleMemory: Scenario = {
  name: 'idle-memory',
  title: '10,000 idle keep-alive connections: growth of memory for each',
  servers: ['millrace', 'node-http'],
  application: 'hello',
  probe: { path: '/', expected: HELLO },
  columns: ['bytesPerConnection', 'memory'],
  claims: [
    {
      label: 'idle keep-alive connection: growth of memory',
      metric: 'bytesPerConnection',
      must: 'be at most',
      bound: 400,
      goal: 256,
    },
  ],

  async measure(server) {
    const warmUp = await openConnections(server.port, WARM_UP_CONNECTIONS);
    await warmUp.sendRequests(WARM_UP_REQUESTS);
    warmUp.close();
    await sleep(SETTLE_MS);
    const before = await settledBytes(server);
    const idle = await openConnections(server.port, CONNECTIONS);
    const after = await settledBytes(server);
    idle.close();
    return { values: { bytesPerConnection: (after - before) / CONNECTIONS, memory: after / 1024 ** 2 } };
  },
};

async function settledBytes(server: ServerProcess): Promise<number> {
  await server.ask('collect');
  return privateBytes(server.pid);
}
