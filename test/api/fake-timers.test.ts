// A server goes on where a test framework has put fake timers into the place of the global ones: their time stands still.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { get, post } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';
import { startApp } from '../threads/fixtures/app-server.js';

/** Callbacks of the fake timers, which nobody calls. */
const never: unknown[] = [];

const FAKES = {
  setTimeout: (callback: unknown) => never.push(callback),
  setInterval: (callback: unknown) => never.push(callback),
  setImmediate: (callback: unknown) => never.push(callback),
  queueMicrotask: (callback: unknown) => never.push(callback),
  clearTimeout: () => undefined,
  clearInterval: () => undefined,
};

/** A server that waits for one of the fake timers waits for ever. */
const NO_HANG = { timeout: 60_000 };

function fakeTimers(t: TestContext): void {
  const real = Object.getOwnPropertyDescriptors(globalThis);
  for (const [name, value] of Object.entries(FAKES)) {
    Object.defineProperty(globalThis, name, { ...real[name as keyof typeof FAKES], value });
  }
  t.mock.method(performance, 'now', () => 0);
  t.after(() => {
    for (const name of Object.keys(FAKES) as (keyof typeof FAKES)[]) {
      Object.defineProperty(globalThis, name, real[name]);
    }
  });
}

test('handlers that answer at once, later and in pieces are served', NO_HANG, async (t) => {
  const { connect, server } = await startHandler(t, async (req, res) => {
    if (req.path === '/at-once') {
      res.end('at once');
      return;
    }
    const body = await req.text();
    res.write('later');
    res.end(body);
  });
  const client = await connect();
  fakeTimers(t);
  for (let round = 0; round < 5; round++) {
    assert.equal((await client.ask(get('/at-once'))).text, 'at once');
    assert.equal((await client.ask(get('/later'))).text, 'later');
    assert.equal((await client.ask(post('/later', 'x'.repeat(100_000)))).text.length, 100_005);
  }
  await server.close({ graceMs: 0 });
});

test('handler threads begin, serve, are replaced and end', NO_HANG, async (t) => {
  fakeTimers(t);
  const { connect, server } = await startApp(t, 'workbench');
  const client = await connect();
  assert.equal((await client.ask(get('/later?ms=1'))).status, 200);
  await server.restartThreads();
  assert.equal((await client.ask(get('/later?ms=1'))).status, 200);
  await server.close({ graceMs: 0 });
});
