// node-net.ts: the same thread as node-http's, on plain sockets and a parser written by hand: what node:http adds to them.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { NetConnection } from './net-connection.js';

const options = ownOptions();
const open = new Map<Socket, NetConnection>();
// Half-open: a client that has ended its side still gets its answer.
const server = createServer({ allowHalfOpen: true }, (socket) => {
  open.set(socket, new NetConnection(socket));
  socket.once('close', () => open.delete(socket));
});
server.listen(options.port, '127.0.0.1');
await once(server, 'listening');

serveUntilStopped((server.address() as AddressInfo).port, async () => {
  const closed = once(server, 'close');
  server.close();
  for (const connection of open.values()) connection.stop();
  const late = setTimeout(() => {
    for (const socket of open.keys()) socket.destroy();
  }, options['grace-ms']);
  await closed;
  clearTimeout(late);
});
