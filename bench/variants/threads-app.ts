// threads-app.ts: the handlers of the threads suite, as an app module: in handler threads, or in the main thread.

import { workerData } from 'node:worker_threads';
import type { App } from 'millrace';
import { HELLO } from './applications.js';
import { KilledRequests } from './killed-requests.js';
import { answerOf, block, compute, wait } from './work.js';

/** What handler threads have in `workerData`. */
export interface ThreadData {
  readonly killed: SharedArrayBuffer;
}

/** Numbers of the requests that this thread has begun and not answered. */
const outstanding = new Set<number>();

export default (app: App): void => {
  app.get('/', (_req, res) => {
    res.end(HELLO);
  });
  app.get('/compute/:ms/:request', (req, res) => {
    const { ms = '', request = '' } = req.params;
    compute(Number(ms));
    res.end(answerOf('compute', ms, request));
  });
  app.get('/block/:ms/:request', (req, res) => {
    const { ms = '', request = '' } = req.params;
    block(Number(ms));
    res.end(answerOf('block', ms, request));
  });
  app.get('/wait/:ms/:request', async (req, res) => {
    const { ms = '', request = '' } = req.params;
    outstanding.add(Number(request));
    await wait(Number(ms));
    res.end(answerOf('wait', ms, request));
    outstanding.delete(Number(request));
  });
  app.get('/exit/:request', (req) => {
    outstanding.add(Number(req.params['request']));
    new KilledRequests((workerData as ThreadData).killed).add(outstanding);
    process.exit();
  });
};
