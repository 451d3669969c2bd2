// deno.ts: Deno.serve, run by Deno.

import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { answerFetch } from './fetch-routes.js';

/** As much of it as is used here. */
declare const Deno: {
  serve(
    options: { port: number; hostname: string; signal: AbortSignal; onListen(): void },
    handler: (request: Request) => Promise<Response>,
  ): {
    readonly addr: { readonly port: number };
    readonly finished: Promise<void>;
    shutdown(): Promise<void>;
  };
};

const options = ownOptions();
const cut = new AbortController();
const server = Deno.serve(
  {
    port: options.port,
    hostname: '127.0.0.1',
    signal: cut.signal,
    onListen: () => undefined, // it is said below, as by the others
  },
  answerFetch,
);

serveUntilStopped(server.addr.port, async () => {
  const late = setTimeout(() => {
    cut.abort();
  }, options['grace-ms']);
  await server.shutdown();
  clearTimeout(late);
});
