// What handlers throw in their threads is told to the server's listeners, as it was.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import type { ErrorContext } from 'millrace';

import { get, post } from '../helpers/requests.js';
import { startApp } from './fixtures/app-server.js';

for (const way of ['throw', 'reject']) {
  test(`an error that a handler ${way}s comes with all that it says, and where from`, async (t) => {
    const { server, connect } = await startApp(t, 'thrower', { threads: 2 });
    const told = once(server, 'error') as Promise<[Error, ErrorContext]>;
    const client = await connect();
    const answer = await client.ask(post(`/${way}/own?query`, 'x'));
    assert.deepEqual([answer.status, answer.text], [500, 'Internal Server Error']);
    const [error, context] = await told;
    assert.ok(error instanceof Error);
    assert.deepEqual([error.name, error.message], ['OwnError', 'not today']);
    assert.match(String(error.stack), /not today\n +at .*thrower/);
    const { code, retries, fatal, nothing, details } = error as unknown as Record<string, unknown>;
    assert.deepEqual([code, retries, fatal, nothing, details], ['ERR_OWN', 3, false, null, undefined]);
    const cause = error.cause as Error;
    assert.deepEqual([cause.name, cause.message], ['RangeError', 'too far']);
    assert.match((cause.cause as Error).message, /'text'/);
    assert.deepEqual([context.method, context.path], ['POST', `/${way}/own`]);
    assert.ok(context.thread === 0 || context.thread === 1, 'the number of the thread, not its id');
    assert.equal((await client.ask(get('/'))).text, 'hello', 'connection and threads live on');
    assert.deepEqual(
      server.stats().threads.map(({ restarts }) => restarts),
      [0, 0],
    );
  });
}

const OTHERS: Readonly<Record<string, RegExp>> = {
  text: /^a handler threw 'just text'$/,
  undefined: /^a handler threw undefined$/,
  symbol: /^a handler threw Symbol\(a symbol\)$/,
  function: /^a handler threw \[Function/,
  'other-realm': /^of another realm$/,
  // Node.js itself cannot make a stack of it where source maps are on.
  'odd-name': /^with an odd name$|cannot be shown/,
  'odd-message': /Function|=>/,
  'odd-stack': /^without a stack$/,
  'own-cause': /^its own cause$/,
  getter: /^a handler threw something that cannot be shown$/,
};

for (const [what, message] of Object.entries(OTHERS)) {
  test(`whatever a handler throws is told as an Error, and ends no thread: ${what}`, async (t) => {
    const { server, connect } = await startApp(t, 'thrower', { threads: 1 });
    const client = await connect();
    for (const way of ['throw', 'reject']) {
      const told = once(server, 'error') as Promise<[Error, ErrorContext]>;
      assert.equal((await client.ask(get(`/${way}/${what}`))).status, 500);
      const [error] = await told;
      assert.ok(error instanceof Error);
      assert.match(error.message, message);
      assert.equal(typeof error.name, 'string');
    }
    assert.deepEqual(
      server.stats().threads.map(({ restarts, state }) => [restarts, state]),
      [[0, 'running']],
    );
  });
}

test('without a listener it is written to stderr, with method and path', async (t) => {
  const complaints = t.mock.method(console, 'error', () => undefined);
  const { server, connect } = await startApp(t, 'thrower', { threads: 1 });
  assert.equal((await (await connect()).ask(get('/throw/own'))).status, 500);
  await server.close();
  assert.equal(complaints.mock.callCount(), 1);
  const [text, error] = complaints.mock.calls[0]!.arguments as unknown[];
  assert.match(String(text), /the handler of GET \/throw\/own failed/);
  assert.equal((error as Error).message, 'not today');
});
