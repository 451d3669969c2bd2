// stats.ts: the figures of a server, for people and for monitoring.

import type { NativeReactorStats, NativeStats } from './binding.js';

/** What `server.stats()` returns. Counts are since `listen()`, and stay after `close()`. */
export interface ServerStats {
  readonly listening: boolean;
  readonly connections: {
    /** Now. */
    readonly open: number;
    /** Accepted so far. */
    readonly total: number;
    /** Turned away because of `limits.connections`. */
    readonly refused: number;
  };
  readonly requests: {
    /** Given to handlers. */
    readonly handled: number;
    /** Answered without JavaScript: `reply()`, files, native handlers, 404, 405, OPTIONS. */
    readonly native: number;
    /** Refused: malformed, too large or too slow. */
    readonly refused: number;
    /**
     * Answered 503 because `limits.queue`, `limits.bufferedBytes` or `limits.workerQueue` was reached, or a file found no
     * descriptor.
     */
    readonly overload: number;
    /** Answered 503 because of `timeouts.queueMs`, without having been given to a handler. */
    readonly expired: number;
    /** Answered 503, or cut off, because the handler thread that had them has ended. */
    readonly lost: number;
    /** Answered 503 because of `timeouts.handlerMs`. */
    readonly timedOut: number;
    /** Answers that have been sent, of all kinds. */
    readonly answered: number;
  };
  readonly queue: {
    /** Requests that no JS thread has taken yet. */
    readonly waiting: number;
    /** Of these, how many wait in their connection because the ring is full. */
    readonly parked: number;
  };
  readonly bytes: {
    readonly received: number;
    readonly sent: number;
    /** Held for clients now: request bodies and unsent answers. */
    readonly buffered: number;
  };
  readonly reactors: readonly ReactorStats[];
  /** The worker pool. */
  readonly workers: WorkerStats;
  /** The handler threads, by number; empty where handlers run in the thread of the server. */
  readonly threads: readonly ThreadStats[];
}

/** One handler thread. */
export interface ThreadStats {
  /** Its number, counted from 0. */
  readonly thread: number;
  /**
   * `starting`: it has no place at the server yet, since it is being started or replaced; `running`; `stalled`: it has
   * made no progress for `timeouts.stallMs`.
   */
  readonly state: 'starting' | 'running' | 'stalled';
  /** Requests that it has taken, since it was started. */
  readonly taken: number;
  /** Of these, how many it has not answered yet. */
  readonly outstanding: number;
  /** Share of the last second or so in which its event loop was busy: 0 to 1. */
  readonly utilization: number;
  /** How often it has been replaced. */
  readonly restarts: number;
}

/** What the worker pool has done, and is doing. */
export interface WorkerStats {
  readonly threads: number;
  /** Of these, how many run a job now. */
  readonly active: number;
  /** Jobs that no thread has begun yet. */
  readonly queued: number;
  /** Jobs that have been run. */
  readonly completed: number;
  /** Jobs that have not, since their client had gone. */
  readonly cancelled: number;
  /** Jobs that found `limits.workerQueue` waiting. */
  readonly rejected: number;
  /** How long jobs have waited for a thread, all together: divided by their number, the mean. */
  readonly waitMs: number;
  /** How long they have run, all together. */
  readonly runMs: number;
  readonly longestWaitMs: number;
  readonly longestRunMs: number;
}

/** One I/O thread's share. */
export interface ReactorStats {
  /** Open now. */
  readonly connections: number;
  readonly connectionsTotal: number;
  /** Answers that have been sent. */
  readonly answered: number;
}

const NO_WORKERS: WorkerStats = {
  threads: 0,
  active: 0,
  queued: 0,
  completed: 0,
  cancelled: 0,
  rejected: 0,
  waitMs: 0,
  runMs: 0,
  longestWaitMs: 0,
  longestRunMs: 0,
};

const NOTHING: NativeStats = { queued: 0, parked: 0, bufferedBytes: 0, reactors: [], workers: NO_WORKERS };

/** The figures of a server that has closed: what has been counted, and nothing of what was held. */
export function withoutPresent(native: NativeStats): NativeStats {
  const reactors = native.reactors.map((reactor) => ({ ...reactor, connections: 0 }));
  const workers = { ...native.workers, threads: 0, active: 0, queued: 0 };
  return { queued: 0, parked: 0, bufferedBytes: 0, reactors, workers };
}

export function serverStats(
  listening: boolean,
  native: NativeStats = NOTHING,
  threads: readonly ThreadStats[] = [],
): ServerStats {
  const sum = (figure: keyof NativeReactorStats): number =>
    native.reactors.reduce((total, reactor) => total + reactor[figure], 0);
  return {
    listening,
    connections: {
      open: sum('connections'),
      total: sum('connectionsTotal'),
      refused: sum('connectionsRefused'),
    },
    requests: {
      handled: sum('toHandlers'),
      native: sum('native'),
      refused: sum('refused'),
      overload: sum('overload'),
      expired: sum('expired'),
      lost: sum('lost'),
      timedOut: sum('handlerTimeouts'),
      answered: sum('answered'),
    },
    queue: { waiting: native.queued, parked: native.parked },
    bytes: { received: sum('bytesReceived'), sent: sum('bytesSent'), buffered: native.bufferedBytes },
    reactors: native.reactors.map(({ connections, connectionsTotal, answered }) => ({
      connections,
      connectionsTotal,
      answered,
    })),
    workers: native.workers,
    threads,
  };
}
