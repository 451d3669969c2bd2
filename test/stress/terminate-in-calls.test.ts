// terminate() finds a worker inside a call into the addon, where from one moment to the next nothing of JavaScript works.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { announcedSeed } from '../lifecycle/fixtures/chance.js';
import { CALLS, type Terminated } from '../lifecycle/fixtures/calls.js';
import { startChild } from '../lifecycle/fixtures/child.js';

const WORKERS = 25;

for (const call of CALLS) {
  test(`terminate() within ${call}, ${String(WORKERS)} times`, async (t) => {
    const seed = announcedSeed(t);
    const child = startChild<Terminated>(t, 'caller-host', [String(seed), call, String(WORKERS)]);
    const { code, signal, output } = await child.ended;
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, output);
    const { workers, errors, nativeThreads } = await child.inbox.take('terminated');
    assert.deepEqual({ workers, errors, nativeThreads }, { workers: WORKERS, errors: [], nativeThreads: 0 });
  });
}
