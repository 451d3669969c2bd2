// loop-watch.ts: how late the event loop of the application comes to what is due, while somebody wants to know.

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const NS_PER_MS = 1e6;
/** A hundred wake-ups a second: enough for a percentile, and few beside those that requests take. */
const RESOLUTION_MS = 10;

export class LoopWatch {
  readonly #resolutionMs: number;
  readonly #delays: IntervalHistogram;

  constructor(resolutionMs = RESOLUTION_MS) {
    this.#resolutionMs = resolutionMs;
    this.#delays = monitorEventLoopDelay({ resolution: resolutionMs });
  }

  /** Until then it costs nothing. */
  start(): void {
    this.#delays.reset();
    this.#delays.enable();
  }

  /** Milliseconds by which it was late 99 times of 100; null where it has come to nothing at all. */
  stop(): number | null {
    this.#delays.disable();
    if (this.#delays.count === 0) return null;
    // Of the time between two wake-ups one interval is not late.
    return Math.max(0, this.#delays.percentile(99) / NS_PER_MS - this.#resolutionMs);
  }
}
