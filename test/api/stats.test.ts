import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { createServer } from 'millrace';

import { HeldRequests } from '../helpers/held-requests.js';
import { until } from '../helpers/promises.js';
import { get, head, post } from '../helpers/requests.js';
import { startServer, TEST_REACTORS, testOptions } from '../helpers/server.js';

const NOTHING = {
  connections: { open: 0, total: 0, refused: 0 },
  requests: { handled: 0, native: 0, refused: 0, overload: 0, expired: 0, lost: 0, timedOut: 0, answered: 0 },
  queue: { waiting: 0, parked: 0 },
  bytes: { received: 0, sent: 0, buffered: 0 },
};
const IDLE_WORKERS = {
  threads: 0,
  active: 0,
  queued: 0,
  completed: 0,
  cancelled: 0,
  rejected: 0,
  waitMs: 0,
  runMs: 0,
  longestWaitMs: 0,
  longestRunMs: 0,
};

test('a server that does not listen has done nothing', async (t) => {
  const server = createServer(testOptions());
  assert.deepEqual(server.stats(), {
    listening: false,
    ...NOTHING,
    reactors: [],
    workers: IDLE_WORKERS,
    threads: [],
  });
  t.after(() => server.close());
  await server.listen({ host: '127.0.0.1' });
  const share = { connections: 0, connectionsTotal: 0, answered: 0 };
  assert.deepEqual(server.stats(), {
    listening: true,
    ...NOTHING,
    reactors: Array<object>(TEST_REACTORS).fill(share),
    workers: { ...IDLE_WORKERS, threads: 4 },
    threads: [],
  });
  await server.close();
  assert.equal(server.stats().listening, false);
});

test('each request is counted once, as what became of it', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startServer(t, { timeouts: { handlerMs: 100 } }, (s) => {
    s.reply('GET', '/native', { body: 'native' });
    s.get('/hold', held.handler);
    s.post('/', (_req, res) => {
      res.end('ok');
    });
  });
  const client = await connect();
  for (const request of [post('/', 'x'), get('/native'), get('/nowhere'), get('/'), head('OPTIONS', '/')]) {
    await client.ask(request);
  }
  assert.equal((await client.ask(get('/hold'))).status, 503);
  assert.equal((await client.ask('GET / HTTP/9.9\r\n\r\n')).status, 505);
  await client.ended();
  assert.deepEqual(server.stats().requests, {
    handled: 2,
    native: 4,
    refused: 1,
    overload: 0,
    expired: 0,
    lost: 0,
    timedOut: 1,
    answered: 7,
  });
});

for (const graceMs of [1000, 0]) {
  test(`what has been counted stays after close() with a grace of ${String(graceMs)} ms`, async (t) => {
    const held = new HeldRequests();
    const { server, connect } = await startServer(t, {}, (s) => {
      s.reply('GET', '/native', { body: 'native' });
      s.post('/hold', held.handler);
    });
    const client = await connect();
    await client.ask(get('/native'));
    client.send(post('/hold', 'x'.repeat(100_000)));
    await held.hasStarted('/hold');
    const { bytes } = server.stats();
    const closed = server.close({ graceMs });
    if (graceMs > 0) held.answer('/hold');
    const { completed } = await closed;
    const after = server.stats();
    assert.equal(completed, graceMs > 0 ? 1 : 0);
    assert.equal(after.listening, false);
    assert.deepEqual(after.connections, { open: 0, total: 1, refused: 0 });
    assert.deepEqual(after.queue, { waiting: 0, parked: 0 });
    assert.deepEqual([after.requests.handled, after.requests.native], [1, 1]);
    assert.equal(after.requests.answered, 1 + completed);
    assert.ok(after.bytes.received >= bytes.received && after.bytes.sent >= bytes.sent);
    assert.equal(after.bytes.buffered, 0);
    assert.equal(after.reactors.length, TEST_REACTORS);
    assert.deepEqual(server.stats(), after);
  });
}

test('connections are counted while they are open, and for ever', async (t) => {
  const { server, connect } = await startServer(t, {}, (s) => s.reply('GET', '/', {}));
  const clients = await Promise.all(Array.from({ length: 12 }, () => connect()));
  for (const client of clients) await client.ask(get('/'));
  assert.deepEqual(server.stats().connections, { open: 12, total: 12, refused: 0 });
  for (const client of clients.slice(0, 5)) client.destroy();
  await until('they are gone', () => server.stats().connections.open === 7);
  assert.equal(server.stats().connections.total, 12);

  const { reactors } = server.stats();
  assert.equal(reactors.length, TEST_REACTORS);
  assert.equal(
    reactors.reduce((sum, { connections }) => sum + connections, 0),
    7,
  );
  assert.equal(
    reactors.reduce((sum, { connectionsTotal }) => sum + connectionsTotal, 0),
    12,
  );
  assert.equal(
    reactors.reduce((sum, { answered }) => sum + answered, 0),
    12,
  );
});

test('bytes are counted as they are received and sent, and those held for somebody until they are not', async (t) => {
  const { server, connect } = await startServer(t, {}, (s) => s.reply('POST', '/', { body: 'ok' }));
  {
    const client = await connect();
    const request = post('/', 'x'.repeat(5000));
    const answer = await client.ask(request);
    assert.equal(server.stats().bytes.received, request.length);
    const lines = answer.fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const sent = `HTTP/1.1 200 OK\r\n${lines}\r\nok`.length;
    // What has left is counted a moment later.
    await until('all is counted', () => server.stats().bytes.sent === sent);
  }
  const client = await connect();
  client.send(head('POST', '/', { 'X-A': 'a'.repeat(3000), 'Content-Length': '10' }));
  await until('its head is held', () => server.stats().bytes.buffered >= 3000);
  await client.ask('0123456789');
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('what the worker pool has run is counted, with how long it took', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startServer(t, { workers: 2 }, (s) => {
    s.static('/', import.meta.dirname);
    s.get('/hold', held.handler);
  });
  const client = await connect();
  const [name] = readdirSync(import.meta.dirname);
  for (const target of [`/${String(name)}`, '/not-there']) await client.ask(get(target));
  const { workers } = server.stats();
  assert.deepEqual(
    [workers.threads, workers.active, workers.queued, workers.completed, workers.cancelled, workers.rejected],
    [2, 0, 0, 2, 0, 0],
  );
  for (const [longest, all] of [
    [workers.longestWaitMs, workers.waitMs],
    [workers.longestRunMs, workers.runMs],
  ] as const) {
    assert.ok(longest > 0 && longest <= all && all < 20_000, `${String(longest)} of ${String(all)}`);
  }
  await server.close({ graceMs: 0 });
  assert.deepEqual(server.stats().workers, { ...workers, threads: 0 });
});
