// Answers that wait for room in their ring, where there is no memory for one of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NativeThread } from '#lib/binding.js';
import { ReactorLink } from '#lib/reactor-link.js';
import {
  CONTROL_ABORT,
  CONTROL_PIECE,
  REQUEST_DESCRIPTORS,
  REQUEST_WORDS,
  RESPONSE_CONTROL,
  RESPONSE_DESCRIPTORS,
  RESPONSE_EXCHANGE_SLOT,
  RESPONSE_HEAD,
  RESPONSE_STATUS_AND_FLAGS,
  RESPONSE_TAIL,
  RESPONSE_WORDS,
} from '#lib/ring-layout.js';
import type { RingMemory } from '#lib/ring-memory.js';

import { catchUncaught } from '../helpers/uncaught.js';

const SLOTS = 2;
const ARENA_BYTES = 1 << 18;

function ringMemory(firstWord: number, wordsOfSlot: number): RingMemory {
  const words = new Int32Array(new SharedArrayBuffer((firstWord + SLOTS * wordsOfSlot) * 4 + ARENA_BYTES));
  const arena = Buffer.from(words.buffer, (firstWord + SLOTS * wordsOfSlot) * 4);
  return { words, arena, slots: SLOTS, arenaBytes: ARENA_BYTES };
}

/** A link, with the test in the reactor's place: it takes what has been published. */
class Ring {
  readonly link: ReactorLink;
  hasMemory = true;
  readonly #responses = ringMemory(RESPONSE_DESCRIPTORS, RESPONSE_WORDS);

  constructor() {
    const native = { putBody: () => this.hasMemory, wake: () => undefined } as unknown as NativeThread;
    const requests = ringMemory(REQUEST_DESCRIPTORS, REQUEST_WORDS);
    const thread = { beginAnswer: () => true };
    this.link = new ReactorLink(native, 0, requests, this.#responses, thread, 1 << 20, undefined);
  }

  answer(slot: number, packed: number, body: string | Uint8Array = ''): void {
    this.link.answer(slot, 0, packed, '', '', body);
  }

  /** Slots of exchanges, and what became of them. */
  take(): [slot: number, packed: number][] {
    const { words } = this.#responses;
    const taken: [number, number][] = [];
    for (let at = words[RESPONSE_TAIL]!; at !== words[RESPONSE_HEAD]!; at++) {
      const descriptor = RESPONSE_DESCRIPTORS + (at % SLOTS) * RESPONSE_WORDS;
      taken.push([
        words[descriptor + RESPONSE_EXCHANGE_SLOT]!,
        words[descriptor + RESPONSE_STATUS_AND_FLAGS]!,
      ]);
    }
    words[RESPONSE_TAIL] = words[RESPONSE_HEAD]!;
    return taken;
  }
}

const LARGE = Buffer.alloc(100_000);
const PIECE = (RESPONSE_CONTROL << 24) | CONTROL_PIECE;
const ABORT = (RESPONSE_CONTROL << 24) | CONTROL_ABORT;

test('one for which there is no memory is 500, or half of it is cut off, and those behind it go on', async (t) => {
  const uncaught = catchUncaught(t);
  const ring = new Ring();
  ring.answer(1, 200);
  ring.answer(2, 200);
  ring.answer(3, 200, LARGE);
  ring.answer(4, PIECE, LARGE);
  ring.answer(5, 200);
  assert.deepEqual(ring.take(), [
    [1, 200],
    [2, 200],
  ]);
  ring.hasMemory = false;
  ring.answer(6, 200); // whose handler is not told of the others' bad luck
  assert.deepEqual(ring.take(), [
    [3, 500],
    [4, ABORT],
  ]);
  ring.link.retryBacklog();
  assert.deepEqual(ring.take(), [
    [5, 200],
    [6, 200],
  ]);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.deepEqual(
    uncaught.map(({ name }) => name),
    ['RangeError', 'RangeError'],
  );
});

test('one that does not wait says so to its own handler, and to nobody else', () => {
  const ring = new Ring();
  ring.hasMemory = false;
  assert.throws(() => {
    ring.answer(1, 200, LARGE);
  }, RangeError);
  ring.answer(2, 200);
  assert.deepEqual(ring.take(), [[2, 200]]);
});
