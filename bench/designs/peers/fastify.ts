// fastify.ts: Fastify with a body parser that leaves bytes as they are.

import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { serveHttp } from '../http-server.js';
import { HELLO, MAX_BODY_BYTES, sleepMsOf, SLEEP_PROBLEM, sleptText, splitTarget } from '../limits.js';
import { ownOptions } from '../options.js';
import { requirePeer } from './package.js';

/** As much of it as is used here. */
interface Request {
  readonly url: string;
  readonly body: Buffer | undefined;
}
interface Reply {
  code(status: number): Reply;
  type(type: string): Reply;
  send(body: string | Buffer): Reply;
}
type Handler = (request: Request, reply: Reply) => unknown;
interface Fastify {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    options: { parseAs: 'buffer' },
    parser: (request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) => void,
  ): void;
  get(path: string, handler: Handler): void;
  post(path: string, handler: Handler): void;
  setNotFoundHandler(handler: Handler): void;
  ready(): Promise<unknown>;
}
interface Options {
  readonly bodyLimit: number;
  serverFactory(listener: RequestListener): Server;
}

let server: Server | undefined;
const app = (requirePeer('fastify') as (options: Options) => Fastify)({
  bodyLimit: MAX_BODY_BYTES,
  serverFactory: (listener) => (server = createServer(listener)),
});
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, body);
});
app.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(HELLO));
app.get('/sleep', async (request, reply) => {
  const ms = sleepMsOf(splitTarget(request.url).query);
  if (ms === undefined) return reply.code(400).type('text/plain; charset=utf-8').send(SLEEP_PROBLEM);
  await wait(ms);
  return reply.type('text/plain; charset=utf-8').send(sleptText(ms));
});
app.post('/echo', (request, reply) =>
  reply.type('application/octet-stream').send(request.body ?? Buffer.alloc(0)),
);
app.setNotFoundHandler((_request, reply) =>
  reply.code(404).type('text/plain; charset=utf-8').send('Not Found'),
);
await app.ready();
await serveHttp(server!, ownOptions());
