// server.ts: Server and createServer.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { binding, type NativeAddress, type NativeServer, type NativeStats } from './binding.js';
import { Channel } from './channel.js';
import { ListenError, OptionError, RouteError, StateError } from './errors.js';
import { HandlerRunner, type ErrorContext } from './handler-runner.js';
import {
  parseCloseOptions,
  parseListenOptions,
  type CloseOptions,
  type ListenConfig,
  type ListenOptions,
} from './listen-options.js';
import { closed, opened } from './open-servers.js';
import { parseServerOptions, type ServerConfig, type ServerOptions } from './options.js';
import { DOORBELL_STRIDE } from './ring-layout.js';
import { requestMemory, responseMemory, ringSizes } from './ring-memory.js';
import { RouteMethods } from './route-methods.js';
import type { ALL_METHODS } from './routes.js';
import { Routes, type Handler, type ReplyInit, type UpgradeHandler } from './routes.js';
import type { ServerAddress, TcpAddress, UnixAddress } from './server-address.js';
import { showValue } from './show-value.js';
import { serverStats, withoutPresent, type ServerStats } from './stats.js';

/** How closing went. */
export interface CloseResult {
  /** Requests answered while closing. */
  readonly completed: number;
  /** Requests cut off at the end of the grace time. */
  readonly aborted: number;
  /** How long it took. */
  readonly ms: number;
}

/** The events of a server. */
export interface ServerEvents {
  /** What a handler threw or rejected with. Without a listener it is written to stderr; it never ends the process. */
  error: [error: unknown, context: ErrorContext];
  /** The server has closed. */
  close: [];
}

type State = 'new' | 'starting' | 'listening' | 'closing' | 'closed';

/**
 * An HTTP/1.1 server. Made by {@link createServer}; add routes, then {@link Server.listen}.
 *
 * Routes are found natively; the most specific pattern that matches path and method wins. What no route matches goes to
 * the handler given to `createServer`; without one it is answered 404, or 405 with `Allow`, or for OPTIONS 204.
 */
