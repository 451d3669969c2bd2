// handler-threads.ts: millrace with handlers in threads: any thread answers any request, whatever its connection.

import { createServer } from 'millrace';
import { ownOptions } from '../options.js';
import { serveMillrace } from './serve.js';

const options = ownOptions();
const app = new URL('./blocking-app.js', import.meta.url);
// /sleep is no stall.
const server = createServer({ app, threads: options.workers, timeouts: { stallMs: 60_000 } });
await serveMillrace(server, options);
