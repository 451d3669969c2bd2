// deno.ts: Deno.serve, run by Deno.

import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { answerFetch } from './fetch-routes.js';

/** As much of it as is used here. */
declare const Deno: {
  serve(
    options: { port: number; hostname: string; onListen(): void },
    handler: (request: Request) => Promise<Response>,
  ): {
    readonly addr: { readonly port: number };
    readonly finished: Promise<void>;
    shutdown(): Promise<void>;
  };
};

const options = ownOptions();
const server = Deno.serve(
  {
    port: options.port,
    hostname: '127.0.0.1',
    onListen: () => undefined, // it is said below, as by the others
  },
  answerFetch,
);

serveUntilStopped(server.addr.port, async () => {
  // What is left when the grace is over ends with the process.
  await Promise.race([server.shutdown(), new Promise((resolve) => setTimeout(resolve, options['grace-ms']))]);
});
