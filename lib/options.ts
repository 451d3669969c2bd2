// options.ts: the options of createServer() and of routes, checked once, from one table.

import type { ResourceLimits, WorkerOptions } from 'node:worker_threads';

import { parseAccessLog, type AccessLogConfig, type AccessLogOptions } from './access-log-options.js';
import { parseCompression, type CompressionConfig, type CompressionOptions } from './compression-options.js';
import {
  parseDecompression,
  type DecompressionConfig,
  type DecompressionOptions,
} from './decompression-options.js';
import { parseAppOptions, WORKER_NAMES, type AppConfig } from './app-options.js';
import { LISTEN, LISTEN_NAMES } from './listen-options.js';
import { checkChoice, checkFlag, checkNumber, readOptions } from './option-reader.js';
import type { ChoiceRule, NumberRule, OptionScope } from './option-reader.js';

/** What becomes of clients beyond `limits.connections`. */
export type ConnectionPolicy = 'refuse' | 'wait';

/** What a server accepts before it refuses, waits or closes. Each is a promise about memory or time. */
export interface LimitOptions {
  /**
   * Connections open at once. What becomes of more, `connectionPolicy` says.
   * @remarks 1–1048576 (the most descriptors Linux gives a process unless `fs.nr_open` is raised).
   * @defaultValue 65536
   */
  connections?: number | undefined;
  /**
   * What becomes of clients beyond `connections`: `'refuse'` answers them 503 and closes, `'wait'` leaves them in the
   * listen backlog until a connection ends.
   * @defaultValue `'refuse'`
   */
  connectionPolicy?: ConnectionPolicy | undefined;
  /**
   * Unfinished requests, request bodies and unsent answers that the whole server holds in memory. Beyond it requests are
   * answered 503, and those that are being received end their connections.
   * @remarks Bytes, 1024–1099511627776. Bodies larger than it can only be read in pieces.
   * @defaultValue 268435456 (256 MiB)
   */
  bufferedBytes?: number | undefined;
  /**
   * Length of a request line. Longer ones are answered 414.
   * @remarks Bytes, 64–65536. RFC 9112 §3 recommends to support at least 8000.
   * @defaultValue 8192
   */
  requestLineBytes?: number | undefined;
  /**
   * Length of all header fields of a request together. More are answered 431 (RFC 6585 §5).
   * @remarks Bytes, 64–65536: lengths of field names are kept in 16 bits.
   * @defaultValue 16384
   */
  headerBytes?: number | undefined;
  /**
   * Number of header fields of a request. More are answered 431.
   * @remarks 1–1000.
   * @defaultValue 100
   */
  headerCount?: number | undefined;
  /**
   * Length of a request body. Longer ones are answered 413. A route may set its own.
   * @remarks Bytes, 0–1099511627776.
   * @defaultValue 1048576 (1 MiB)
   */
  bodyBytes?: number | undefined;
  /**
   * Requests of one connection that wait for their answers. With more, reading pauses.
   * @remarks 1–1024.
   * @defaultValue 64
   */
  pipelineDepth?: number | undefined;
  /**
   * Answers that wait for a slow reader or for older ones, on one connection. Beyond it reading pauses.
   * @remarks Bytes, 1024–2147483648.
   * @defaultValue 1048576 (1 MiB)
   */
  unsentBytes?: number | undefined;
  /**
   * Slowest client: a request body that arrives more slowly is answered 408, a reader of a response that is slower is
   * cut off. Measured after a grace of 5 s, or `timeouts.bodyMs` if that is shorter.
   * @remarks Bytes a second, 0–1073741824; 0 turns it off.
   * @defaultValue 240
   */
  minBytesPerSecond?: number | undefined;
  /**
   * Requests that wait for JavaScript. More are answered 503 with `Retry-After`, at once.
   * @remarks 1–65536.
   * @defaultValue 4096
   */
  queue?: number | undefined;
  /**
   * Jobs that wait for a thread of the worker pool. What would be one more is answered 503 with `Retry-After`.
   * @remarks 1–65536.
   * @defaultValue 4096
   */
  workerQueue?: number | undefined;
}

