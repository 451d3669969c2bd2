// What a stress run fails for.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NoAnswer } from '../helpers/client.js';
import { Lives } from './clients/rolling-client.js';
import { Tally } from './clients/tally.js';
import { MOST_GROWTH_BYTES, type Outcome } from './stress-run.js';
import type { Holdings } from './subject/subject-process.js';
import { failuresOf } from './verdict.js';

const HELD: Holdings = {
  descriptors: ['pipe:[N]', 'socket:[N]'],
  residentBytes: 50_000_000,
  peakBytes: 60_000_000,
};

function outcome(changes: Partial<Outcome>): Outcome {
  return {
    ...{ tally: new Tally(), warmUp: new Tally(), before: HELD, after: HELD, left: [], seconds: 1 },
    ...changes,
  };
}

test('a run without failures passes, also where the server holds less than before', () => {
  assert.deepEqual(failuresOf(outcome({})), []);
  const less = { ...HELD, descriptors: ['pipe:[N]'], residentBytes: 40_000_000 };
  assert.deepEqual(failuresOf(outcome({ after: less })), []);
});

test('a descriptor more is named', () => {
  const after = { ...HELD, descriptors: [...HELD.descriptors, 'socket:[N]'] };
  assert.deepEqual(failuresOf(outcome({ after })), ['descriptors left open: socket:[N]']);
});

test('memory may grow by so much, and by no byte more', () => {
  const grown = (bytes: number): Holdings => ({ ...HELD, residentBytes: HELD.residentBytes + bytes });
  assert.deepEqual(failuresOf(outcome({ after: grown(MOST_GROWTH_BYTES) })), []);
  assert.equal(failuresOf(outcome({ after: grown(MOST_GROWTH_BYTES + 1) })).length, 1);
});

test('what clients noticed counts, in the warm-up too, and so does what the server still holds', () => {
  const tally = new Tally();
  tally.note(new NoAnswer('no answer'), 'a client', 3);
  assert.deepEqual([tally.lost, tally.wrong, tally.others], [3, 0, 0]);
  assert.deepEqual(failuresOf(outcome({ tally })), ['1 x a client: no answer']);
  assert.deepEqual(failuresOf(outcome({ warmUp: tally })), ['1 x a client: no answer']);
  assert.deepEqual(failuresOf(outcome({ left: ['1 connections'] })), ['1 connections']);
});

test('a request that a handler had, and no client an answer to, is lost', () => {
  const tally = new Tally();
  const lives = new Lives();
  for (let i = 0; i < 4; i++) lives.received(1);
  lives.ended({ life: 1, handled: 4, aborted: 0 });
  lives.settle(tally);
  assert.equal(tally.failures, 0);
  lives.received(2);
  lives.ended({ life: 2, handled: 3, aborted: 0 });
  lives.settle(tally);
  assert.equal(tally.lost, 2);
});
