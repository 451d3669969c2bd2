// free-port.ts: a port for servers that do not choose one themselves.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Free a moment ago: somebody else may take it meanwhile, and then the server says so. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
