// server.ts: Server and createServer.

import { fstatSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { inspect, type InspectOptionsStylized } from 'node:util';

import {
  binding,
  type NativeAddress,
  type NativeInitFailure,
  type NativeRoute,
  type NativeServer,
  type NativeStats,
} from './binding.js';
import { Channel } from './channel.js';
import type { DecompressionLimits } from './compressed-body.js';
import { ListenError, NativeError, OptionError, RouteError, StateError } from './errors.js';
import { HandlerRunner, type ErrorContext } from './handler-runner.js';
import {
  HandlerThreads,
  type RestartOptions,
  type ThreadExit,
  type ThreadsObserver,
  type ThreadStall,
} from './handler-threads.js';
import {
  parseGraceOptions,
  parseListenOptions,
  type CloseOptions,
  type ListenConfig,
  type ListenOptions,
} from './listen-options.js';
import { inspectAs } from './inspect-as.js';
import { loadApp } from './load-app.js';
import { closed, opened } from './open-servers.js';
import { mediaTypes } from './media-types.js';
import type { NativeName, NativeOptions } from './native-handlers.js';
import { parseServerOptions, type ServerConfig, type ServerOptions } from './options.js';
import { ringSizes, ServerMemory, threadMemory } from './ring-memory.js';
import { RouteMethods } from './route-methods.js';
import type { ALL_METHODS } from './routes.js';
import { Routes, type Handler, type ReplyInit, type UpgradeHandler } from './routes.js';
import { placesFor } from './thread-places.js';
import type { ServerAddress, TcpAddress, UnixAddress } from './server-address.js';
import { showValue } from './show-value.js';
import type { StaticOptions } from './static-files.js';
import { serverStats, withoutPresent, type ServerStats, type ThreadStats } from './stats.js';
import { throwLater } from './throw-later.js';
import { now } from './timers.js';

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
  /**
   * What a handler threw or rejected with. Without a listener it is written to stderr; it never ends the process. From a
   * handler thread comes an Error with the name, message, stack, causes and plain properties of the one there.
   */
  error: [error: unknown, context: ErrorContext];
  /** A handler thread has ended, and is being replaced. What it had not answered has been answered 503. */
  threadexit: [exit: ThreadExit];
  /**
   * A handler thread has made no progress for `timeouts.stallMs`. Without a listener it is a process warning with the
   * code `MILLRACE_STALL`.
   */
  threadstall: [stall: ThreadStall];
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
  readonly #runner: HandlerRunner;
  /** Where handlers run here. */
  #channel: Channel | undefined;
  /** Where they run in threads of their own. */
  #threads: HandlerThreads | undefined;
  #state: State = 'new';
  #address: ServerAddress | null = null;
  #referenced = true;
  #closing: Promise<CloseResult> | undefined;
  #onEnded: (() => void) | undefined;
  /** Once the server has closed. */
  #lastStats: NativeStats | undefined;
  #lastThreads: readonly ThreadStats[] = [];
  /** Once it has been loaded: `#routes` has them, too. */
  #appRoutes: readonly NativeRoute[] | undefined;

  /** @internal Use {@link createServer}. */
  constructor(config: ServerConfig, fallback: Handler | undefined) {
    super();
    this.#config = config;
    this.#fallback = fallback === undefined ? undefined : this.#routes.addFallback(fallback);
    this.#native = new (binding().NativeServer)();
    this.#runner = new HandlerRunner(
      this.#routes.handlers,
      this.#decompression(),
      // Without a listener emit('error') would throw.
      (error, context) => this.listenerCount('error') > 0 && this.emit('error', error, context),
    );
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
   * Serves the files below a directory, for GET and HEAD: no JavaScript is involved. `/assets` with `./public` answers
   * `/assets/a.css` with `./public/a.css`. Handlers for single paths below it, and patterns that are more specific, come
   * first. See docs/files.md.
   * @param prefix - What the paths begin with; `/` for all.
   * @param directory - A path, relative to the working directory now, or a `file:` URL. It has to be there.
   * @throws {@link RouteError}, `ERR_MILLRACE_STATIC_DIRECTORY` if it is not a directory; {@link OptionError};
   * {@link InvalidHeaderError}; {@link StateError}
   */
  static(prefix: string, directory: string | URL, options?: StaticOptions): this {
    this.#requireNew();
    this.#routes.addFiles(prefix, directory, options);
    return this;
  }

  /**
   * Answers requests for a pattern with a handler of a shared library, written in C or the like: on a thread of the
   * worker pool, without JavaScript. HEAD runs what GET has. See docs/native-handlers.md.
   * @throws {@link NativeError} `ERR_MILLRACE_NATIVE_LOAD`, `_SYMBOL`, `_ABI`; {@link RouteError}, {@link OptionError},
   * {@link StateError} as {@link get}
   */
  native(method: string, pattern: string, options: NativeOptions): this {
    this.#requireNew();
    this.#routes.addNative(method, pattern, options);
    return this;
  }

  /**
   * Takes over the connections of requests for a pattern that ask for another protocol (RFC 9110 §7.8), whatever their
   * method, but for CONNECT: those with `Connection: upgrade` and an Upgrade field. The handler gets the connection as a
   * Duplex and answers on it itself, so that `ws` and the like run on it. Other requests for the pattern go to its routes.
   *
   * An upgraded connection counts as a request in flight: `close()` waits for its end, for `graceMs` at most.
   * @throws {@link RouteError}, {@link StateError} as {@link get}
   */
  upgrade(pattern: string, handler: UpgradeHandler): this {
    this.#requireNew();
    this.#requireNoApp('upgrade()');
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
      this.#requireNotClosed(); // close() may have come meanwhile
      await this.#loadHandlers();
      this.#requireNotClosed();
      return await this.#start(address, wanted);
    } catch (error) {
      await this.#threads?.close();
      this.#threads = undefined;
      this.#requireNotClosed(); // close() has ended the threads: no fault of theirs
      this.#state = 'new';
      throw error;
    }
  }

  /** Where the server listens; null if it does not yet, or no more. */
  address(): ServerAddress | null {
    return this.#state === 'closing' ? null : this.#address;
  }

  /**
   * Stops accepting, lets requests in flight finish, ends connections with their last answer, and after `graceMs`
   * whatever is left. A second call waits for the first one's result.
   * @throws {@link OptionError}, as a rejection
   */
  async close(options?: CloseOptions): Promise<CloseResult> {
    const { graceMs } = parseGraceOptions('close()', options);
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  /**
   * Replaces the handler threads one by one, by ones that load the app anew: for new code, without a lost request. Each
   * new one serves before the one it replaces stops to take requests. Where the new code cannot be loaded, or has other
   * routes, the threads stay what they are. Where the server closes meanwhile, those that are left are not replaced.
   * @throws {@link StateError} when the server does not listen or has no handler threads; {@link ThreadError};
   * {@link OptionError}. All as rejections.
   */
  async restartThreads(options?: RestartOptions): Promise<void> {
    const { graceMs } = parseGraceOptions('restartThreads()', options);
    if (this.#threads === undefined || this.#state !== 'listening') {
      throw new StateError(
        'ERR_MILLRACE_NO_THREADS',
        this.#config.threads === 0
          ? 'restartThreads() needs handler threads: createServer({ app, threads })'
          : 'restartThreads() was called on a server that does not listen',
      );
    }
    await this.#threads.restart(graceMs);
  }

  /** What the server has done so far, and is doing now. After {@link close} what it has done stays. */
  stats(): ServerStats {
    const present = this.#native.stats();
    return serverStats(
      this.#state === 'listening' && present !== undefined,
      present ?? this.#lastStats,
      this.#threads?.stats() ?? this.#lastThreads,
    );
  }

  /** What `console.log()` shows. */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    return inspectAs('Server', { state: this.#state, address: this.#address }, depth, options);
  }

  /** Lets the server keep the process alive: so it is from the start. */
  ref(): this {
    this.#referenced = true;
    this.#native.ref();
    this.#threads?.ref();
    return this;
  }

  /** Lets the process end although the server listens. */
  unref(): this {
    this.#referenced = false;
    this.#native.unref();
    this.#threads?.unref();
    return this;
  }

  /** Closes with the default grace time: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  protected override addRoute(method: string | typeof ALL_METHODS, pattern: string, rest: unknown[]): this {
    this.#requireNew();
    this.#requireNoApp('a route with a handler');
    this.#routes.addHandler(method, pattern, rest);
    return this;
  }

  /** The app's routes, where there is an app. A second attempt of listen() has them already, but for its threads. */
  async #loadHandlers(): Promise<void> {
    const { app, threads, timeouts, replaceStalled, worker } = this.#config;
    if (app === undefined) return;
    if (threads === 0) {
      if (this.#appRoutes !== undefined) return;
      // Not among ours before all of them are there: listen() may be called again.
      const loaded = new Routes();
      await loadApp(app, loaded, { thread: 0, stats: () => Promise.resolve(this.stats()) });
      this.#routes.adopt(loaded.native, loaded.handlers);
      this.#appRoutes = loaded.native;
    } else {
      this.#threads = new HandlerThreads(
        threads,
        { app, worker },
        { stallMs: timeouts.stallMs, replaceStalled },
        this.#threadsObserver,
      );
      if (!this.#referenced) this.#threads.unref();
      const routes = await this.#threads.start(this.#appRoutes);
      if (this.#appRoutes === undefined) this.#routes.adopt(routes);
      this.#appRoutes = routes;
    }
  }

  async #start(address: NativeAddress, wanted: ListenConfig): Promise<ServerAddress> {
    const { reactors, limits, threads, sticky, compression, accessLog } = this.#config;
    if (compression.enabled && !binding().hasGzip) throw noGzip();
    if (accessLog.enabled) requireOpen(accessLog.fd);
    const sizes = ringSizes(this.#config);
    const places = threads === 0 ? 1 : placesFor(threads);
    const memory = new ServerMemory(sizes, reactors, places, sticky ? Math.max(threads, 1) : 1);
    const result = this.#native.listen({
      config: this.#config,
      sizes,
      routes: this.#routes.native,
      replies: this.#routes.replies,
      fileRoots: this.#routes.fileRoots,
      natives: this.#routes.natives,
      mediaTypes: mediaTypes(),
      fallback: this.#fallback,
      address,
      requestMemory: memory.requestMemory(),
      jsThreads: memory.jsThreads(),
      onChange: this.#onChange,
    });
    if ('syscall' in result) throw listenError(result, wanted);
    if ('native' in result) throw initError(result, this.#routes.nativeNames[result.native]!);
    opened(this.#atExit);
    if (!this.#referenced) this.#native.unref();
    this.#state = 'listening';
    const bound = Object.freeze({ ...result });
    this.#address = bound;
    if (this.#threads !== undefined) {
      await this.#threads.join({
        native: this.#native,
        memory,
        sticky,
        unsentBytes: limits.unsentBytes,
        decompression: this.#decompression(),
      });
      return bound;
    }
    const place = new (binding().NativeThread)();
    this.#channel = new Channel(
      place,
      threadMemory(memory.of(0, 0)),
      this.#runner,
      limits.unsentBytes,
      undefined,
    );
    this.#channel.join(this.#native.number(), 0, 0);
    place.unref(); // the server itself keeps the process, or does not
    return bound;
  }

  #decompression(): DecompressionLimits | undefined {
    const { decompression, limits } = this.#config;
    return decompression.enabled ? { ratio: decompression.ratio, bodyBytes: limits.bodyBytes } : undefined;
  }

  readonly #onChange = (): void => {
    this.#threads?.onChange();
    this.#reportNativeFailures();
    if (this.#onEnded !== undefined && this.#native.ended()) this.#onEnded();
  };

  #reportNativeFailures(): void {
    if (this.#routes.natives.length === 0) return;
    for (const { message, route, ...context } of this.#native.takeFailures()) {
      const name = route === undefined ? undefined : this.#routes.nativeNames[route];
      const error = new NativeError('ERR_MILLRACE_NATIVE_FAILED', message, name);
      try {
        if (this.listenerCount('error') > 0) this.emit('error', error, context);
        else HandlerRunner.report(error, context);
      } catch (thrown) {
        // A listener's own mistake: let Node report it as any uncaught error, but let the server go on.
        throwLater(thrown);
      }
    }
  }

  readonly #threadsObserver: ThreadsObserver = {
    stats: () => this.stats(),
    onHandlerError: (error: unknown, context: ErrorContext): void => {
      if (this.listenerCount('error') > 0) this.emit('error', error, context);
      else HandlerRunner.report(error, context);
    },
    onExit: (exit: ThreadExit): void => {
      this.emit('threadexit', exit);
    },
    onStall: (stall: ThreadStall): void => {
      if (this.emit('threadstall', stall)) return;
      process.emitWarning(
        `handler thread ${String(stall.thread)} has made no progress for ${String(stall.ms)} ms`,
        { code: 'MILLRACE_STALL' },
      );
    },
    onGiveUp: (error: unknown): void => {
      // Where nobody is left to answer there is nothing to wait for.
      void this.close(this.#threads?.areServing === true ? undefined : { graceMs: 0 });
      const context = { method: '', path: '' };
      if (this.listenerCount('error') > 0) this.emit('error', error, context);
      else console.error('millrace: a handler thread cannot be replaced, the server closes:', error);
    },
  };

  /** Where the process exits without close(): `exit` listeners that come later find the figures. */
  readonly #atExit = {
    stop: (): void => {
      this.#stop();
    },
  };

  #stop(): ReturnType<NativeServer['stop']> {
    const lastStats = this.#native.stats();
    if (lastStats !== undefined) this.#lastStats = withoutPresent(lastStats);
    return this.#native.stop();
  }

  async #close(graceMs: number): Promise<CloseResult> {
    const started = now();
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
      this.#reportNativeFailures();
      const end = this.#stop();
      this.#channel?.close();
      this.#channel = undefined; // with the memory of the rings
      this.#lastThreads = this.#threads?.stats() ?? [];
      await this.#threads?.close();
      this.#threads = undefined;
      closed(this.#atExit);
      completed = (end.answered ?? before) - before;
      aborted = end.aborted ?? 0;
    } else {
      await this.#threads?.close(); // listen() is starting them, and an app may never be ready
    }
    this.#state = 'closed';
    this.#address = null;
    this.emit('close');
    return { completed, aborted, ms: Math.round(now() - started) };
  }

  #requireNew(): void {
    this.#requireNotClosed();
    if (this.#state === 'new') return;
    throw new StateError(
      'ERR_MILLRACE_ROUTES_FROZEN',
      'Routes have to be added before listen(): the I/O threads have theirs now',
    );
  }

  #requireNoApp(what: string): void {
    if (this.#config.app === undefined) return;
    throw new OptionError(
      'ERR_MILLRACE_OPTION_CONFLICT',
      `${what} belongs into the app module of this server: ${this.#config.app}`,
      { option: 'app', value: this.#config.app },
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
  if (handler !== undefined && config.app !== undefined) {
    throw new OptionError(
      'ERR_MILLRACE_OPTION_CONFLICT',
      "createServer(): with 'app' there is no handler here: write app.all('*', …) in the app module",
      { option: 'app', value: config.app },
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

function initError({ reason }: NativeInitFailure, name: NativeName): NativeError {
  return new NativeError(
    'ERR_MILLRACE_NATIVE_INIT',
    `native(): the handler '${name.symbol}' of ${name.library} could not be started: ${reason}`,
    name,
  );
}

/** The native side would find out too, but not say which descriptor it is. */
function requireOpen(fd: number): void {
  try {
    fstatSync(fd);
  } catch (cause) {
    throw new OptionError(
      'ERR_MILLRACE_OPTION_RANGE',
      `createServer(): option 'accessLog.fd' must be a descriptor that is open when the server listens, not ${String(fd)}`,
      { option: 'accessLog.fd', value: fd, cause },
    );
  }
}

function noGzip(): OptionError {
  return new OptionError(
    'ERR_MILLRACE_OPTION_RANGE',
    "createServer(): 'compression' needs the zlib of Node.js, and this executable does not offer its functions",
    { option: 'compression', value: true },
  );
}
