// Requests of one connection: safe ones run in several threads at once, unsafe ones alone, and answers keep their order.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../helpers/promises.js';
import { get, post } from '../helpers/requests.js';
import { startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';

test('pipelined GETs run in different threads at once, and are answered in order', async (t) => {
  const gate = new Gate();
  t.after(() => {
    gate.open();
  });
  const { server, connect } = await startApp(t, 'workbench', { threads: 2, workerData: gate.words });
  const client = await connect();
  client.send(get('/block') + get('/thread') + get('/thread'));
  await until('all three have been taken', () => {
    const taken = server.stats().threads.map((thread) => thread.taken);
    return taken.toSorted().join() === '1,2';
  });
  assert.equal(client.unreadBytes, 0);
  gate.open();
  const [slow, fast, faster] = (await client.answers(3)).map(({ text }) => text);
  assert.notEqual(slow, fast);
  assert.equal(fast, faster);
});

test('a request that sleeps holds back the answers behind it, not their handlers', async (t) => {
  const { connect } = await startApp(t, 'workbench', { threads: 2 });
  const client = await connect();
  for (let i = 0; i < 3; i++) {
    client.send(get('/sleep?ms=300') + get('/thread'));
    const [slow, fast] = await client.answers(2);
    assert.notEqual(slow!.text, fast!.text, 'another thread took it meanwhile');
  }
});

test('unsafe requests run one after the other, whatever threads are free', async (t) => {
  const gate = new Gate();
  const { server, connect } = await startApp(t, 'workbench', { threads: 3, workerData: gate.words });
  const client = await connect();
  client.send(post('/wait', 'a') + post('/wait', 'b') + get('/thread'));
  await until('the first runs', () => gate.entered === 1);
  // Others are served, so nothing but the first request of this connection holds back the second.
  const other = await connect();
  for (let i = 0; i < 20; i++) assert.equal((await other.ask(get('/'))).status, 200);
  assert.equal(gate.entered, 1);
  assert.equal(server.stats().requests.handled, 21);
  gate.open();
  for (const { status } of await client.answers(3)) assert.equal(status, 200);
  assert.equal(gate.entered, 2);
});

test('answers of many threads keep the order of their requests', async (t) => {
  const { connect } = await startApp(t, 'workbench', { threads: 4 });
  const clients = await Promise.all(Array.from({ length: 4 }, () => connect()));
  const paths = ['/later?ms=3', '/', '/sleep?ms=2', '/missing', '/thread', '/later?ms=1', '/'];
  for (let round = 0; round < 5; round++) {
    for (const client of clients) client.send(paths.map((path) => get(path)).join(''));
    for (const client of clients) {
      const answers = await client.answers(paths.length);
      for (const [n, { status, text }] of answers.entries()) {
        const path = paths[n]!;
        assert.equal(status, path === '/missing' ? 404 : 200);
        if (path === '/') assert.equal(text, 'hello');
        else if (path !== '/missing') assert.match(text, /^\d+$/);
      }
    }
  }
});
