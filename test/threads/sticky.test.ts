// With `sticky` the requests of a connection stay with one handler thread, whoever that is at the moment.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';

const THREADS = 3;
const REQUESTS = 20;

for (const reactors of [1, 3]) {
  test(`each connection has a thread, and each thread connections, with ${String(reactors)} reactors`, async (t) => {
    const { connect, server } = await startApp(t, 'workbench', { threads: THREADS, sticky: true, reactors });
    const clients = await Promise.all(Array.from({ length: 4 * THREADS }, () => connect()));
    const served = async (): Promise<string[]> =>
      Promise.all(
        clients.map(async (client) => {
          const ids = new Set<string>();
          for (let i = 0; i < REQUESTS; i++) ids.add((await client.ask(get('/thread'))).text);
          assert.equal(ids.size, 1, [...ids].join());
          return [...ids][0]!;
        }),
      );
    const before = await served();
    assert.equal(new Set(before).size, THREADS);
    assert.deepEqual(await served(), before);

    await server.restartThreads();
    const after = await served();
    assert.equal(new Set([...before, ...after]).size, 2 * THREADS, 'all of them are new');
    // Who shared a thread before shares one again.
    for (const id of new Set(before)) {
      assert.equal(new Set(after.filter((_, i) => before[i] === id)).size, 1);
    }
  });
}

test('a connection waits for its thread, and no other connection does', async (t) => {
  const gate = new Gate();
  t.after(() => {
    gate.open();
  });
  const options = { threads: 2, sticky: true, reactors: 1, workerData: gate.words };
  const { connect } = await startApp(t, 'workbench', options);
  const [stuck, waits, other] = await Promise.all([connect(), connect(), connect()]);
  const threadOf = async (client: typeof stuck): Promise<string> => (await client.ask(get('/thread'))).text;
  const clients = [stuck, waits, other];
  const ids = await Promise.all(clients.map(threadOf));
  // Of three connections two have the same thread.
  const shared = ids.find((id, i) => ids.indexOf(id) !== i)!;
  const [first, second] = clients.filter((_, i) => ids[i] === shared);
  const third = clients[ids.findIndex((id) => id !== shared)]!;

  first!.send(get('/block'));
  await until('a thread is stuck', () => gate.entered === 1);
  const late = second!.ask(get('/thread'));
  for (let i = 0; i < REQUESTS; i++) assert.notEqual(await threadOf(third), shared);
  gate.open();
  assert.equal((await late).text, shared);
  assert.equal((await first!.answer()).status, 200);
});

test('what waits for a thread that ends is answered by the one that takes its place', async (t) => {
  const options = { threads: 2, sticky: true, reactors: 1 };
  const { connect } = await startApp(t, 'workbench', options);
  const clients = await Promise.all([connect(), connect()]);
  const before = await Promise.all(clients.map(async (client) => (await client.ask(get('/thread'))).text));
  assert.notEqual(before[0], before[1]);
  assert.equal((await clients[0].ask(get('/exit'))).status, 503);
  const after = await Promise.all(clients.map(async (client) => (await client.ask(get('/thread'))).text));
  assert.ok(!before.includes(after[0]!));
  assert.equal(after[1], before[1]);
});
