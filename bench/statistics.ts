// statistics.ts: medians, and two answers to where the true one lies: the sign test's and the bootstrap's.

import { randomFrom } from './load/random.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Spread extends Interval {
  readonly median: number;
}

/** Least trust in "the true median lies between low and high": all of 5 rounds, or the inner 6 of 8. */
const CONFIDENCE = 0.9;

/** Share of the resampled medians that a bootstrap interval contains. */
const BOOTSTRAP_SHARE = 0.95;
/** The ends of an interval are the 100th of the medians from each end: steady enough, and quick enough for every ratio. */
const RESAMPLES = 4_000;
/** Always the same, so that the same figures have the same interval. */
const SEED = 1;

/** The one in the middle, or half-way between the two there. NaN where there are none. */
export function medianOf(values: readonly number[]): number {
  return middleOf(Float64Array.from(values).sort());
}

/** The median, and the rounds between which the true one lies with 90 % confidence, whatever the distribution. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const dropped = droppable(sorted.length);
  return {
    median: middleOf(sorted),
    low: sorted[dropped] ?? Number.NaN,
    high: sorted[sorted.length - 1 - dropped] ?? Number.NaN,
  };
}

/**
 * The percentile bootstrap of the median: draws as many values as there are, with repetition, 4,000 times, and returns
 * what the middle 95 % of these medians lie between.
 */
export function bootstrapMedian(values: readonly number[], seed = SEED): Interval {
  const random = randomFrom(seed);
  const drawn = new Float64Array(values.length);
  const medians = Float64Array.from({ length: RESAMPLES }, () => {
    for (let i = 0; i < drawn.length; i++) drawn[i] = values[Math.floor(random() * values.length)] ?? 0;
    return middleOf(drawn.sort());
  }).sort();
  const beyond = Math.floor((RESAMPLES * (1 - BOOTSTRAP_SHARE)) / 2);
  return {
    low: medians[beyond] ?? Number.NaN,
    high: medians[RESAMPLES - 1 - beyond] ?? Number.NaN,
  };
}

function middleOf(sorted: Float64Array): number {
  const middle = (sorted.length - 1) / 2;
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
}

/** How many of the sorted rounds may go at each end: the sign test's answer. */
function droppable(rounds: number): number {
  let ways = 1; // binomial coefficient: ways in which `dropped` rounds lie beyond the true median
  let tail = 0;
  for (let dropped = 0; ; dropped++) {
    tail += ways / 2 ** rounds;
    if (1 - 2 * tail < CONFIDENCE) return Math.max(0, dropped - 1);
    ways = (ways * (rounds - dropped)) / (dropped + 1);
  }
}
