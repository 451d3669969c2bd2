// express.ts: Express with its own body parser.

import { createServer, type RequestListener } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { serveHttp } from '../http-server.js';
import { HELLO, MAX_BODY_BYTES, sleepMsOf, SLEEP_PROBLEM, sleptText, splitTarget } from '../limits.js';
import { ownOptions } from '../options.js';
import { requirePeer } from './package.js';

/** As much of it as is used here. */
interface Request {
  readonly originalUrl: string;
  readonly body: unknown;
}
interface Response {
  readonly headersSent: boolean;
  status(code: number): Response;
  type(type: string): Response;
  send(body: string | Buffer): Response;
}
type Next = (error: unknown) => void;
type Handler = (req: Request, res: Response) => unknown;
interface Express {
  (): RequestListener & {
    disable(setting: string): void;
    get(path: string, handler: Handler): void;
    post(path: string, parser: unknown, handler: Handler): void;
    use(handler: ((...args: never) => unknown) | Handler): void;
  };
  raw(options: { limit: number; type: () => boolean }): unknown;
}

const express = requirePeer('express') as Express;
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get('/', (_req, res) => res.type('text/plain').send(HELLO));
app.get('/sleep', async (req, res) => {
  const ms = sleepMsOf(splitTarget(req.originalUrl).query);
  if (ms === undefined) return res.status(400).type('text/plain').send(SLEEP_PROBLEM);
  await wait(ms);
  return res.type('text/plain').send(sleptText(ms));
});
app.post('/echo', express.raw({ limit: MAX_BODY_BYTES, type: () => true }), (req, res) =>
  // Without a body the parser leaves none.
  res.type('application/octet-stream').send(Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0)),
);
app.use((_req: Request, res: Response) => res.status(404).type('text/plain').send('Not Found'));
// Express would write the stack into the answer.
app.use((error: { status?: number; message: string }, _req: Request, res: Response, next: Next) => {
  if (res.headersSent) next(error);
  else
    res
      .status(error.status ?? 500)
      .type('text/plain')
      .send(error.message);
});
await serveHttp(createServer(app), ownOptions());
