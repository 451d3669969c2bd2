// stall-watch.ts: notices handler threads that make no progress, and how busy the others are.

import type { HandlerThread, UtilizationMark } from './handler-thread.js';
import { clearInterval, now, setInterval } from './timers.js';

/** Looks so often within `stallMs`. */
const LOOKS = 4;

/** And not more often, nor less, than once in so many milliseconds. */
const SHORTEST_MS = 20;
const LONGEST_MS = 1000;

/** A look that comes so many times later than it should says that this thread did not run either. */
const LATE = 2;

export interface WatchedThreads {
  /** Undefined: the thread does not serve. Its `turns` are undefined while it has nothing to do. */
  progressOf(
    number: number,
  ): { readonly turns: number | undefined; readonly thread: HandlerThread } | undefined;
  /** Once for each time that a thread gets stuck. */
  onStall(number: number, ms: number): void;
}

interface Seen {
  thread: HandlerThread | undefined;
  turns: number | undefined;
  /** Since when `turns` has been what it is. */
  since: number;
  isStalled: boolean;
  mark: UtilizationMark | undefined;
  utilization: number;
}

/**
 * A thread that is at work and whose event loop does not come by is stuck in a handler, or in code of the app's that has
 * nothing to do with requests. It claims nothing, so it holds back nobody but those it has claimed.
 */
export class StallWatch {
  readonly #stallMs: number;
  readonly #everyMs: number;
  readonly #threads: WatchedThreads;
  readonly #seen: readonly Seen[];
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;

  constructor(stallMs: number, count: number, threads: WatchedThreads) {
    this.#stallMs = stallMs;
    this.#everyMs = Math.min(Math.max(stallMs / LOOKS, SHORTEST_MS), LONGEST_MS);
    this.#threads = threads;
    this.#seen = Array.from({ length: count }, () => ({
      thread: undefined,
      turns: undefined,
      since: 0,
      isStalled: false,
      mark: undefined,
      utilization: 0,
    }));
  }

  start(): void {
    this.#lookedAt = now();
    this.#timer = setInterval(() => {
      this.#look();
    }, this.#everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  isStalled(number: number): boolean {
    return this.#seen[number]!.isStalled;
  }

  /** Share of the time between the last two looks in which the thread's event loop was busy: 0 to 1. */
  utilizationOf(number: number): number {
    return this.#seen[number]!.utilization;
  }

  #look(): void {
    const time = now();
    const missedMs = this.#missedSince(this.#lookedAt, time);
    this.#lookedAt = time;
    for (const [number, seen] of this.#seen.entries()) {
      const progress = this.#threads.progressOf(number);
      this.#measure(seen, progress?.thread);
      seen.since += missedMs;
      const isStuck = progress?.turns !== undefined && progress.turns === seen.turns;
      if (!isStuck) {
        seen.turns = progress?.turns;
        seen.since = time;
        seen.isStalled = false;
      } else if (!seen.isStalled && time - seen.since >= this.#stallMs) {
        seen.isStalled = true;
        this.#threads.onStall(number, Math.round(time - seen.since));
      }
    }
  }

  /**
   * Of a process that was stopped (SIGSTOP, a container that was paused) all threads stood still, and no fault of theirs:
   * of that time as much counts as of any other look. So it is where this thread was busy itself, to be sure.
   */
  #missedSince(before: number, time: number): number {
    const passedMs = time - before;
    return passedMs > LATE * this.#everyMs ? passedMs - this.#everyMs : 0;
  }

  #measure(seen: Seen, thread: HandlerThread | undefined): void {
    if (seen.thread !== thread) {
      seen.thread = thread;
      seen.turns = undefined;
      seen.mark = undefined;
    }
    if (thread === undefined) {
      seen.utilization = 0;
      return;
    }
    const mark = thread.utilization();
    const share = seen.mark === undefined ? mark.utilization : thread.utilizationSince(mark, seen.mark);
    seen.utilization = Math.min(Math.max(share, 0), 1); // Node's own figures are a little off, both ways
    seen.mark = mark;
  }
}
