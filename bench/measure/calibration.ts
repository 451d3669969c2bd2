// calibration.ts: how much computing a millisecond of CPU is.

import { spin } from '../variants/work.js';

const RUNS = 9;
const RUN_ITERATIONS = 10_000_000;

let counted: number | undefined;

/**
 * Iterations of `spin()` that take a millisecond of CPU here. Counted once, in the bench: all servers of all rounds get
 * the same number. By the CPU that this process used, not by the clock, and by its fastest run.
 */
export function iterationsPerMs(): number {
  return (counted ??= count());
}

function count(): number {
  const run = (): number => {
    const before = process.cpuUsage();
    spin(RUN_ITERATIONS);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  run(); // until it has been compiled
  return Math.round(RUN_ITERATIONS / Math.min(...Array.from({ length: RUNS }, run)));
}