export class Server extends RouteMethods<ServerEvents> {
  readonly #config: ServerConfig;
  readonly #routes = new Routes();
  readonly #fallback: number | undefined;
  readonly #native: NativeServer;
  readonly #runner = new HandlerRunner(
    this.#routes.handlers,
    // Without a listener emit('error') would throw.
    (error, context) => this.listenerCount('error') > 0 && this.emit('error', error, context),
  );
  #channel: Channel | undefined;
  #state: State = 'new';
  #address: ServerAddress | null = null;
  #referenced = true;
  #closing: Promise<CloseResult> | undefined;
  #onEnded: (() => void) | undefined;
  /** Once the server has closed. */
  #lastStats: NativeStats | undefined;

  /** @internal Use {@link createServer}. */
  constructor(config: ServerConfig, fallback: Handler | undefined) {
    super();
    this.#config = config;
    this.#fallback = fallback === undefined ? undefined : this.#routes.addFallback(fallback);
    this.#native = new (binding().NativeServer)();
  }

  /**
   * A canned answer, given by the I/O thread: also while every JS thread is busy or stuck. For health checks and the like.
   * @throws {@link RouteError}, {@link ResponseError}, {@link StateError}
   */
  reply(method: string, path: string, response: ReplyInit): this {
    this.#requireNew();
    this.#routes.addReply(method, path, response);
    return this;
  }

  /**
   * Takes over the connections of requests for a pattern that ask for another protocol (RFC 9110 §7.8), whatever their
   * method: those with `Connection: upgrade` and an Upgrade field. The handler gets the connection as a Duplex and
   * answers on it itself, so that `ws` and the like run on it. Other requests for the pattern go to its routes.
   *
   * An upgraded connection counts as a request in flight: `close()` waits for its end, for `graceMs` at most.
   * @throws {@link RouteError}, {@link StateError} as {@link get}
   */
  upgrade(pattern: string, handler: UpgradeHandler): this {
    this.#requireNew();
    this.#routes.addUpgrade(pattern, handler);
    return this;
  }

  /**
   * Starts to listen.
   * @returns Where.
   * @throws {@link OptionError}; {@link ListenError} with the system's `code`, `errno`, `syscall` and address, after
   * which nothing is left open and another `listen()` may follow; {@link StateError} for a second call. All as
   * rejections.
   */
  listen(options: ListenOptions & { path: string }): Promise<UnixAddress>;
  listen(options: ListenOptions & { fd: number }): Promise<ServerAddress>;
  listen(options?: ListenOptions | number): Promise<TcpAddress>;
  async listen(options?: ListenOptions | number, ...extra: unknown[]): Promise<ServerAddress> {
    const wanted = parseListenOptions(options, ...extra);
    if (this.#state === 'starting' || this.#state === 'listening') {
      throw new StateError(
        'ERR_MILLRACE_ALREADY_LISTENING',
        'listen() was called on a server that listens already',
      );
    }
    this.#requireNotClosed();
    this.#state = 'starting';
    try {
      const address = await nativeAddress(wanted);
      this.#requireNotClosed(); // close() may have come while the name was looked up
      this.#start(address, wanted);
    } catch (error) {
      if (this.#isIn('starting')) this.#state = 'new';
      throw error;
    }
    this.#state = 'listening';
    return this.#address!;
  }

  /** Where the server listens; null if it does not. */
  address(): ServerAddress | null {
    return this.#address;
  }

  /**
   * Stops accepting, lets requests in flight finish, ends connections with their last answer, and after `graceMs`
   * whatever is left. A second call waits for the first one's result.
   * @throws {@link OptionError}, as a rejection
   */
  async close(options?: CloseOptions): Promise<CloseResult> {
    const { graceMs } = parseCloseOptions(options);
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  /** What the server has done so far, and is doing now. After {@link close} what it has done stays. */
  stats(): ServerStats {
    return serverStats(this.#state === 'listening', this.#native.stats() ?? this.#lastStats);
  }

  /** Lets the server keep the process alive: so it is from the start. */
  ref(): this {
    this.#referenced = true;
    this.#native.ref();
    return this;
  }

  /** Lets the process end although the server listens. */
  unref(): this {
    this.#referenced = false;
    this.#native.unref();
    return this;
  }

  /** Closes with the default grace time: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected override addRoute(method: string | typeof ALL_METHODS, pattern: string, rest: unknown[]): this {
    this.#requireNew();
    this.#routes.addHandler(method, pattern, rest);
    return this;
  }

  #start(address: NativeAddress, wanted: ListenConfig): void {
    const { reactors } = this.#config;
    const sizes = ringSizes(this.#config);
    const requests = Array.from({ length: reactors }, () => requestMemory(sizes));
    const responses = Array.from({ length: reactors }, () => responseMemory(sizes));
    const doorbell = new Int32Array(new SharedArrayBuffer(DOORBELL_STRIDE * 4));
    const channel = new Channel(
      this.#native,
      requests,
      responses,
      doorbell,
      this.#runner,
      this.#config.limits.unsentBytes,
    );
    const result = this.#native.listen({
      config: this.#config,
      sizes,
      routes: this.#routes.native,
      replies: this.#routes.replies,
      fallback: this.#fallback,
      address,
      requestMemory: requests.map(({ words }) => words),
      responseMemory: responses.map(({ words }) => words),
      doorbell,
      drain: this.#onDoorbell,
    });
    if ('syscall' in result) throw listenError(result, wanted);
    this.#channel = channel;
    this.#address = Object.freeze({ ...result });
    opened(this.#native);
    if (!this.#referenced) this.#native.unref();
  }

  readonly #onDoorbell = (): void => {
    this.#channel?.drain();
    if (this.#onEnded !== undefined && this.#native.ended()) this.#onEnded();
  };

  async #close(graceMs: number): Promise<CloseResult> {
    const started = performance.now();
    const wasListening = this.#state === 'listening';
    this.#state = 'closing';
    let completed = 0;
    let aborted = 0;
    if (wasListening) {
      const before = this.stats().requests.answered;
      await new Promise<void>((resolve) => {
        this.#onEnded = resolve;
        // Until the last connection has ended somebody waits for this, so the process stays.
        this.#native.ref();
        this.#native.drain(graceMs);
      });
      const lastStats = this.#native.stats();
      const end = this.#native.stop();
      this.#lastStats = lastStats && withoutPresent(lastStats);
      this.#channel!.close();
      this.#channel = undefined; // with the memory of the rings
      closed(this.#native);
      completed = (end.answered ?? before) - before;
      aborted = end.aborted ?? 0;
    }
    this.#state = 'closed';
    this.#address = null;
    this.emit('close');
    return { completed, aborted, ms: Math.round(performance.now() - started) };
  }

  #requireNew(): void {
    this.#requireNotClosed();
    if (this.#state === 'new') return;
    throw new StateError(
      'ERR_MILLRACE_ROUTES_FROZEN',
      'Routes have to be added before listen(): the I/O threads have theirs now',
    );
  }

  #requireNotClosed(): void {
    if (this.#isIn('closing') || this.#isIn('closed')) throw new StateError('ERR_MILLRACE_SERVER_CLOSED');
  }

  /** Asks anew: TypeScript does not know that the state changes while somebody awaits. */
  #isIn(state: State): boolean {
    return this.#state === state;
  }
}

/**
 * Makes a server; it does nothing until `listen()`.
 * @param handler - Answers what no route matches.
 * @throws {@link OptionError} for options, {@link PlatformError} where the native part cannot run
 */
export function createServer(handler?: Handler): Server;
export function createServer(options: ServerOptions, handler?: Handler): Server;
export function createServer(first?: ServerOptions | Handler, second?: Handler, ...extra: unknown[]): Server {
  const isHandler = typeof first === 'function';
  rejectSurplus(isHandler ? [second, ...extra] : extra);
  const [options, handler] = isHandler ? [undefined, first] : [first, second];
  const config = parseServerOptions(options);
  if (handler !== undefined && typeof handler !== 'function') {
    throw new RouteError(
      'ERR_MILLRACE_ROUTE_HANDLER',
      `The handler must be a function (request, response), not ${showValue(handler)}`,
    );
  }
  return new Server(config, handler);
}

/** Options behind the handler must not be overlooked: a server without its limits looks like one that has them. */
function rejectSurplus(extra: readonly unknown[]): void {
  const value = extra.find((argument) => argument !== undefined);
  if (value === undefined) return;
  throw new OptionError(
    'ERR_MILLRACE_OPTION_TYPE',
    `createServer() takes nothing behind the handler, not ${showValue(value)}: write createServer({ … }, handler)`,
    { option: 'options', value },
  );
}

async function nativeAddress(wanted: ListenConfig): Promise<NativeAddress> {
  const { fd, path, host, port, backlog, reusePort } = wanted;
  if (fd >= 0) return { fd };
  if (path !== '') return { path, backlog };
  return { host: await resolveHost(host), port, backlog, reusePort };
}

/** Names are looked up here, since that may block. */
async function resolveHost(host: string): Promise<string> {
  if (host === '' || isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    const { errno = 0, code, syscall = 'getaddrinfo' } = cause as NodeJS.ErrnoException;
    throw new ListenError({ errno, code, syscall, address: host, cause });
  }
}

function listenError(failure: { syscall: string; errno: number }, wanted: ListenConfig): ListenError {
  if (wanted.fd >= 0) return new ListenError(failure);
  if (wanted.path !== '') return new ListenError({ ...failure, address: wanted.path });
  return new ListenError({ ...failure, address: wanted.host === '' ? '::' : wanted.host, port: wanted.port });
}
