// The app's timers keep firing while requests come faster than they can be handled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { startChild } from '../lifecycle/fixtures/child.js';
import type { Load } from '../lifecycle/fixtures/load.js';
import type { HandlerName, Timed } from '../lifecycle/fixtures/ticks.js';

/**
 * No test of speed: a timer that is held back waits for the load to end, one that is not comes again and again, however
 * late on a machine that does other things too.
 */
const LONGEST_GAP_MS = 750;
const FEWEST_TICKS = 20;

/** Fewer would be no saturation. */
const FEWEST_REQUESTS = 500;

const HANDLERS: readonly HandlerName[] = ['answer', 'await and answer', 'work and answer from a microtask'];

for (const handler of HANDLERS) {
  test(`a timer of 1 ms under saturation, with handlers that ${handler}`, async (t) => {
    const child = startChild<Timed>(t, 'ticks', [handler]);
    const { port } = await child.inbox.take('listens');
    const load: Load = { port, connections: 32, pipelined: 16 };
    const worker = new Worker(new URL('../lifecycle/fixtures/load.js', import.meta.url), {
      workerData: load,
    });
    t.after(() => worker.terminate());

    const { ticks, longestGapMs, answered } = await child.inbox.take('timed');
    t.diagnostic(
      `${String(ticks)} ticks, longest gap ${longestGapMs.toFixed(0)} ms, ${String(answered)} requests`,
    );
    assert.ok(ticks >= FEWEST_TICKS, `${String(ticks)} ticks`);
    assert.ok(longestGapMs < LONGEST_GAP_MS, `${longestGapMs.toFixed(0)} ms between two ticks`);
    assert.ok(answered > FEWEST_REQUESTS, `${String(answered)} requests`);
  });
}
