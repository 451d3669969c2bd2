// demo-app.ts: the handlers of the demo. This module runs once in each handler thread.

import type { App, HttpRequest, HttpResponse } from 'millrace';
import { homePage, notFoundPage } from './demo-pages.js';

const SLEEP_MS = 5000;
const LONGEST_SLEEP_MS = 60_000;

/** Nobody ever wakes whoever waits here. */
const nothing = new Int32Array(new SharedArrayBuffer(4));

export default function addRoutes(app: App): void {
  app.get('/', sendHome);

  // Blocks this thread, and only this one: it is what a long computation does, without the heat.
  app.get('/sleep', (req, res) => {
    Atomics.wait(nothing, 0, 0, sleepMsOf(req));
    sendHome(req, res);
  });

  app.post('/echo', async (req, res) => {
    const body = await req.buffer();
    // Plain text whatever came, and said so that no browser guesses: what strangers send must not run as a page of ours.
    res
      .header('Content-Type', 'text/plain; charset=utf-8')
      .header('X-Content-Type-Options', 'nosniff')
      .end(body);
  });

  app.get('/stats', async (_req, res) => {
    res.header('Cache-Control', 'no-store').json(await app.stats());
  });

  app.all('*', (req, res) => {
    sendPage(res.status(404), notFoundPage(req.method, req.path));
  });

  function sendHome(_req: HttpRequest, res: HttpResponse): void {
    sendPage(res.header('Cache-Control', 'no-store'), homePage(app.thread));
  }
}

function sleepMsOf(req: HttpRequest): number {
  const ms = Number(req.searchParams.get('ms') ?? SLEEP_MS);
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_SLEEP_MS) : SLEEP_MS;
}

/** The pages bring all they need; nothing else may be loaded or run in them. */
function sendPage(res: HttpResponse, html: string): void {
  res
    .header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; " +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    .html(html);
}
