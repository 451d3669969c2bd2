// Handlers that have the event loop turn before they return, as the addon deasync does.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Channel, type Runner } from '#lib/channel.js';
import type { NativeThread } from '#lib/binding.js';
import { parseServerOptions } from '#lib/options.js';
import type { ClaimedRun } from '#lib/request-ring.js';
import { ringSizes, ServerMemory, threadMemory } from '#lib/ring-memory.js';

test('a slice within another one does not write over the requests of that', () => {
  const sizes = ringSizes(parseServerOptions({}));
  const memory = threadMemory(new ServerMemory(sizes, 1, 1, 1).of(0, 0));
  const inUse: ClaimedRun[] = [];
  let slices = 0;
  const runner: Runner = {
    run: (_link, claimed) => {
      assert.ok(!inUse.includes(claimed), 'it has requests that have not been begun');
      inUse.push(claimed);
      // The doorbell, or the next turn, in the middle of a handler.
      if (++slices % 3 !== 0) channel.drain();
      inUse.pop();
      return 0;
    },
  };
  const channel = new Channel({} as NativeThread, memory, runner, 1, undefined);
  channel.drain();
  channel.drain();
  assert.equal(slices, 6);
});
