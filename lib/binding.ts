// binding.ts: loads the addon; the only file that does. Its types say what the native side offers.

import { createRequire } from 'node:module';

import { PlatformError } from './errors.js';
import type { MediaTypeEntry } from './media-types.js';
import type { ServerConfig } from './options.js';
import type { PathParam } from './pattern.js';
import { LAYOUT } from './ring-layout.js';
import type { RingSizes } from './ring-memory.js';
import type { ServerAddress } from './server-address.js';
import type { WorkerStats } from './stats.js';

/** A route as the native router takes it. */
export interface NativeRoute {
  /** `*`: all methods. */
  readonly method: string;
  readonly pattern: string;
  /**
   * Who answers: handler `id`, `replies[id]`, a file below `fileRoots[id]`, `natives[id]`; or, to requests that ask for another
   * protocol, handler `id` gets the connection.
   */
  readonly kind: 'handler' | 'reply' | 'files' | 'native' | 'upgrade';
  readonly id: number;
  /** Of a handler: its own limits, where they differ from the server's. */
  readonly bodyBytes?: number | undefined;
  readonly handlerMs?: number | undefined;
}

/** A canned answer: everything about it has been checked. */
export interface NativeReply {
  readonly status: number;
  /** A `ContentType` of native/http/response_writer.h. */
  readonly contentType: number;
  /** Whole field lines. */
  readonly fields: string;
  readonly body: Buffer;
  readonly ownDate: boolean;
  /** The connection ends with it. */
  readonly close: boolean;
}

/** A table on the native side. */
export interface NativeMediaTypes {
  readonly isNativeMediaTypes: never;
}

/** A directory with files: everything about it has been checked. */
export interface NativeFileRoot {
  /** What paths begin with, without the slash behind it. */
  readonly prefix: string;
  /** Absolute. */
  readonly directory: string;
  readonly symlinks: string;
  readonly dotfiles: boolean;
  readonly redirect: boolean;
  readonly fallthrough: boolean;
  readonly etag: boolean;
  readonly lastModified: boolean;
  readonly ranges: boolean;
  readonly index: readonly string[];
  readonly extensions: readonly string[];
  readonly precompressed: readonly string[];
  /** Empty: none. */
  readonly fallback: string;
  /** Whole field lines. */
  readonly fields: string;
}

/** A handler of a shared library. Opaque: what keeps the library loaded. */
export type LoadedHandler = object & { readonly problem?: undefined };

/** Why there is no such handler. */
export interface HandlerProblem {
  readonly problem: 'load' | 'symbol' | 'abi';
  readonly reason: string;
}

/** A route that a handler of a shared library answers: everything about it has been checked. */
export interface NativeHandlerRoute {
  readonly handler: LoadedHandler;
  /** What its `init` gets. */
  readonly data: string;
  readonly params: readonly PathParam[];
  readonly hasWildcard: boolean;
  /** The pattern is `*`. */
  readonly isAnyPath: boolean;
  readonly wildcardSegment: number;
  /** Its own limits, where they differ from the server's. */
  readonly bodyBytes: number | undefined;
  readonly handlerMs: number | undefined;
}

/** What a native handler has failed with. */
export interface NativeHandlerFailure {
  /** Number of the route; undefined where several failures are summed up. */
  readonly route?: number;
  readonly method: string;
  readonly path: string;
  readonly message: string;
}

export interface NativeAddress {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly fd?: number;
  readonly backlog?: number;
  readonly reusePort?: boolean;
}

/** All that the native side needs to start. It keeps the object, and so the memory, until the server has ended. */
export interface NativeSpec {
  readonly config: ServerConfig;
  readonly sizes: RingSizes;
  readonly routes: readonly NativeRoute[];
  readonly replies: readonly NativeReply[];
  readonly fileRoots: readonly NativeFileRoot[];
  readonly natives: readonly NativeHandlerRoute[];
  /** By extension: what files are sent as. */
  readonly mediaTypes: NativeMediaTypes;
  /** Handler for what no route matches; undefined: 404, 405 and OPTIONS are answered natively. */
  readonly fallback: number | undefined;
  readonly address: NativeAddress;
  /** One for each reactor; of several lanes, those of the first come first. */
  readonly requestMemory: readonly Int32Array[];
  readonly jsThreads: readonly NativePlace[];
  /** Called when a reactor has ended, a JS thread has left or a native handler has failed: not for each. */
  readonly onChange: () => void;
}

