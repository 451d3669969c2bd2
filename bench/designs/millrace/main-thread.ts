// main-thread.ts: millrace with handlers in the main thread: sockets and parsing are elsewhere, waiting costs nothing.

import { setTimeout as wait } from 'node:timers/promises';
import { createServer } from 'millrace';
import { ownOptions } from '../options.js';
import { addHello, addOthers } from './routes.js';
import { serveMillrace } from './serve.js';

const server = createServer();
addHello(server);
addOthers(server, (ms) => wait(ms));
await serveMillrace(server, ownOptions());
