// handler-thread.ts: one handler thread, as the thread of the server sees it.

import {
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
  type WorkerOptions,
} from 'node:worker_threads';

import type { NativeRoute } from './binding.js';
import { ThreadError } from './errors.js';
import type { ErrorContext } from './handler-runner.js';
import { unpackError } from './sent-error.js';
import type { ServerStats } from './stats.js';
import type { MessageFromThread, MessageToThread, Placement, StartMessage } from './thread-messages.js';
import { clearTimeout, now, setTimeout } from './timers.js';

/** A thread that has been asked to end and does not is terminated after this time. */
const EXIT_MS = 1000;

/** What a thread is started with. */
export interface HandlerThreadOptions {
  /** URL of the app module. */
  readonly app: string;
  /** What the user wants the worker to have. */
  readonly worker: Pick<WorkerOptions, 'workerData' | 'env' | 'execArgv' | 'resourceLimits'>;
}

/** What a thread tells, and asks, the server's thread while it works. */
export interface ThreadHost {
  onHandlerError(error: unknown, context: ErrorContext): void;
  stats(): ServerStats;
}

/** How a thread has ended. */
export interface ThreadEnd {
  readonly exitCode: number;
  /** What it ended of: an uncaught error, too little memory. */
  readonly error: unknown;
}

export class HandlerThread {
  /** Its routes, once the app is loaded. Rejects if it cannot be. */
  readonly loaded: Promise<readonly NativeRoute[]>;
  readonly ended: Promise<ThreadEnd>;
  /** When it took its place; undefined: it has none yet. */
  joinedAt: number | undefined;
  place: number | undefined;

  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #host: ThreadHost;
  #end: ThreadEnd | undefined;
  #error: unknown;
  #onLoaded!: (routes: readonly NativeRoute[]) => void;
  #onFailed!: (error: unknown) => void;
  #onJoined: (() => void) | undefined;
  #onRetired: (() => void) | undefined;

  /** @throws {@link ThreadError} */
  constructor(number: number, options: HandlerThreadOptions, host: ThreadHost) {
    this.#host = host;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = newWorker({ ...options.worker, name: `millrace-${String(number)}` });
    this.loaded = new Promise((resolve, reject) => {
      this.#onLoaded = resolve;
      this.#onFailed = reject;
    });
    this.loaded.catch(() => undefined); // it may fail while nobody looks
    this.ended = new Promise((resolve) => {
      this.#worker.once('exit', (exitCode) => {
        try {
          this.#readLastWords();
        } finally {
          // Whatever a listener has thrown.
          this.#end = { exitCode, error: this.#error };
          this.#onFailed(notStarted(this.#error, `it ended with exit code ${String(exitCode)}`));
          this.#onJoined?.();
          this.#onRetired?.();
          port1.close();
          resolve(this.#end);
        }
      });
    });
    this.#worker.on('error', (error) => {
      this.#error ??= error;
    });
    port1.on('message', (message: MessageFromThread) => {
      this.#onMessage(message);
    });
    port1.unref(); // the worker itself keeps the process alive
    const start: StartMessage = { port: port2, app: options.app, thread: number };
    this.#worker.postMessage(start, [port2]);
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Takes a place at the server; resolves when it claims requests, or has ended. */
  join(where: Placement): Promise<void> {
    this.place = where.place;
    return this.#ask({ kind: 'join', ...where }, (done) => {
      this.#onJoined = () => {
        this.joinedAt ??= now();
        done();
      };
    });
  }

  /** Resolves when it claims no more, or has ended. */
  retire(): Promise<void> {
    return this.#ask({ kind: 'retire' }, (done) => {
      this.#onRetired = done;
    });
  }

  /** Ends it, after its `exit` listeners; one that does not end by itself is terminated. */
  async exit(): Promise<void> {
    this.#tell({ kind: 'exit' });
    const timer = setTimeout(() => {
      this.terminate();
    }, EXIT_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends it as soon as it runs JavaScript: a call into native code is waited for. */
  terminate(): void {
    void this.#worker.terminate();
  }

  /** How busy the thread's event loop has been so far. */
  utilization(): UtilizationMark {
    return this.#worker.performance.eventLoopUtilization();
  }

  /** The share of busy time between two marks: 0 to 1. */
  utilizationSince(now: UtilizationMark, before: UtilizationMark): number {
    return this.#worker.performance.eventLoopUtilization(now, before).utilization;
  }

  ref(): void {
    this.#worker.ref();
  }

  unref(): void {
    this.#worker.unref();
  }

  #ask(message: MessageToThread, onAnswer: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.hasEnded) {
        resolve();
        return;
      }
      onAnswer(resolve);
      this.#tell(message);
    });
  }

  #tell(message: MessageToThread): void {
    this.#port.postMessage(message);
  }

  /** Messages that are here already, but whose event comes after that of the end. */
  #readLastWords(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: MessageFromThread } | undefined;
      if (received === undefined) return;
      this.#onMessage(received.message);
    }
  }

  #onMessage(message: MessageFromThread): void {
    switch (message.kind) {
      case 'loaded':
        this.#onLoaded(message.routes);
        break;
      case 'failed':
        this.#error = unpackError(message.error);
        this.#onFailed(notStarted(this.#error, 'its app threw'));
        break;
      case 'joined':
        this.#onJoined?.();
        break;
      case 'ask-stats':
        this.#tell({ kind: 'stats', stats: this.#host.stats() });
        break;
      case 'retired':
        this.#onRetired?.();
        break;
      case 'error':
        this.#host.onHandlerError(unpackError(message.error), message.context);
        break;
    }
  }
}

/** @throws {@link ThreadError}: workerData that cannot be cloned, options that Node.js does not have, no more memory */
function newWorker(options: WorkerOptions): Worker {
  try {
    return new Worker(new URL('./handler-thread-main.js', import.meta.url), options);
  } catch (error) {
    throw notStarted(error, 'Node.js refused');
  }
}

function notStarted(cause: unknown, what: string): ThreadError {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new ThreadError(
    'ERR_MILLRACE_THREAD_START',
    `A handler thread could not be started, ${what}${detail}`,
    cause === undefined ? undefined : { cause },
  );
}

/** A point in time, for `utilization()`. */
export type UtilizationMark = ReturnType<Worker['performance']['eventLoopUtilization']>;
