// close() with requests in handler threads.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import type { TestServer } from '../helpers/server.js';
import { threads } from '../lifecycle/fixtures/proc.js';
import { Exits, startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';

async function gated(t: TestContext, count = 2): Promise<TestServer & { gate: Gate }> {
  const gate = new Gate();
  t.after(() => {
    gate.open();
  });
  const options = { threads: count, workerData: gate.words, timeouts: { drainIdleMs: 500 } };
  return { ...(await startApp(t, 'workbench', options)), gate };
}

test('it waits for what handlers have begun, and no thread is left', async (t) => {
  const before = threads().length;
  const running = await gated(t);
  const { server, connect, gate } = running;
  const exits = new Exits(running);
  const [waiting, streaming] = [await connect(), await connect()];
  waiting.send(get('/wait'));
  streaming.send(get('/stream'));
  await until('they run', () => gate.entered === 2);
  let isOver = false;
  const closed = server.close().finally(() => (isOver = true));
  await delay(100);
  assert.equal(isOver, false);
  gate.open();
  const answer = await waiting.answer();
  assert.deepEqual([answer.status, answer.headers['connection']], [200, 'close']);
  assert.equal((await streaming.answer()).text, 'begunended');
  const { completed, aborted } = await closed;
  assert.deepEqual([completed, aborted], [2, 0]);
  await until('no more threads than before', () => threads().length <= before);
  assert.deepEqual(exits.all, [], 'that is no end that anybody has to be told of');
  const { listening, threads: left, requests } = server.stats();
  assert.deepEqual([listening, left.length, requests.handled], [false, 2, 2]);
});

for (const [what, path] of [
  ['awaits something', '/wait'],
  ['is stuck', '/block'],
  ['runs in circles', '/loop'],
] as const) {
  test(`after graceMs it does not wait for a handler that ${what}`, async (t) => {
    const before = threads().length;
    const { server, connect, gate } = await gated(t);
    const client = await connect();
    client.send(get(path));
    await until('it runs', () => gate.entered === 1);
    const { aborted } = await server.close({ graceMs: 50 });
    assert.equal(aborted, 1);
    await client.ended();
    await until('no more threads than before', () => threads().length <= before);
  });
}

test('a thread that ends meanwhile is replaced: others may still need it', async (t) => {
  const running = await gated(t, 1);
  const { server, connect } = running;
  const [killer, client] = [await connect(), await connect()];
  await Promise.all([killer.ask(get('/')), client.ask(get('/'))]);
  const closed = server.close();
  killer.send(get('/exit'));
  client.send(get('/'));
  assert.equal((await killer.answer()).status, 503);
  // By the thread before its end, or by the next; where it was not needed any more nobody hears of its end.
  const { status } = await client.answer();
  assert.ok(status === 200 || status === 503);
  await closed;
});

test('an unexpected end of all threads does not keep close() from its end', async (t) => {
  const { server, connect } = await gated(t, 2);
  const clients = await Promise.all(Array.from({ length: 4 }, () => connect()));
  for (const client of clients) client.send(get('/exit'));
  const closed = once(server, 'close');
  await Promise.all([server.close({ graceMs: 300 }), closed]);
});
