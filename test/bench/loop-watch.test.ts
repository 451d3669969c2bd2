// loop-watch.test.ts: what is told of the event loop of a server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { withLoopDelay } from '../../bench/measure/loop-delay.js';
import { ServerProcess } from '../../bench/measure/server-process.js';
import type { Sample } from '../../bench/scenario.js';
import { LoopWatch } from '../../bench/variants/loop-watch.js';

const BLOCKED_MS = 150;

function block(): void {
  const end = performance.now() + BLOCKED_MS;
  while (performance.now() < end);
}

test('a blocked event loop is late by as long as it was blocked, and forgotten when watched anew', async () => {
  const watch = new LoopWatch();
  watch.start();
  await delay(30);
  block();
  await delay(30);
  const late = watch.stop();
  // The timer may have been due up to 10 ms after the blocking began.
  assert.ok(late !== null && late > BLOCKED_MS - 15, String(late));
  block(); // nobody watches
  watch.start();
  assert.equal(watch.stop(), null);
});

test('servers tell how late their event loop was while they were measured, those without JavaScript nothing', async () => {
  const sample: Sample = { values: { requestsPerSecond: 1 } };
  for (const [name, tells] of [
    ['millrace', true],
    ['node-http', true],
    ['floor', false],
  ] as const) {
    const server = await ServerProcess.start(name, 'hello');
    try {
      const { values } = await withLoopDelay(server, async () => {
        await delay(100);
        return sample;
      });
      assert.equal(values.requestsPerSecond, 1);
      assert.equal(typeof values.loopDelay, tells ? 'number' : 'undefined', name);
      assert.ok(!tells || values.loopDelay! >= 0, name);
    } finally {
      await server.stop();
    }
  }
});
