// node-http.ts: Node's own server. One thread, where waiting costs nothing, and computing holds up everybody.

import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { serveHttp } from '../http-server.js';
import { ownOptions } from '../options.js';
import { listenerOf } from './http-listener.js';
import { outcomeOf } from './routes.js';

const server = createServer(
  listenerOf(async (method, target, body) => {
    const outcome = outcomeOf(method, target, body);
    if (outcome.afterMs > 0) await wait(outcome.afterMs);
    return outcome;
  }),
);
await serveHttp(server, ownOptions());
