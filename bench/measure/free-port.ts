// free-port.ts: a port for servers that do not choose one themselves, and do not tell when they listen on it.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const START_MS = 10_000;

/** Free a moment ago: somebody else may take it meanwhile, and then the server says so. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** @param lives - False: there is nobody to wait for any more. */
export async function untilListening(port: number, lives = (): boolean => true): Promise<void> {
  const end = performance.now() + START_MS;
  while (lives() && performance.now() < end) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await wait(20);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nobody listens on port ${port}`);
}
