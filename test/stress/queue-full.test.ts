// The JS thread is stuck and requests keep coming: the reactors answer what needs no JavaScript, admit as many of the
// others as limits.queue says, refuse the rest, and forget none.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { ServerOptions, ServerStats } from 'millrace';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { TEST_REACTORS } from '../helpers/server.js';
import type { Figures } from '../lifecycle/fixtures/serve.js';
import { startServingWorker } from '../lifecycle/fixtures/serving-worker.js';

const QUEUE = 50;

/** So large that some tens of them fill the memory of a ring (1 MiB) long before its slots. */
const LARGE_FIELD = { 'X-Large': 'x'.repeat(15_000) };

interface Stuck {
  connect(): Promise<Client>;
  /** Ends the blocking handler; gives what the server said of itself just before. */
  release(): Promise<ServerStats>;
  figures(): Promise<Figures>;
}

/** A server whose JS thread is inside a handler that blocks. */
async function startStuck(t: TestContext, options: ServerOptions): Promise<Stuck> {
  const { port, blocked, openGate } = await startServingWorker(t, options);
  const connect = (): Promise<Client> => Client.connect(t, { port });
  const blocker = (await connect()).send(get('/block'));
  await blocked();
  return {
    connect,
    release: async () => {
      openGate();
      return JSON.parse((await blocker.answer()).text) as ServerStats;
    },
    figures: async () => JSON.parse((await blocker.ask(get('/figures'))).text) as Figures,
  };
}

/** Sends a request that needs JavaScript; returns when the server has taken it. */
async function count(client: Client, id: string, fields = {}): Promise<void> {
  // Sent together they are read together, and the answer to the first leaves after the second has been taken.
  const health = await client.ask(get('/healthz') + get(`/count/${id}`, fields));
  assert.equal(health.text, 'ok');
}

test('reply() routes answer, limits.queue requests wait, the others get 503 at once', async (t) => {
  const stuck = await startStuck(t, { limits: { queue: QUEUE } });
  const waiting: Client[] = [];
  for (let i = 0; i < QUEUE; i++) {
    const client = await stuck.connect();
    await count(client, String(i));
    waiting.push(client);
  }
  for (let i = 0; i < 20; i++) {
    const client = await stuck.connect();
    await count(client, 'surplus');
    const refused = await client.answer();
    assert.equal(refused.status, 503);
    assert.match(refused.headers['retry-after'] ?? 'none', /^[1-9]\d*$/);
    // The connection is as good as before.
    assert.equal((await client.ask(get('/healthz'))).text, 'ok');
    assert.equal((await client.ask(get('/nowhere'))).status, 404);
  }
  for (const client of waiting) assert.equal(client.unread.length, 0);

  const { queue } = await stuck.release();
  assert.deepEqual(queue, { waiting: QUEUE, parked: 0 });
  for (const [i, client] of waiting.entries()) {
    const { status, text } = await client.answer();
    assert.deepEqual({ status, text }, { status: 200, text: String(i) });
    assert.equal((await client.ask(get('/'))).text, 'hello');
    assert.equal(client.unread.length, 0);
  }
  const { stats, counted } = await stuck.figures();
  assert.equal(stats.requests.overload, 20);
  assert.deepEqual(counted.toSorted(byNumber), numbers(QUEUE));
  // One reactor's requests come in their order; those of several side by side.
  if (TEST_REACTORS === 1) assert.deepEqual(counted, numbers(QUEUE));
});

