// Turns for work that takes memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ByteTurns } from '#lib/byte-turns.js';

import { deferred, type Deferred } from '../helpers/promises.js';

/** Asks for turns of so many bytes; tells which have begun, and ends them. */
class Workshop {
  readonly begun: number[] = [];
  readonly results: Promise<number>[];
  readonly #ends: Deferred<number>[];

  constructor(turns: ByteTurns, bytes: readonly number[]) {
    this.#ends = bytes.map(() => deferred<number>());
    this.results = bytes.map((wanted, n) =>
      turns.run(wanted, () => {
        this.begun.push(n);
        return this.#ends[n]!.promise;
      }),
    );
  }

  async end(n: number): Promise<void> {
    this.#ends[n]!.resolve(n);
    assert.equal(await this.results[n], n);
    await new Promise(setImmediate);
  }
}

test('what fits is begun at once, and the rest in the order in which it came', async () => {
  const shop = new Workshop(new ByteTurns(100), [60, 40, 30, 80, 10]);
  assert.deepEqual(shop.begun, [0, 1]);
  await shop.end(1); // 60 of 100 are taken
  assert.deepEqual(shop.begun, [0, 1, 2]);
  await shop.end(0); // 30 are, and 80 do not fit; 10 would, and wait behind them
  assert.deepEqual(shop.begun, [0, 1, 2]);
  await shop.end(2);
  assert.deepEqual(shop.begun, [0, 1, 2, 3, 4]);
  await shop.end(3);
  await shop.end(4);
});

test('what is larger than all there is has its turn alone', async () => {
  const turns = new ByteTurns(100);
  const shop = new Workshop(turns, [500, 1, 500, 1]);
  assert.deepEqual(shop.begun, [0]);
  await shop.end(0);
  assert.deepEqual(shop.begun, [0, 1]);
  await shop.end(1);
  assert.deepEqual(shop.begun, [0, 1, 2]);
  await shop.end(2);
  await shop.end(3);
  const after = new Workshop(turns, [100]);
  assert.deepEqual(after.begun, [0]);
  await after.end(0);
});

test('work that fails gives its turn back', async () => {
  const turns = new ByteTurns(100);
  const failing = turns.run(100, () => Promise.reject(new Error('no')));
  const next = new Workshop(turns, [100]);
  assert.deepEqual(next.begun, []);
  await assert.rejects(failing, /no/);
  await new Promise(setImmediate);
  assert.deepEqual(next.begun, [0]);
  await next.end(0);
});
