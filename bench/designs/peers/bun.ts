// bun.ts: Bun.serve, run by Bun.

import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { answerFetch } from './fetch-routes.js';

/** As much of it as is used here. */
declare const Bun: {
  serve(options: {
    port: number;
    hostname: string;
    maxRequestBodySize: number;
    fetch(request: Request): Promise<Response>;
  }): { readonly port: number; stop(closeActiveConnections?: boolean): Promise<void> };
};

const options = ownOptions();
let inFlight = 0;
let settled: (() => void) | undefined;
const server = Bun.serve({
  port: options.port,
  hostname: '127.0.0.1',
  // Refused by the route, as in the others; this one bounds what is received to no purpose.
  maxRequestBodySize: 64 * 1024 * 1024,
  fetch: async (request) => {
    inFlight++;
    try {
      return await answerFetch(request);
    } finally {
      if (--inFlight === 0) settled?.();
    }
  },
});

serveUntilStopped(server.port, async () => {
  // Its own stop() waits for idle connections as well, for as long as their clients like.
  void server.stop();
  const isIdle = inFlight === 0 ? Promise.resolve() : new Promise<void>((resolve) => (settled = resolve));
  await Promise.race([isIdle, new Promise((resolve) => setTimeout(resolve, options['grace-ms']))]);
  // The last answer has been given, not yet sent.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.stop(true);
});