test('pipelined requests, some of them refused, are answered in order, each exactly once', async (t) => {
  const CONNECTIONS = 20;
  const PIPELINED = 20;
  const stuck = await startStuck(t, { limits: { queue: QUEUE } });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => stuck.connect()));
  for (const [c, client] of clients.entries()) {
    const ids = numbers(PIPELINED).map((n) => `${String(c)}-${n}`);
    client.send(ids.map((id) => get(`/count/${id}`) + get('/healthz')).join(''));
  }
  // Whoever hears something now has been refused: the queue is full. The others' refusals are held behind requests that
  // wait, and nothing says how many there are.
  await Promise.race(clients.map((client) => client.receive(1)));
  await stuck.release();

  const answered: string[] = [];
  for (const [c, client] of clients.entries()) {
    for (let n = 0; n < PIPELINED; n++) {
      const { status, text } = await client.answer();
      const id = `${String(c)}-${String(n)}`;
      if (status === 200) {
        assert.equal(text, id);
        answered.push(id);
      } else {
        assert.equal(status, 503, `the answer to ${id}`);
      }
      assert.equal((await client.answer()).text, 'ok');
    }
    assert.equal(client.unread.length, 0);
  }
  const { counted, stats } = await stuck.figures();
  assert.ok(
    counted.length >= QUEUE && counted.length < CONNECTIONS * PIPELINED,
    `${String(counted.length)} admitted`,
  );
  assert.deepEqual(counted.toSorted(), answered.toSorted());
  assert.equal(stats.requests.overload, CONNECTIONS * PIPELINED - counted.length);
  for (const [c] of clients.entries()) {
    const own = counted.filter((id) => id.startsWith(`${String(c)}-`)).map((id) => Number(id.split('-')[1]));
    assert.deepEqual(
      own,
      own.toSorted((a, b) => a - b),
      `order in which the requests of connection ${String(c)} ran`,
    );
  }
});

test('requests that find the ring full wait in their connections, and run when there is room', async (t) => {
  const CLIENTS = 400;
  const stuck = await startStuck(t, {});
  const clients: Client[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const client = await stuck.connect();
    await count(client, String(i), LARGE_FIELD);
    clients.push(client);
  }
  // Somebody whose answer needs no room in the ring is not held up.
  assert.equal((await (await stuck.connect()).ask(get('/healthz'))).text, 'ok');

  const { queue } = await stuck.release();
  assert.equal(queue.waiting, CLIENTS);
  assert.ok(queue.parked > 0, 'none had to wait in its connection');
  for (const [i, client] of clients.entries()) {
    assert.equal((await client.answer()).text, String(i));
    assert.equal((await client.ask(get('/'))).text, 'hello');
  }
  const { stats, counted } = await stuck.figures();
  assert.deepEqual(counted.toSorted(byNumber), numbers(CLIENTS));
  assert.deepEqual(stats.queue, { waiting: 0, parked: 0 });
  assert.equal(stats.bytes.buffered, 0);
});

test('waiting in a connection counts for limits.queue too', async (t) => {
  const LIMIT = 300;
  const stuck = await startStuck(t, { limits: { queue: LIMIT } });
  const clients: Client[] = [];
  for (let i = 0; i < LIMIT + 20; i++) {
    const client = await stuck.connect();
    await count(client, String(i), LARGE_FIELD);
    clients.push(client);
  }
  for (const client of clients.splice(LIMIT)) assert.equal((await client.answer()).status, 503);
  const { queue } = await stuck.release();
  assert.equal(queue.waiting, LIMIT);
  assert.ok(queue.parked > 0, 'none had to wait in its connection');
  for (const [i, client] of clients.entries()) assert.equal((await client.answer()).text, String(i));
});

test('those who leave while their requests wait take nobody with them', async (t) => {
  const CLIENTS = 400;
  const stuck = await startStuck(t, {});
  const clients: Client[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const client = await stuck.connect();
    await count(client, String(i), LARGE_FIELD);
    clients.push(client);
  }
  const staying = clients.filter((_client, i) => i % 3 === 0);
  for (const client of clients) if (!staying.includes(client)) client.reset();
  // So that the reactors have seen it: one request each, on connections that were dealt out evenly.
  for (let i = 0; i < TEST_REACTORS; i++) await (await stuck.connect()).ask(get('/healthz'));

  await stuck.release();
  for (const client of staying) {
    assert.equal((await client.answer()).text, String(clients.indexOf(client)));
    assert.equal((await client.ask(get('/'))).text, 'hello');
  }
  const { stats, counted } = await stuck.figures();
  assert.equal(new Set(counted).size, counted.length, 'requests that ran twice');
  assert.deepEqual(stats.queue, { waiting: 0, parked: 0 });
  assert.equal(stats.bytes.buffered, 0);
});

function numbers(length: number): string[] {
  return Array.from({ length }, (_, n) => String(n));
}

function byNumber(a: string, b: string): number {
  return Number(a) - Number(b);
}
