// Servers in workers that come and go at random moments, with requests under way.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { announcedSeed } from '../lifecycle/fixtures/chance.js';
import { startChild } from '../lifecycle/fixtures/child.js';
import type { Calm } from '../lifecycle/fixtures/storm.js';

const WORKERS = 200;

test(`${String(WORKERS)} workers with servers end at random moments, and leave nothing`, async (t) => {
  const seed = announcedSeed(t);
  const child = startChild<Calm>(t, 'storm', [String(seed), String(WORKERS)]);
  const { code, signal, output } = await child.ended;
  assert.deepEqual(
    { code, signal },
    { code: 0, signal: null },
    `MILLRACE_TEST_SEED=${String(seed)}: ${output}`,
  );
  const calm = await child.inbox.take('calm');
  assert.equal(calm.ended, WORKERS);
  assert.deepEqual(calm.unexpectedErrors, []);
  assert.equal(calm.nativeThreads, 0);
  assert.deepEqual(calm.descriptors, []);
  // That there were requests under way is the point of it.
  assert.ok(calm.answeredBytes > WORKERS * 1000, `${String(calm.answeredBytes)} bytes of answers`);
});
