// handler-threads.ts: the handler threads of one server: starts them, watches them, replaces those that end.

import { isDeepStrictEqual } from 'node:util';

import type { NativeRoute } from './binding.js';
import { ThreadError } from './errors.js';
import { HandlerThread, type HandlerThreadOptions, type ThreadHost } from './handler-thread.js';
import { StallWatch } from './stall-watch.js';
import type { ThreadStats } from './stats.js';
import { ThreadPlaces, type ThreadsServer } from './thread-places.js';
import { clearTimeout, now, setTimeout } from './timers.js';

/** A thread that has served for so long had no trouble to start. Milliseconds. */
const HEALTHY_MS = 1000;

/** Pause before the second attempt to replace a thread; doubled with each one that fails, up to the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** So many replacements of one thread in a row that do not start: the server gives up. */
const MAX_FAILED_STARTS = 5;

/** Why a handler thread ended. */
export type ThreadExitReason =
  /** By itself: `process.exit()`, an uncaught error, too little memory. */
  | 'exit'
  /** It made no progress for `timeouts.stallMs`, and `replaceStalled` is set. */
  | 'stalled'
  /** `restartThreads()` has replaced it. */
  | 'restart';

/** A handler thread has ended. */
export interface ThreadExit {
  /** Its number, counted from 0. The thread that replaces it has the same. */
  readonly thread: number;
  readonly reason: ThreadExitReason;
  readonly exitCode: number;
  /** What was thrown and not caught, or why the worker was ended; undefined if it ended in order. */
  readonly error: unknown;
}

/** A handler thread makes no progress. */
export interface ThreadStall {
  readonly thread: number;
  /** For how long, in milliseconds. */
  readonly ms: number;
}

/** What is read of `restartThreads()`'s options. */
export interface RestartOptions {
  /**
   * How long a thread that is replaced may take to answer what it has claimed. What it has not answered then is answered
   * 503.
   * @remarks Milliseconds, 0–86400000.
   * @defaultValue 10000
   */
  graceMs?: number | undefined;
}

/** Who wants to know what happens. */
export interface ThreadsObserver extends ThreadHost {
  onExit(exit: ThreadExit): void;
  onStall(stall: ThreadStall): void;
  /** A thread cannot be replaced. */
  onGiveUp(error: unknown): void;
}

/** One of the threads, with whoever is it at the moment. */
interface Slot {
  readonly number: number;
  thread: HandlerThread | undefined;
  /** It is being replaced on purpose, for this reason. */
  leaving: ThreadExitReason | undefined;
  restarts: number;
  /** Replacements in a row that did not live for long, and that did not even start. */
  shortLives: number;
  failedStarts: number;
  retry: NodeJS.Timeout | undefined;
}

export class HandlerThreads {
  readonly #options: HandlerThreadOptions;
  readonly #observer: ThreadsObserver;
  readonly #slots: readonly Slot[];
  readonly #watch: StallWatch;
  readonly #replaceStalled: boolean;
  #routes: readonly NativeRoute[] = [];
  /** Once the server listens. */
  #places: ThreadPlaces | undefined;
  readonly #reported = new WeakSet<HandlerThread>();
  /** Also those that have no slot: not yet, or not any more. */
  readonly #alive = new Set<HandlerThread>();
  #isClosed = false;
  #isReferenced = true;
  /** How many wait for threads: the process may not end before they are told. */
  #awaited = 0;
  #restarting: Promise<void> | undefined;

