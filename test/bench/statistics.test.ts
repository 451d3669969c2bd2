// statistics.test.ts: medians, the sign test's spread and the bootstrap's interval against what they are known to be.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { randomFrom } from '../../bench/load/random.js';
import { bootstrapMedian, medianOf, spreadOf } from '../../bench/statistics.js';

test('a median is the value in the middle, or half-way between two', () => {
  assert.equal(medianOf([3, 1, 2]), 2);
  assert.equal(medianOf([4, 1, 3, 2]), 2.5);
  assert.equal(medianOf([10, 9, 100]), 10); // as numbers, not as text
  assert.equal(medianOf([]), Number.NaN);
});

test('the spread is all of 5 rounds, the inner 6 of 8, the inner 7 of 11', () => {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => count - i);
  assert.deepEqual(spreadOf(upTo(5)), { median: 3, low: 1, high: 5 });
  assert.deepEqual(spreadOf(upTo(8)), { median: 4.5, low: 2, high: 7 });
  assert.deepEqual(spreadOf(upTo(11)), { median: 6, low: 3, high: 9 });
});

test('figures that are all the same have an interval of no width', () => {
  for (const count of [1, 2, 5, 12])
    assert.deepEqual(bootstrapMedian(new Array<number>(count).fill(0.7)), { low: 0.7, high: 0.7 });
});

test('of two values the interval is both of them', () => {
  // Drawn twice: a quarter of the medians is each of them, and half lies between.
  assert.deepEqual(bootstrapMedian([1, 2]), { low: 1, high: 2 });
  // Two of one and nine of the other: the rare one is the median of 1 in 180 draws, which is less than 2.5 %.
  const rare = [...new Array<number>(2).fill(1), ...new Array<number>(9).fill(2)];
  assert.deepEqual(bootstrapMedian(rare), { low: 2, high: 2 });
});

test('no figures have no interval', () => {
  assert.deepEqual(bootstrapMedian([]), { low: Number.NaN, high: Number.NaN });
});

test('the same figures have the same interval, in whatever unit', () => {
  const random = randomFrom(3);
  const values = Array.from({ length: 12 }, random);
  assert.deepEqual(bootstrapMedian(values), bootstrapMedian(values));
  const doubled = bootstrapMedian(values.map((value) => value * 2));
  const { low, high } = bootstrapMedian(values);
  assert.deepEqual(doubled, { low: low * 2, high: high * 2 });
});

// Of an odd number of different values, the chance that the median of a resample is at most the k-th is that of at
// least half of the draws being among the first k: a binomial tail, which needs no drawing.
for (const count of [5, 7, 11, 13, 21]) {
  test(`of ${count} rounds the interval ends where the exact bootstrap says`, () => {
    const atMost = (k: number): number => {
      const share = k / count;
      let sum = 0;
      for (let drawn = (count + 1) / 2; drawn <= count; drawn++)
        sum += binomial(count, drawn) * share ** drawn * (1 - share) ** (count - drawn);
      return sum;
    };
    const rounds = Array.from({ length: count }, (_, i) => i + 1);
    const low = rounds.find((k) => atMost(k) > 0.025);
    const high = rounds.find((k) => atMost(k) >= 0.975);
    // Whichever way the dice fall: of these counts none has an end as near to 2.5 % as 4,000 draws can miss it.
    for (const seed of [1, 2, 3, 4, 5])
      assert.deepEqual(bootstrapMedian(rounds, seed), { low, high }, `seed ${seed}`);
  });
}

function binomial(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}

test('of samples of a skewed distribution as many intervals contain its median as the ends say', () => {
  const random = randomFrom(11);
  const SAMPLES = 400;
  // Exponential: its median is ln 2. Of 11 values the ends are the 3rd and the 9th, between which the true median lies
  // with 93.5 %, whatever the distribution; 400 samples tell that to within 2.5 % 19 times of 20.
  const contained = Array.from({ length: SAMPLES }, (_, i) => {
    const { low, high } = bootstrapMedian(
      Array.from({ length: 11 }, () => -Math.log(1 - random())),
      i,
    );
    return low <= Math.LN2 && Math.LN2 <= high;
  }).filter(Boolean).length;
  assert.ok(Math.abs(contained / SAMPLES - 0.935) < 0.025, `${contained} of ${SAMPLES}`);
});