/** Memory for one JS thread. */
export interface NativePlace {
  /** Its first word is `DOORBELL_WAITING` while the thread wants to be woken. */
  readonly doorbell: Int32Array;
  /** One for each reactor. */
  readonly responseMemory: readonly Int32Array[];
}

export interface NativeFailure {
  readonly syscall: string;
  readonly errno: number;
}

/** The `init` of `natives[native]` has failed. */
export interface NativeInitFailure {
  readonly native: number;
  readonly reason: string;
}

export interface NativeReactorStats {
  readonly connections: number;
  readonly connectionsTotal: number;
  readonly connectionsRefused: number;
  readonly toHandlers: number;
  readonly native: number;
  readonly refused: number;
  readonly overload: number;
  readonly expired: number;
  readonly lost: number;
  readonly handlerTimeouts: number;
  readonly answered: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export interface NativeStats {
  readonly queued: number;
  readonly parked: number;
  readonly bufferedBytes: number;
  readonly reactors: readonly NativeReactorStats[];
  readonly workers: WorkerStats;
}

export interface NativeServer {
  /** Opens the socket and starts the reactors; a failure leaves nothing open. */
  listen(spec: NativeSpec): ServerAddress | NativeFailure | NativeInitFailure;
  /** By which JS threads of this process find the server, see {@link NativeThread.join}. */
  number(): number;
  /** The JS thread at `place` claims no more: tell, through `onChange`, when all it has claimed is answered. */
  retire(place: number): void;
  hasRetired(place: number): boolean;
  /** What the JS thread at `place` has claimed is answered 503, although it has not left. */
  abandon(place: number): void;
  /** The thread has left, and its place is free again. */
  hasLeft(place: number): boolean;
  /** Requests that the JS thread at `place` has and has not answered. */
  outstanding(place: number): number;
  /** Begins to close. `onChange` is called for each reactor that has ended. */
  drain(graceMs: number): void;
  /** Have all reactors ended? */
  ended(): boolean;
  /** Ends at once what has not ended yet, joins all threads. */
  stop(): { readonly answered?: number; readonly aborted?: number };
  /** Undefined when the server does not run. */
  stats(): NativeStats | undefined;
  /** What native handlers have failed with since the last call. */
  takeFailures(): readonly NativeHandlerFailure[];
  ref(): void;
  unref(): void;
}

/** One JS thread's place at a server, which another thread may have started. */
export interface NativeThread {
  /**
   * Takes the place, to claim from one of the server's lanes. `drain` is called when this thread has been woken. False:
   * there is no such server.
   */
  join(server: number, place: number, lane: number, drain: () => void): boolean;
  /** Gives the place up. The end of the thread does the same. */
  leave(): void;
  /** Answers have been published for a reactor that sleeps. */
  wake(reactor: number): void;
  /** Copy of a body that was too large for the arena; before its request is released. */
  takeBody(reactor: number, index: number): Buffer;
  /** Hands a large body over, for the answer that will be published at `index`. False: no memory. */
  putBody(reactor: number, index: number, body: Uint8Array): boolean;
  /** Is somebody still waiting for this answer? */
  isLive(reactor: number, exchangeSlot: number, exchangeGeneration: number): boolean;
  /**
   * Slot, generation, kind and bytes (of those kinds that have some) of each piece of news about exchanges. With `handsOver`
   * large bytes are the native memory itself and no copy of it. An Error where they are more than a Buffer can hold.
   */
  takeNews(reactor: number, handsOver: boolean): readonly (number | Buffer | Error | undefined)[];
  /** Whether the place keeps the thread's event loop alive. */
  ref(): void;
  unref(): void;
}

/** What a load run is to do: everything about it has been checked. */
export interface NativeLoadPlan {
  /** A numeric address and a port, or the path of a Unix socket. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string | undefined;
  /** A whole request. */
  readonly request: Buffer;
  readonly toHead: boolean;
  /** Connections stay; there is one for each request; or they are only opened and closed. */
  readonly mode: 'keep-alive' | 'one-request' | 'connections';
  readonly connections: number;
  readonly threads: number;
  readonly pipeline: number;
  readonly count: number | undefined;
  readonly durationMs: number | undefined;
  /** Requests a second; 0: as fast as they are answered. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly expectedStatuses: readonly number[];
  readonly expectedBody: Buffer | undefined;
}

export type LoadErrorKind =
  | 'connect'
  | 'read'
  | 'write'
  | 'timeout'
  | 'closedEarly'
  | 'badResponse'
  | 'wrongStatus'
  | 'wrongLength'
  | 'wrongBody';

export interface NativeLoadProgress {
  readonly answers: number;
  readonly errors: number;
  readonly bytesReceived: number;
}

/** Microseconds; null where nothing was counted. */
export interface NativeLatency {
  readonly count: number;
  /** So many of them are of requests that were not sent or not answered: the time that those had waited. */
  readonly lowerBounds: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly stdev: number | null;
  readonly p50: number | null;
  readonly p75: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly p9999: number | null;
  readonly max: number | null;
}

export interface NativeLoadResult {
  /** From the first request until the last answer. */
  readonly seconds: number;
  readonly sent: number;
  readonly answers: number;
  readonly unanswered: number;
  readonly unsent: number;
  readonly connections: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly errors: Readonly<Record<LoadErrorKind, number>>;
  /** What the first of each kind was, where there is more to say. */
  readonly firstErrors: Readonly<Record<LoadErrorKind, string>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly latencyUs: NativeLatency;
  /** Of the threads that send and read. */
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  /** It gave up: nobody accepts connections there. */
  readonly isUnreachable: boolean;
  /** It gave up: connections could be opened, and later no more could. */
  readonly isServerGone: boolean;
}

export interface NativeLoad {
  /** `onEnd` is called when all threads have ended. An open run keeps the process alive. */
  start(plan: NativeLoadPlan, onEnd: () => void): NativeFailure | undefined;
  progress(): NativeLoadProgress;
  /** Ends it soon; `onEnd` is called as ever. */
  stop(): void;
  /** Waits for the threads to end, and frees everything. Undefined when nothing has been started. */
  finish(): NativeLoadResult | undefined;
}

export interface Binding {
  readonly NativeServer: new () => NativeServer;
  readonly NativeThread: new () => NativeThread;
  readonly NativeLoad: new () => NativeLoad;
  /** Sets the soft limit of descriptors to the hard one, and returns it. */
  raiseDescriptorLimit(): number;
  readonly layout: Readonly<Record<string, number>>;
  /** Lower-case field names by their number; 0 is a name without one. */
  readonly fieldNames: readonly string[];
  /** Whether the process has the functions that `compression` needs. */
  readonly hasGzip: boolean;
  makeMediaTypes(entries: readonly MediaTypeEntry[]): NativeMediaTypes;
  /** Loads a shared library, or takes it where it is loaded, and looks for one of its handlers. */
  loadHandler(library: string, symbol: string): LoadedHandler | HandlerProblem;
}

let loaded: Binding | undefined;

/**
 * The addon, loaded when it is needed first: importing the package works anywhere, using it does not.
 * @throws {@link PlatformError}
 */
export function binding(): Binding {
  loaded ??= load();
  return loaded;
}

function load(): Binding {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
    throw PlatformError.unsupported();
  let addon: Binding;
  try {
    addon = createRequire(import.meta.url)('../build/Release/millrace.node') as Binding;
  } catch (cause) {
    throw PlatformError.addonMissing(cause);
  }
  const differs = Object.keys({ ...LAYOUT, ...addon.layout }).find(
    (name) => addon.layout[name] !== LAYOUT[name],
  );
  if (differs !== undefined) {
    throw PlatformError.addonMissing(new Error(`it was built from other sources: '${differs}' differs`));
  }
  return addon;
}
