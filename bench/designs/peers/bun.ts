// bun.ts: Bun.serve, run by Bun.

import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { answerFetch } from './fetch-routes.js';
import { InFlight } from './in-flight.js';

/** As much of it as is used here. */
declare const Bun: {
  serve(options: {
    port: number;
    hostname: string;
    maxRequestBodySize: number;
    fetch(request: Request): Promise<Response>;
  }): { readonly port: number; stop(): Promise<void> };
};

const options = ownOptions();
const inFlight = new InFlight();
const server = Bun.serve({
  port: options.port,
  hostname: '127.0.0.1',
  // Refused by the route, as in the others; this one bounds what is received to no purpose.
  maxRequestBodySize: 64 * 1024 * 1024,
  fetch: async (request) => {
    const done = inFlight.begin();
    try {
      return await answerFetch(request);
    } finally {
      done();
    }
  },
});

serveUntilStopped(server.port, async () => {
  // Its promise waits for idle connections as well, for as long as their clients like; those end with the process.
  void server.stop();
  await inFlight.settled(options['grace-ms']);
});
