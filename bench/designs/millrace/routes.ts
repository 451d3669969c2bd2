// routes.ts: the routes of the designs with millrace.

import type { App, HttpRequest, HttpResponse, Server } from 'millrace';
import { HELLO, MAX_BODY_BYTES, sleepMsOf, SLEEP_PROBLEM, sleptText } from '../limits.js';

/** Handlers run in threads, or in the main thread. */
type Routed = App | Server;

export function addHello(app: Routed): void {
  app.get('/', (_req, res) => {
    res.text(HELLO);
  });
}

/** @param wait - Waits, with the thread or without it. */
export function addOthers(app: Routed, wait: (ms: number) => Promise<unknown> | undefined): void {
  app.get('/sleep', async (req, res) => {
    const ms = sleepMsOf(req.query);
    if (ms === undefined) {
      res.status(400).text(SLEEP_PROBLEM);
      return;
    }
    await wait(ms);
    res.text(sleptText(ms));
  });
  app.post('/echo', { bodyBytes: MAX_BODY_BYTES }, async (req, res) => {
    res.header('Content-Type', 'application/octet-stream').end(await req.buffer());
  });
  app.all('*', notFound);
}

/** Also for other methods on the paths above, as in the other designs. */
function notFound(_req: HttpRequest, res: HttpResponse): void {
  res.status(404).text('Not Found');
}