  constructor(
    count: number,
    options: HandlerThreadOptions,
    stall: { readonly stallMs: number; readonly replaceStalled: boolean },
    observer: ThreadsObserver,
  ) {
    this.#options = options;
    this.#observer = observer;
    this.#replaceStalled = stall.replaceStalled;
    this.#slots = Array.from({ length: count }, (_, number) => ({
      number,
      thread: undefined,
      leaving: undefined,
      restarts: 0,
      shortLives: 0,
      failedStarts: 0,
      retry: undefined,
    }));
    this.#watch = new StallWatch(stall.stallMs, count, {
      progressOf: (number) => {
        const { thread } = this.#slots[number]!;
        if (thread === undefined || !isServing(thread)) return undefined;
        return { turns: this.#places!.turnsOf(thread), thread };
      },
      onStall: (number, ms) => {
        this.#onStall(this.#slots[number]!, ms);
      },
    });
  }

  /**
   * Starts all of them and loads the app in each.
   * @param known - The routes that the app has to have, if the server has them already.
   * @returns The routes, which are the same in all.
   * @throws {@link ThreadError}; then none of them is left.
   */
  start(known?: readonly NativeRoute[]): Promise<readonly NativeRoute[]> {
    return this.#keepProcess(() => this.#startAll(known));
  }

  async #startAll(known: readonly NativeRoute[] | undefined): Promise<readonly NativeRoute[]> {
    try {
      const threads = this.#slots.map((slot) => (slot.thread = this.#spawn(slot)));
      const loaded = await Promise.all(threads.map((thread) => thread.loaded));
      this.#routes = known ?? loaded[0]!;
      for (const routes of loaded) this.#requireSame(routes);
    } catch (error) {
      const threads = [...this.#alive];
      for (const thread of threads) thread.terminate();
      await Promise.all(threads.map(({ ended }) => ended));
      throw error;
    }
    return this.#routes;
  }

  /** Lets them claim. */
  async join(server: ThreadsServer): Promise<void> {
    const places = (this.#places = new ThreadPlaces(server));
    for (const slot of this.#slots) this.#supervise(slot, slot.thread!);
    await this.#keepProcess(() =>
      Promise.all(this.#slots.map(({ thread, number }) => places.give(thread!, number))),
    );
    if (!this.#isClosed) this.#watch.start();
  }

  /** Replaces all of them, one after the other: each begins before the one that it replaces stops to claim. */
  restart(graceMs: number): Promise<void> {
    this.#restarting ??= this.#keepProcess(() => this.#restartAll(graceMs)).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** Ends all of them. After the server has stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.stop();
    for (const { retry } of this.#slots) clearTimeout(retry);
    await Promise.all([this.#places?.close(), ...[...this.#alive].map((thread) => thread.exit())]);
  }

  /** A reactor has let go of a thread, or has ended. */
  onChange(): void {
    this.#places?.onChange();
  }

  /** Does any of them claim requests? */
  get areServing(): boolean {
    return this.#slots.some(({ thread }) => thread !== undefined && isServing(thread));
  }

  stats(): ThreadStats[] {
    return this.#slots.map(({ number, thread, restarts }) => {
      const serves = thread !== undefined && isServing(thread);
      return {
        thread: number,
        state: !serves ? 'starting' : this.#watch.isStalled(number) ? 'stalled' : 'running',
        ...(serves ? this.#places!.workOf(thread) : { taken: 0, outstanding: 0 }),
        utilization: this.#watch.utilizationOf(number),
        restarts,
      };
    });
  }

  ref(): void {
    this.#isReferenced = true;
    this.#refOrUnref();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#refOrUnref();
  }

  async #keepProcess<T>(work: () => Promise<T>): Promise<T> {
    this.#awaited++;
    this.#refOrUnref();
    try {
      return await work();
    } finally {
      this.#awaited--;
      this.#refOrUnref();
    }
  }

  #refOrUnref(): void {
    for (const thread of this.#alive) {
      if (this.#keepsProcess) thread.ref();
      else thread.unref();
    }
    for (const { retry } of this.#slots) {
      if (this.#isReferenced) retry?.ref();
      else retry?.unref();
    }
  }

  get #keepsProcess(): boolean {
    return this.#isReferenced || this.#awaited > 0;
  }

  /** Asks anew: TypeScript does not know that it changes while somebody awaits. */
  #hasClosed(): boolean {
    return this.#isClosed;
  }

  #spawn(slot: Slot): HandlerThread {
    const thread = new HandlerThread(slot.number, this.#options, {
      onHandlerError: (error, context) => {
        this.#observer.onHandlerError(error, { ...context, thread: slot.number });
      },
      stats: () => this.#observer.stats(),
    });
    this.#alive.add(thread);
    void thread.ended.then(() => this.#alive.delete(thread));
    if (!this.#keepsProcess) thread.unref();
    return thread;
  }

  #requireSame(routes: readonly NativeRoute[]): void {
    if (isDeepStrictEqual(routes, this.#routes)) return;
    const shown = ({ method, pattern }: NativeRoute): string => `${method} ${pattern}`;
    const differs = (a: readonly NativeRoute[], b: readonly NativeRoute[]): NativeRoute | undefined =>
      a.find((route, index) => !isDeepStrictEqual(route, b[index]));
    const [theirs, ours] = [differs(routes, this.#routes), differs(this.#routes, routes)];
    throw new ThreadError(
      'ERR_MILLRACE_THREAD_ROUTES',
      'The app must add the same routes, in the same order and with the same options, in every handler thread: ' +
        `one has ${theirs ? `'${shown(theirs)}'` : 'nothing'} where another has ${ours ? `'${shown(ours)}'` : 'nothing'}`,
    );
  }

  /** Replaces whoever is in the slot when he ends. */
  #supervise(slot: Slot, thread: HandlerThread): void {
    void thread.ended.then(({ exitCode, error }) => {
      if (this.#isClosed) return;
      const reason = slot.thread === thread ? (slot.leaving ?? 'exit') : 'restart';
      this.#replace(slot, thread);
      this.#report(thread, { thread: slot.number, reason, exitCode, error });
    });
  }

  /** Once for each thread that has served. Comes last: a listener may throw. */
  #report(thread: HandlerThread, exit: ThreadExit): void {
    if (thread.joinedAt === undefined || this.#reported.has(thread)) return;
    this.#reported.add(thread);
    this.#observer.onExit(exit);
  }

  #replace(slot: Slot, thread: HandlerThread): void {
    if (this.#isClosed || slot.thread !== thread) return;
    slot.leaving = undefined;
    slot.thread = undefined;
    const livedMs = thread.joinedAt === undefined ? 0 : now() - thread.joinedAt;
    slot.shortLives = livedMs >= HEALTHY_MS ? 0 : slot.shortLives + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (slot.shortLives - 1), LONGEST_PAUSE_MS);
    if (slot.shortLives === 0) void this.#startNext(slot);
    else this.#retryLater(slot, pauseMs);
  }

  #retryLater(slot: Slot, pauseMs: number): void {
    slot.retry = setTimeout(() => {
      void this.#startNext(slot);
    }, pauseMs);
    if (!this.#isReferenced) slot.retry.unref();
  }

  async #startNext(slot: Slot): Promise<void> {
    if (this.#isClosed) return;
    let thread: HandlerThread | undefined;
    try {
      thread = slot.thread = this.#spawn(slot);
      this.#requireSame(await thread.loaded);
      if (slot.thread !== thread) return; // restart() has taken the slot
    } catch (error) {
      thread?.terminate();
      if (this.#hasClosed() || slot.thread !== thread) return;
      slot.thread = undefined;
      slot.shortLives++;
      if (++slot.failedStarts >= MAX_FAILED_STARTS) {
        this.#observer.onGiveUp(error);
      } else {
        this.#retryLater(slot, FIRST_PAUSE_MS * 2 ** slot.failedStarts);
      }
      return;
    }
    slot.failedStarts = 0;
    slot.restarts++;
    this.#supervise(slot, thread);
    await this.#places!.give(thread, slot.number);
  }

  async #restartAll(graceMs: number): Promise<void> {
    for (const slot of this.#slots) {
      if (this.#isClosed) return;
      const next = this.#spawn(slot);
      try {
        this.#requireSame(await next.loaded);
      } catch (error) {
        next.terminate();
        if (this.#hasClosed()) return;
        throw error;
      }
      if (this.#hasClosed()) return;
      // Perhaps not the one that was there before, and perhaps nobody, but for an attempt to come.
      clearTimeout(slot.retry);
      const old = slot.thread;
      slot.thread = next;
      slot.leaving = undefined;
      slot.failedStarts = 0;
      slot.restarts++;
      this.#supervise(slot, next);
      await this.#places!.give(next, slot.number);
      if (old !== undefined) await this.#places!.retire(old, graceMs);
    }
  }

  #onStall(slot: Slot, ms: number): void {
    if (this.#replaceStalled) this.#replaceStuck(slot);
    this.#observer.onStall({ thread: slot.number, ms });
  }

  #replaceStuck(slot: Slot): void {
    const { thread } = slot;
    if (thread === undefined || this.#isClosed) return;
    slot.leaving = 'stalled';
    thread.terminate();
    // It may be in native code that takes its time to come back: nobody waits for it.
    this.#places!.abandon(thread);
    void this.#startBeside(slot, thread);
  }

  /** Replaces a thread that has been told to end, whenever it does. */
  async #startBeside(slot: Slot, thread: HandlerThread): Promise<void> {
    await Promise.race([thread.ended, new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS).unref())]);
    if (thread.hasEnded) return; // and has been replaced as any thread that ends
    this.#replace(slot, thread);
    this.#report(thread, { thread: slot.number, reason: 'stalled', exitCode: 1, error: undefined });
  }
}

function isServing(thread: HandlerThread): boolean {
  return thread.joinedAt !== undefined && !thread.hasEnded;
}
