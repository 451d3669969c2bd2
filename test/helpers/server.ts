// server.ts: a server for the length of one test.

import type { TestContext } from 'node:test';

import {
  createServer,
  type Handler,
  type ListenOptions,
  type Server,
  type ServerOptions,
  type TcpAddress,
} from 'millrace';

import { Client, type ClientOptions } from './client.js';
import { until } from './promises.js';

/** `MILLRACE_TEST_REACTORS=4 npm test` runs every test with four I/O threads. */
export const TEST_REACTORS = Number(process.env['MILLRACE_TEST_REACTORS'] ?? '1');

/** Threads of a server that are not JavaScript's: its reactors, and the pool of `workers`. */
export const TEST_NATIVE_THREADS = TEST_REACTORS + 4;

/**
 * Options with the number of I/O threads that the environment asks for. Idle connections end at once when the server
 * closes, unless a test is about them: most only want to stop.
 */
export function testOptions(options: ServerOptions = {}): ServerOptions {
  const { timeouts, ...others } = options;
  return { reactors: TEST_REACTORS, timeouts: { drainIdleMs: 0, ...timeouts }, ...others };
}

export interface TestServer extends TcpAddress {
  readonly server: Server;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** A connection to it, destroyed at the end of the test. */
  readonly connect: (options?: ClientOptions) => Promise<Client>;
}

/** Adds the routes. */
export type Setup = (server: Server) => unknown;

/**
 * Makes a server, lets `setup` add its routes, listens on 127.0.0.1; closes at once when the test ends.
 * @param fallback - The handler for what no route matches.
 */
export async function startServer(
  t: TestContext,
  options: ServerOptions,
  setup: Setup,
  fallback?: Handler,
): Promise<TestServer> {
  const server = createServer(testOptions(options), fallback);
  setup(server);
  const where = await listenUntilEnd(t, server, { host: '127.0.0.1' });
  return {
    server,
    ...where,
    url: `http://127.0.0.1:${String(where.port)}`,
    connect: (connection) => Client.connect(t, where, connection),
  };
}

/**
 * Waits until so many requests have been given to handlers of this thread and none of them waits in the queue: then their
 * handlers have run up to where they wait. (`requests.handled` alone counts what this thread has yet to look at.)
 */
export async function untilRunning(server: Server, requests = 1): Promise<void> {
  await until(`${String(requests)} given to handlers`, () => server.stats().requests.handled >= requests);
  await until('none of them waits', () => server.stats().queue.waiting === 0);
}

/** A server without routes, whose one handler answers everything. */
export function startHandler(
  t: TestContext,
  handler: Handler,
  options: ServerOptions = {},
): Promise<TestServer> {
  return startServer(t, options, () => undefined, handler);
}

/** Listens on a TCP port until the test ends. */
export async function listenUntilEnd(
  t: TestContext,
  server: Server,
  where: ListenOptions,
): Promise<TcpAddress> {
  t.after(() => server.close({ graceMs: 0 }));
  return server.listen(where);
}
