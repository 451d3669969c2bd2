// Who has made no progress while nobody ran has not stalled.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StallWatch, type WatchedThreads } from '#lib/stall-watch.js';

import { until } from '../helpers/promises.js';

const STALL_MS = 100;

/** What is asked of a thread, and never busy. */
const THREAD = {
  utilization: () => ({ idle: 1, active: 0, utilization: 0 }),
  utilizationSince: () => 0,
} as unknown as NonNullable<ReturnType<WatchedThreads['progressOf']>>['thread'];

/** This thread, and with it the watch, does not run. */
function stop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('while the process is stopped nobody stalls; one that makes no progress afterwards does', async (t) => {
  let turns = 1;
  let looks = 0;
  const stalls: number[] = [];
  const watch = new StallWatch(STALL_MS, 1, {
    progressOf: () => {
      looks++;
      return { turns, thread: THREAD };
    },
    onStall: (_, ms) => stalls.push(ms),
  });
  watch.start();
  t.after(() => {
    watch.stop();
  });
  for (let round = 0; round < 3; round++) {
    await until('it has been seen at work', () => looks > 0);
    stop(5 * STALL_MS);
    // The first thing that happens then is a look, and only the next one sees that the thread goes on.
    looks = 0;
    await until('it has been looked at', () => looks >= 1);
    turns++;
    assert.deepEqual(stalls, []);
  }
  await until('it has stalled', () => stalls.length === 1);
  assert.ok(stalls[0]! >= STALL_MS, String(stalls));
});