/** How long a server waits. */
export interface TimeoutOptions {
  /**
   * Longest wait for a complete request head. A late client gets 408 and is closed.
   * @remarks Milliseconds, 1–600000.
   * @defaultValue 10000
   */
  headerMs?: number | undefined;
  /**
   * Longest wait for more of a request body. A late client gets 408 and is closed.
   * @remarks Milliseconds without progress, 1–86400000.
   * @defaultValue 30000
   */
  bodyMs?: number | undefined;
  /**
   * How long a connection may stay open between two requests.
   * @remarks Milliseconds, 1–86400000. More than the 60 s of common load balancers, so that they close first and never
   * send a request into a closing connection.
   * @defaultValue 65000
   */
  keepAliveMs?: number | undefined;
  /**
   * Longest wait for a handler's answer, since the request or the last that came of its body. A late one is replaced by
   * 503.
   * @remarks Milliseconds, 0–86400000; 0 turns it off.
   * @defaultValue 0
   */
  handlerMs?: number | undefined;
  /**
   * Longest wait for a client to take more of a response. A late one is cut off.
   * @remarks Milliseconds without progress, 1–86400000.
   * @defaultValue 30000
   */
  writeMs?: number | undefined;
  /**
   * Longest wait of a request until JavaScript takes it. A late one is answered 503 with `Retry-After`, and no handler
   * ever sees it.
   * @remarks Milliseconds, 0–86400000; 0 turns it off.
   * @defaultValue 0
   */
  queueMs?: number | undefined;
  /**
   * How long connections without a request in progress may still send one after `close()`; it is answered with
   * `Connection: close`.
   * @remarks Milliseconds, 0–86400000; 0: they are closed at once. `graceMs` of `close()` bounds it.
   * @defaultValue 1000
   */
  drainIdleMs?: number | undefined;
  /**
   * How long a handler thread may make no progress until it counts as stalled: its event loop does not come by while it
   * has work. It takes no requests meanwhile, stalled or not. See `replaceStalled`.
   * @remarks Milliseconds, 20–86400000.
   * @defaultValue 5000
   */
  stallMs?: number | undefined;
  /**
   * Whether a handler thread that has stalled is ended and replaced; what it had claimed is answered 503. Without it a
   * `threadstall` event is all that happens.
   * @defaultValue false
   */
  replaceStalled?: boolean | undefined;
}

/** The options of `createServer()`. Unknown names are errors, with a hint at the nearest right one. */
export interface ServerOptions {
  /**
   * I/O threads: each has its own epoll loop and its share of the connections.
   * @remarks 1–64.
   * @defaultValue 1
   */
  reactors?: number | undefined;
  /**
   * Threads of the worker pool, for what may block or takes long: looking for files, compressing, native handlers.
   * @remarks 1–128.
   * @defaultValue 4
   */
  workers?: number | undefined;
  /**
   * Handler threads: worker threads that run the handlers, each with the `app` of its own. A request goes to whichever
   * is free, whatever connection it came on. 0: handlers run in the thread that calls `listen()`.
   * @remarks 0–128.
   * @defaultValue 0
   */
  threads?: number | undefined;
  /**
   * The module whose default export adds the handlers, called with an {@link App} in each of the `threads`: a `file:` URL,
   * or a path, which is relative to the working directory.
   * @defaultValue none: handlers are added to the server itself
   */
  app?: string | URL | undefined;
  /** `worker_threads.workerData` of the handler threads: a copy for each. */
  workerData?: unknown;
  /**
   * `process.env` of the handler threads, or `worker_threads.SHARE_ENV`.
   * @defaultValue a copy of that of the thread that calls `listen()`
   */
  env?: WorkerOptions['env'] | undefined;
  /** Command line options of Node.js for the handler threads. @defaultValue those of the process */
  execArgv?: readonly string[] | undefined;
  /** How much memory the JavaScript of each handler thread may take: as of `new Worker()`. */
  resourceLimits?: ResourceLimits | undefined;
  /**
   * Requests of one connection stay with one handler thread: for apps that keep something of a connection in memory. They
   * then wait for that thread, also where others are free.
   * @defaultValue false
   */
  sticky?: boolean | undefined;
  /** The same as `timeouts.replaceStalled`. */
  replaceStalled?: boolean | undefined;
  /**
   * Whether answers of handlers, and files, are compressed with gzip for clients that accept it; see docs/compression.md.
   * In the worker pool: neither JavaScript nor the I/O threads wait for it.
   * @defaultValue false
   */
  compression?: boolean | CompressionOptions | undefined;
  /**
   * Whether handlers get request bodies that were sent with `Content-Encoding: gzip` decompressed; other codings are then
   * answered 415, and what becomes too large 413. See docs/compression.md.
   * @defaultValue false
   */
  decompression?: boolean | DecompressionOptions | undefined;
  /**
   * Whether a line is written for each request: true writes to stdout. Neither JavaScript nor the I/O threads wait for
   * it; see docs/api.md.
   * @defaultValue false
   */
  accessLog?: boolean | AccessLogOptions | undefined;
  limits?: LimitOptions | undefined;
  timeouts?: TimeoutOptions | undefined;
}

