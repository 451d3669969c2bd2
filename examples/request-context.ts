// request-context.ts: a number for each request that everything it starts can see, without passing it along.
//
//   curl -i localhost:8080/orders/7 -H 'X-Request-Id: from-the-proxy'

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type Handler } from 'millrace';

const requestId = new AsyncLocalStorage<string>();

/** Takes the client's number if it is one that may stand in a log. */
const SAFE_ID = /^[\w.-]{1,64}$/;

function withRequestId(handler: Handler): Handler {
  return (req, res) => {
    const given = req.header('x-request-id') ?? '';
    const id = SAFE_ID.test(given) ? given : randomUUID();
    res.header('X-Request-Id', id);
    return requestId.run(id, () => handler(req, res));
  };
}

function log(text: string): void {
  console.log(`[${requestId.getStore() ?? 'no request'}] ${text}`);
}

/** Stands for a database: knows nothing of requests, and its log lines carry their numbers. */
async function loadOrder(id: string): Promise<{ order: string; seenBy: string | undefined }> {
  log(`loading order ${id}`);
  await sleep(Math.random() * 20);
  log(`loaded order ${id}`);
  return { order: id, seenBy: requestId.getStore() };
}

const server = createServer();

server.get(
  '/orders/:id',
  withRequestId(async (req, res) => {
    res.json(await loadOrder(req.params['id'] ?? ''));
  }),
);

const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' });

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close());
}
log(`http://127.0.0.1:${port}/orders/7`);
