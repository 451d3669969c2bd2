// http-server.ts: what all designs on a server of node:http share: listening, and an orderly end.

import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { OptionValues } from './options.js';
import { serveUntilStopped } from './orderly-end.js';

/** As long as millrace's, so that idle connections stay in all of them. */
export const KEEP_ALIVE_MS = 65_000;

/** Listens, and serves until SIGTERM. */
export async function serveHttp(
  server: Server,
  options: OptionValues,
  stopMore?: () => Promise<unknown>,
): Promise<void> {
  const stop = stopperOf(server, options['grace-ms']);
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  serveUntilStopped((server.address() as AddressInfo).port, async () => {
    await stop();
    await stopMore?.();
  });
}

/** To be called before the first request comes. */
export function stopperOf(server: Server, graceMs: number): () => Promise<void> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const open = new Set<Socket>();
  const inFlight = new Set<ServerResponse>();
  let isStopping = false;
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.prependListener('request', (_req: IncomingMessage, res: ServerResponse) => {
    if (isStopping) res.shouldKeepAlive = false;
    inFlight.add(res);
    res.once('close', () => inFlight.delete(res));
  });
  return async () => {
    isStopping = true;
    const closed = once(server, 'close');
    server.close();
    // Those in use would stay for another request after their answer.
    for (const res of inFlight) res.shouldKeepAlive = false;
    // close() ends those that have become idle, but not those that have never sent anything.
    const inUse = new Set([...inFlight].map(({ req }) => req.socket));
    for (const socket of open) if (!inUse.has(socket)) socket.destroy();
    const late = setTimeout(() => {
      server.closeAllConnections();
    }, graceMs);
    await closed;
    clearTimeout(late);
  };
}
