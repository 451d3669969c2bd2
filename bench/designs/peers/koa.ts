// koa.ts: Koa, which brings neither router nor body parser.

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { serveHttp } from '../http-server.js';
import { HELLO, MAX_BODY_BYTES, sleepMsOf, SLEEP_PROBLEM, sleptText } from '../limits.js';
import { ownOptions } from '../options.js';
import { requirePeer } from './package.js';

/** As much of it as is used here. */
interface Context {
  readonly method: string;
  readonly path: string;
  readonly querystring: string;
  readonly req: IncomingMessage;
  status: number;
  body: unknown;
}
interface Koa {
  use(middleware: (context: Context) => unknown): void;
  callback(): RequestListener;
}

const app = new (requirePeer('koa') as new () => Koa)();
app.use(async (context) => {
  switch (`${context.method} ${context.path}`) {
    case 'GET /':
      context.body = HELLO;
      return;
    case 'GET /sleep': {
      const ms = sleepMsOf(context.querystring);
      if (ms !== undefined) await wait(ms);
      context.status = ms === undefined ? 400 : 200;
      context.body = ms === undefined ? SLEEP_PROBLEM : sleptText(ms);
      return;
    }
    case 'POST /echo':
      await echo(context);
      return;
    default:
      context.status = 404;
      context.body = 'Not Found';
  }
});
await serveHttp(createServer(app.callback()), ownOptions());

/** What is too large is received to its end, so that the client reads the answer; not kept. */
async function echo(context: Context): Promise<void> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of context.req as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes <= MAX_BODY_BYTES) pieces.push(piece);
  }
  context.status = bytes > MAX_BODY_BYTES ? 413 : 200;
  context.body = bytes > MAX_BODY_BYTES ? 'Content Too Large' : Buffer.concat(pieces);
}
