// hono.ts: Hono on Node.js, by its own adapter.

import type { Server } from 'node:http';
import { serveHttp } from '../http-server.js';
import { HELLO } from '../limits.js';
import { ownOptions } from '../options.js';
import { echoFetch, notFoundFetch, sleepFetch } from './fetch-routes.js';
import { requirePeer } from './package.js';

/** As much of it as is used here. */
interface Context {
  readonly req: { readonly raw: Request; readonly url: string };
  text(text: string): Response;
}
type Handler = (context: Context) => Response | Promise<Response>;
interface Hono {
  readonly fetch: unknown;
  get(path: string, handler: Handler): void;
  post(path: string, handler: Handler): void;
  notFound(handler: Handler): void;
}

const { Hono } = requirePeer('hono') as { Hono: new () => Hono };
const { createAdaptorServer } = requirePeer('@hono/node-server') as {
  createAdaptorServer: (options: { fetch: unknown }) => Server;
};

const app = new Hono();
app.get('/', (context) => context.text(HELLO));
app.get('/sleep', (context) => sleepFetch(new URL(context.req.url).search.slice(1)));
app.post('/echo', (context) => echoFetch(context.req.raw));
app.notFound(notFoundFetch);
await serveHttp(createAdaptorServer({ fetch: app.fetch }), ownOptions());
