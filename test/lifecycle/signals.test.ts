// Signals are the app's: they reach its JavaScript, and never one of our threads.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { TEST_NATIVE_THREADS } from '../helpers/server.js';
import { startChild } from './fixtures/child.js';
import type { Signalled } from './fixtures/signals.js';

const ROUNDS = 20;

/** What no thread can block: SIGKILL and SIGSTOP; and 32 and 33, which the C library keeps for itself. */
const UNBLOCKABLE = [9, 19, 32, 33];
const SIGNALS = Array.from({ length: 64 }, (_, index) => index + 1);

test('native threads block every signal, and listen() changes what the process does with none', async (t) => {
  const child = startChild<Signalled>(t, 'signals');
  const { blocked, dispositions } = await child.inbox.take('listens');
  assert.equal(blocked.length, TEST_NATIVE_THREADS);
  for (const mask of blocked) {
    const open = SIGNALS.filter((signal) => ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 0n);
    assert.deepEqual(
      open.filter((signal) => !UNBLOCKABLE.includes(signal)),
      [],
    );
  }
  assert.equal(dispositions[0], dispositions[1]);
});

test('SIGUSR2 and SIGTERM reach their listeners in JavaScript while requests are under way', async (t) => {
  const child = startChild<Signalled>(t, 'signals');
  const { port } = await child.inbox.take('listens');
  const client = await Client.connect(t, { port });
  for (let round = 0; round < ROUNDS; round++) {
    client.send(get('/').repeat(10));
    child.process.kill('SIGUSR2');
    assert.equal((await child.inbox.take('signal')).name, 'SIGUSR2');
    for (const { text } of await client.answers(10)) assert.equal(text, 'hello');
  }
  child.process.kill('SIGTERM');
  assert.equal((await child.inbox.take('signal')).name, 'SIGTERM');
  assert.equal(await client.ended(), 'fin');
  const { code, signal, output } = await child.ended;
  assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: '' });
});
