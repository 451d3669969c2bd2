// Bodies within `limits.bodyBytes` that are more than JavaScript can hold in one piece.

import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { test } from 'node:test';

import type { NativeThread } from '#lib/binding.js';
import { ReactorLink } from '#lib/reactor-link.js';
import { RequestBody } from '#lib/request-body.js';
import { NEWS_BODY_END } from '#lib/ring-layout.js';
import type { RingMemory } from '#lib/ring-memory.js';

const MEMORY: RingMemory = {
  words: new Int32Array(4096),
  arena: Buffer.alloc(4096),
  slots: 8,
  arenaBytes: 4096,
};

function unexpected(): never {
  throw new Error('this was not to be heard');
}

// Only a body above 4 GiB brings the bridge there, so its part is played here.
test('a body that is no Buffer is an error of the one who reads it, and others hear their news', () => {
  const tooLarge = new RangeError('no Buffer');
  const last = Buffer.from('body');
  const native = { takeNews: () => [1, 1, NEWS_BODY_END, tooLarge, 2, 1, NEWS_BODY_END, last] };
  const thread = { beginAnswer: () => true };
  const link = new ReactorLink(native as unknown as NativeThread, 0, MEMORY, MEMORY, thread, 1, undefined);
  const heard: unknown[] = [];
  for (const slot of [1, 2]) {
    link.watch(slot, {
      exchangeGeneration: 1,
      onBody: (bytes, isLast) => heard.push([slot, bytes, isLast]),
      onBodyTooLarge: (cause) => heard.push([slot, cause]),
      onDrained: unexpected,
      onTrailers: unexpected,
      onPeerFinished: unexpected,
      onFile: unexpected,
      onExchangeGone: unexpected,
    });
  }
  link.readNews();
  assert.deepEqual(heard, [
    [1, tooLarge],
    [2, last, true],
  ]);
});

test('a body that is more than a string can hold is refused as too large', () => {
  // Nothing has been written to it, so it takes no memory.
  const body = RequestBody.ofBuffer(Buffer.alloc(constants.MAX_STRING_LENGTH + 1));
  assert.throws(() => body.text(), { code: 'ERR_MILLRACE_BODY_TOO_LARGE', status: 413 });
});
