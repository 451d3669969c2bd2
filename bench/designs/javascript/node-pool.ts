// node-pool.ts: node:http in the main thread, and a pool of worker_threads that answers. Slow requests hold up nobody until
// all threads have one; each request is copied to its thread and its answer back.

import { createServer } from 'node:http';
import { serveHttp } from '../http-server.js';
import { ownOptions } from '../options.js';
import { listenerOf } from './http-listener.js';
import { WorkerThreads } from './worker-threads.js';

const options = ownOptions();
const threads = new WorkerThreads(
  new URL('./pool-worker.js', import.meta.url),
  options.workers,
  options.queue,
);
const server = createServer(listenerOf((method, target, body) => threads.run({ method, target, body })));
await serveHttp(server, options, () => threads.end());
