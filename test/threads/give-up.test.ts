// A thread that cannot be replaced five times in a row: the server says why, and closes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import type { ErrorContext, Server, ThreadError } from 'millrace';

import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';
import { EXITS, FAILS, HAS_OTHER_ROUTES } from './fixtures/moody-app.js';

/** Not once() of node:events, which rejects at an error event. */
function closing(server: Server): Promise<unknown> {
  return new Promise<void>((resolve) => server.once('close', resolve));
}

const WAYS = [
  ['fails', FAILS, 'ERR_MILLRACE_THREAD_START', /its app threw: bad code$/],
  ['exits', EXITS, 'ERR_MILLRACE_THREAD_START', /exit code 9$/],
  ['has other routes', HAS_OTHER_ROUTES, 'ERR_MILLRACE_THREAD_ROUTES', /'GET \/new'/],
] as const;

for (const [what, flag, code, message] of WAYS) {
  test(`new code that ${what}, where a thread has ended: an error event, and the server closes`, async (t) => {
    const gate = new Gate();
    const { server, connect } = await startApp(t, 'moody-app', { threads: 1, workerData: gate.words });
    const failed = once(server, 'error') as Promise<[ThreadError, ErrorContext]>;
    const closed = closing(server);
    const [client, waiting] = [await connect(), await connect()];
    gate.flag = flag;
    assert.equal((await client.ask(get('/exit'))).status, 503);
    waiting.send(get('/version'));
    const [error, context] = await failed;
    assert.equal(error.name, 'ThreadError');
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.deepEqual(context, { method: '', path: '' });
    await closed;
    assert.equal(server.stats().listening, false);
    await Promise.all([client.ended(), waiting.ended()]);
  });
}

test('while others serve, requests are answered until the server closes', async (t) => {
  const gate = new Gate();
  const { server, connect } = await startApp(t, 'moody-app', { threads: 2, workerData: gate.words });
  const failed = once(server, 'error');
  const closed = closing(server);
  const client = await connect();
  gate.flag = FAILS;
  assert.equal((await client.ask(get('/exit'))).status, 503);
  const waiting = (await connect()).send(get('/wait'));
  await until('it runs', () => gate.entered === 1);
  await failed;
  gate.open();
  assert.equal((await waiting.answer()).text, '0', 'what the other thread has begun is finished');
  await closed;
});

test('four attempts that fail are none too many', async (t) => {
  const gate = new Gate();
  const { server, connect } = await startApp(t, 'moody-app', { threads: 1, workerData: gate.words });
  const client = await connect();
  gate.flag = FAILS;
  assert.equal((await client.ask(get('/exit'))).status, 503);
  client.send(get('/version')); // waits for a thread
  setTimeout(() => {
    gate.flag = 5;
  }, 500);
  assert.equal((await client.answer()).text, '5');
  assert.equal(server.stats().threads[0]!.restarts, 1);
});

test('restartThreads() with better code takes the place of the attempts', async (t) => {
  const gate = new Gate();
  const { server, connect } = await startApp(t, 'moody-app', { threads: 1, workerData: gate.words });
  const client = await connect();
  gate.flag = FAILS;
  assert.equal((await client.ask(get('/exit'))).status, 503);
  await assert.rejects(server.restartThreads(), { code: 'ERR_MILLRACE_THREAD_START' });
  gate.flag = 6;
  await server.restartThreads();
  assert.equal((await client.ask(get('/version'))).text, '6');
});
