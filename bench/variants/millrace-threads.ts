// millrace-threads.ts: millrace with the handlers of the threads suite, in as many handler threads as the argument says.

import { createServer } from 'millrace';
import { serveControl } from './control.js';
import { KilledRequests } from './killed-requests.js';
import { LatenessWatch } from './lateness.js';
import type { ThreadData } from './threads-app.js';

const threads = Number(process.argv[2]);
const killed = KilledRequests.newMemory();
const app = new URL('./threads-app.js', import.meta.url);
// No thread has no `workerData`: then handlers run in this one.
const server = createServer(
  threads === 0 ? { app } : { app, threads, workerData: { killed } satisfies ThreadData },
);
let exits = 0;
server.on('threadexit', () => exits++);

const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
serveControl({
  port,
  lateness: new LatenessWatch(),
  connectionsPerReactor: () => server.stats().reactors.map((reactor) => reactor.connections),
  losses: () => ({ exits, lost: server.stats().requests.lost, inside: new KilledRequests(killed).all }),
  close: () => server.close({ graceMs: 0 }),
});