/** The options of one route, in place of the server's. */
export interface RouteOptions {
  /** As {@link LimitOptions.bodyBytes}, for this route. */
  bodyBytes?: number | undefined;
  /** As {@link TimeoutOptions.handlerMs}, for this route. */
  handlerMs?: number | undefined;
}

/** All options of a server, checked and complete. Frozen, at both levels. */
export interface ServerConfig extends AppConfig {
  readonly reactors: number;
  readonly workers: number;
  readonly threads: number;
  readonly sticky: boolean;
  readonly replaceStalled: boolean;
  readonly compression: CompressionConfig;
  readonly decompression: DecompressionConfig;
  readonly accessLog: AccessLogConfig;
  readonly limits: Readonly<Record<NumericLimit, number>> & { readonly connectionPolicy: ConnectionPolicy };
  readonly timeouts: Readonly<Record<Timeout, number>> & { readonly replaceStalled: boolean };
}

/** The options of a route, checked; undefined: the server's value counts. */
export interface RouteConfig {
  readonly bodyBytes: number | undefined;
  readonly handlerMs: number | undefined;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const DAY_MS = 86_400_000;

/** Every numeric option. What the numbers mean is said at the interfaces above; a test holds the two together. */
export const OPTION_RULES = {
  reactors: { min: 1, max: 64, preset: 1, unit: 'threads' },
  workers: { min: 1, max: 128, preset: 4, unit: 'threads' },
  threads: { min: 0, max: 128, preset: 0, unit: 'threads' },
  'limits.connections': { min: 1, max: 2 ** 20, preset: 65_536, unit: 'connections' },
  'limits.bufferedBytes': { min: KIB, max: 1024 * GIB, preset: 256 * MIB, unit: 'bytes' },
  'limits.requestLineBytes': { min: 64, max: 64 * KIB, preset: 8 * KIB, unit: 'bytes' },
  'limits.headerBytes': { min: 64, max: 64 * KIB, preset: 16 * KIB, unit: 'bytes' },
  'limits.headerCount': { min: 1, max: 1000, preset: 100, unit: 'fields' },
  'limits.bodyBytes': { min: 0, max: 1024 * GIB, preset: MIB, unit: 'bytes' },
  'limits.pipelineDepth': { min: 1, max: 1024, preset: 64, unit: 'requests' },
  'limits.unsentBytes': { min: KIB, max: 2 * GIB, preset: MIB, unit: 'bytes' },
  'limits.minBytesPerSecond': { min: 0, max: GIB, preset: 240, unit: 'bytes a second' },
  'limits.queue': { min: 1, max: 65_536, preset: 4096, unit: 'requests' },
  'limits.workerQueue': { min: 1, max: 65_536, preset: 4096, unit: 'jobs' },
  'timeouts.headerMs': { min: 1, max: 600_000, preset: 10_000, unit: 'milliseconds' },
  'timeouts.bodyMs': { min: 1, max: DAY_MS, preset: 30_000, unit: 'milliseconds' },
  'timeouts.keepAliveMs': { min: 1, max: DAY_MS, preset: 65_000, unit: 'milliseconds' },
  'timeouts.handlerMs': { min: 0, max: DAY_MS, preset: 0, unit: 'milliseconds' },
  'timeouts.writeMs': { min: 1, max: DAY_MS, preset: 30_000, unit: 'milliseconds' },
  'timeouts.queueMs': { min: 0, max: DAY_MS, preset: 0, unit: 'milliseconds' },
  'timeouts.drainIdleMs': { min: 0, max: DAY_MS, preset: 1000, unit: 'milliseconds' },
  'timeouts.stallMs': { min: 20, max: DAY_MS, preset: 5000, unit: 'milliseconds' },
} as const satisfies Record<OptionName, NumberRule>;

/** Every option that is one of a few words. */
const CHOICE_RULES = {
  'limits.connectionPolicy': { choices: ['refuse', 'wait'], preset: 'refuse' },
} as const satisfies Record<string, ChoiceRule>;

/** Every option that is true or false, and false where it is not given. */
const FLAGS = ['sticky', 'replaceStalled', 'timeouts.replaceStalled'];

type NumericLimit = Exclude<keyof LimitOptions, 'connectionPolicy'>;
type Timeout = Exclude<keyof TimeoutOptions, 'replaceStalled'>;
type OptionName = 'reactors' | 'workers' | 'threads' | `limits.${NumericLimit}` | `timeouts.${Timeout}`;

const CREATE_SERVER = 'createServer()';
const GROUPS = ['limits', 'timeouts'] as const;
const TOP_NAMES = [
  'reactors',
  'workers',
  'threads',
  'app',
  ...WORKER_NAMES,
  'sticky',
  'replaceStalled',
  'compression',
  'decompression',
  'accessLog',
  ...GROUPS,
];
const ALL_NAMES = [
  ...new Set([...Object.keys(OPTION_RULES), ...Object.keys(CHOICE_RULES), ...FLAGS, ...TOP_NAMES]),
];

/**
 * Checks the options of `createServer()` and fills in the defaults.
 * @throws {@link OptionError}
 */
export function parseServerOptions(options?: unknown): ServerConfig {
  const scope = { ...scopeOf('', TOP_NAMES), others: { caller: LISTEN, names: LISTEN_NAMES } };
  const given = readOptions(scope, options);
  // The rules have exactly the names of the interfaces: their types see to that.
  const timeouts = parseGroup('timeouts', given.get('timeouts')) as ServerConfig['timeouts'];
  const threads = numberOr(OPTION_RULES.threads, 'threads', given.get('threads'));
  return Object.freeze({
    reactors: numberOr(OPTION_RULES.reactors, 'reactors', given.get('reactors')),
    workers: numberOr(OPTION_RULES.workers, 'workers', given.get('workers')),
    threads,
    ...parseAppOptions(CREATE_SERVER, threads, given),
    sticky: flagOr('sticky', given.get('sticky')),
    replaceStalled: flagOr('replaceStalled', given.get('replaceStalled')) || timeouts.replaceStalled,
    compression: parseCompression(given.get('compression')),
    decompression: parseDecompression(given.get('decompression')),
    accessLog: parseAccessLog(given.get('accessLog')),
    limits: parseGroup('limits', given.get('limits')) as ServerConfig['limits'],
    timeouts,
  });
}

/**
 * Checks the options of a route.
 * @throws {@link OptionError}
 */
export function parseRouteOptions(options?: unknown): RouteConfig {
  const caller = 'route options';
  const names = ['bodyBytes', 'handlerMs'];
  const given = readOptions({ caller, group: '', names, allNames: names }, options);
  const read = (name: string, rule: NumberRule): number | undefined =>
    given.has(name) ? checkNumber(caller, name, rule, given.get(name)) : undefined;
  return Object.freeze({
    bodyBytes: read('bodyBytes', OPTION_RULES['limits.bodyBytes']),
    handlerMs: read('handlerMs', OPTION_RULES['timeouts.handlerMs']),
  });
}

function parseGroup(group: string, options: unknown): object {
  const prefix = `${group}.`;
  const rules = Object.entries<NumberRule | ChoiceRule>({ ...OPTION_RULES, ...CHOICE_RULES }).filter(
    ([option]) => option.startsWith(prefix),
  );
  const flags = FLAGS.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const names = [...rules.map(([option]) => option.slice(prefix.length)), ...flags];
  const given = readOptions(scopeOf(group, names), options);
  const values = rules.map(([option, rule]): [string, number | string] => {
    const name = option.slice(prefix.length);
    const value = given.get(name);
    return [name, 'choices' in rule ? choiceOr(rule, option, value) : numberOr(rule, option, value)];
  });
  const flagValues = flags.map((name): [string, boolean] => [name, flagOr(prefix + name, given.get(name))]);
  return Object.freeze(Object.fromEntries<number | string | boolean>([...values, ...flagValues]));
}

function flagOr(option: string, value: unknown): boolean {
  return value === undefined ? false : checkFlag(CREATE_SERVER, option, value);
}

function choiceOr(rule: ChoiceRule, option: string, value: unknown): string {
  return value === undefined ? rule.preset : checkChoice(CREATE_SERVER, option, rule, value);
}

function numberOr(rule: NumberRule, option: string, value: unknown): number {
  return value === undefined ? rule.preset : checkNumber(CREATE_SERVER, option, rule, value);
}

function scopeOf(group: string, names: readonly string[]): OptionScope {
  return { caller: CREATE_SERVER, group, names, allNames: ALL_NAMES };
}
