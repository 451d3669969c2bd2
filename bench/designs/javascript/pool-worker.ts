// pool-worker.ts: one thread of node-pool.ts.

import { parentPort } from 'node:worker_threads';
import { block, outcomeOf } from './routes.js';
import type { Job } from './worker-threads.js';

parentPort!.on('message', ({ method, target, body }: Job) => {
  const outcome = outcomeOf(method, target, body);
  if (outcome.afterMs > 0) block(outcome.afterMs);
  parentPort!.postMessage(outcome);
});
