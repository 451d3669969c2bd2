import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Handler, LimitOptions, ServerStats } from 'millrace';

import type { Client } from '../helpers/client.js';
import { HeldRequests } from '../helpers/held-requests.js';
import { until } from '../helpers/promises.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { startHandler, startServer, TEST_REACTORS } from '../helpers/server.js';

const ok: Handler = async (req, res) => {
  await req.buffer();
  res.end('ok');
};

interface HeadCase {
  readonly name: string;
  readonly limits: LimitOptions;
  /** The largest request that passes, and the same with one byte or field more. */
  readonly within: string;
  readonly beyond: string;
  readonly status: number;
}

/** A request with a request line of that many bytes, its CRLF not counted. */
function withLine(bytes: number): string {
  return get(`/${'a'.repeat(bytes - 'GET / HTTP/1.1'.length)}`);
}

/** A request whose field lines have that many bytes, their CRLFs counted. */
function withFields(bytes: number): string {
  return get('/', { 'X-A': 'b'.repeat(bytes - 'Host: test\r\nX-A: \r\n'.length) });
}

/** A request with that many fields. */
function withCount(count: number): string {
  return get('/', Object.fromEntries(Array.from({ length: count - 1 }, (_, n) => [`X-${String(n)}`, 'a'])));
}

const HEADS: readonly HeadCase[] = [
  {
    name: 'limits.requestLineBytes, as it is by default',
    limits: {},
    within: withLine(8192),
    beyond: withLine(8193),
    status: 414,
  },
  {
    name: 'limits.requestLineBytes, a small one',
    limits: { requestLineBytes: 64 },
    within: withLine(64),
    beyond: withLine(65),
    status: 414,
  },
  {
    name: 'limits.requestLineBytes, the largest there is',
    limits: { requestLineBytes: 65_536 },
    within: withLine(65_536),
    beyond: withLine(65_537),
    status: 414,
  },
  {
    name: 'limits.headerBytes, as it is by default',
    limits: {},
    within: withFields(16_384),
    beyond: withFields(16_385),
    status: 431,
  },
  {
    name: 'limits.headerBytes, a small one',
    limits: { headerBytes: 64 },
    within: withFields(64),
    beyond: withFields(65),
    status: 431,
  },
  {
    name: 'limits.headerBytes, the largest there is',
    limits: { headerBytes: 65_536 },
    within: withFields(65_536),
    beyond: withFields(65_537),
    status: 431,
  },
  {
    name: 'limits.headerCount, as it is by default',
    limits: {},
    within: withCount(100),
    beyond: withCount(101),
    status: 431,
  },
  {
    name: 'limits.headerCount, a small one',
    limits: { headerCount: 1 },
    within: withCount(1),
    beyond: withCount(2),
    status: 431,
  },
  {
    name: 'limits.headerCount, the largest there is',
    limits: { headerCount: 1000 },
    within: withCount(1000),
    beyond: withCount(1001),
    status: 431,
  },
  {
    name: 'limits.bodyBytes by Content-Length',
    limits: { bodyBytes: 10 },
    within: post('/', 'x'.repeat(10)),
    beyond: post('/', 'x'.repeat(11)),
    status: 413,
  },
  {
    name: 'limits.bodyBytes by chunks',
    limits: { bodyBytes: 10 },
    within: postChunked('/', ['x'.repeat(9), 'x']),
    beyond: postChunked('/', ['x'.repeat(9), 'xx']),
    status: 413,
  },
  {
    name: 'limits.bodyBytes of 0',
    limits: { bodyBytes: 0 },
    within: postChunked('/', []),
    beyond: post('/', 'x'),
    status: 413,
  },
];

for (const { name, limits, within, beyond, status } of HEADS) {
  test(`${name}: what is within passes, one more is ${String(status)} and the end of the connection`, async (t) => {
    const { server, connect } = await startHandler(t, ok, { limits });
    const client = await connect();
    for (let n = 0; n < 2; n++) assert.equal((await client.ask(within)).status, 200);
    const cut = await connect();
    await cut.sendCut(within, [20, within.length - 1]);
    assert.equal((await cut.answer()).status, 200);
    const refused = await client.ask(beyond);
    assert.equal(refused.status, status);
    assert.equal(refused.headers['connection'], 'close');
    assert.equal(await client.ended(), 'fin');
    assert.equal(server.stats().requests.refused, 1);
    assert.equal(server.stats().requests.handled, 3);
  });
}

test('a request line that never ends is refused as soon as it is too long', async (t) => {
  const { connect } = await startHandler(t, ok, { limits: { requestLineBytes: 100 } });
  const client = await connect();
  assert.equal((await client.ask(`GET /${'a'.repeat(200)}`)).status, 414);
});

test('fields that never end are refused as soon as they are too many', async (t) => {
  const { connect } = await startHandler(t, ok, { limits: { headerBytes: 1000 } });
  const client = await connect();
  assert.equal((await client.ask(get('/').slice(0, -2) + `X-A: ${'a'.repeat(2000)}`)).status, 431);
});

test('limits.bodyBytes may be raised far beyond its default', async (t) => {
  const SIZE = 20_000_000;
  const { connect } = await startHandler(
    t,
    async (req, res) => {
      res.end(String((await req.buffer()).length));
    },
    {
      limits: { bodyBytes: SIZE },
    },
  );
  assert.equal((await (await connect()).ask(post('/', 'x'.repeat(SIZE)))).text, String(SIZE));
});

test('limits.bufferedBytes: an upload that would exceed it is 503, and what it held is free again', async (t) => {
  const { server, connect } = await startHandler(t, ok, { limits: { bufferedBytes: 100_000 } });
  for (let n = 0; n < 3; n++) {
    const client = await connect();
    client.send(head('POST', '/', { 'Content-Length': '500000' }));
    client.send('x'.repeat(400_000));
    const answer = await client.answer();
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
    assert.equal(answer.headers['connection'], 'close');
    client.destroy();
  }
  const client = await connect();
  assert.equal((await client.ask(post('/', 'x'.repeat(20_000)))).status, 200);
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('limits.bufferedBytes: unfinished heads count, and what would exceed it is 503', async (t) => {
  const { server, connect } = await startHandler(t, ok, { limits: { bufferedBytes: 20_000 } });
  const begun = get('/', { 'X-A': 'a'.repeat(8000) }).slice(0, -4);
  const clients: Client[] = [];
  for (let n = 0; n < 3; n++) {
    const client = await connect();
    const received = server.stats().bytes.received;
    client.send(begun);
    await until('it has come', () => server.stats().bytes.received === received + begun.length);
    clients.push(client);
  }
  const last = clients.pop()!;
  const answer = await last.answer();
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['connection'], 'close');
  for (const client of clients) assert.equal((await client.ask('\r\n\r\n')).status, 200);
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('limits.bufferedBytes: pipelined input that waits counts; beyond it the connection ends with its last answer', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startHandler(t, held.handler, { limits: { bufferedBytes: 10_000 } });
  const client = await connect();
  // A POST waits until the one before has been answered (RFC 9112 §9.3.2).
  client.send(post('/a', 'x') + post('/never', 'y'.repeat(20_000)));
  await held.hasStarted('/a');
  held.answer('/a');
  assert.equal((await client.answer()).text, '/a');
  await until('the connection has ended', () => client.isEnded);
  assert.deepEqual(held.started, ['/a']);
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

/** Blocks this thread, which is the one that handlers run in, until the reactors have seen to it. */
function blockUntil(isSo: () => boolean): void {
  const end = performance.now() + 10_000;
  while (!isSo()) assert.ok(performance.now() < end, 'the reactors have not got there');
}

async function connectMany(connect: () => Promise<Client>, count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => connect()));
}

test('limits.queue: requests beyond it are 503 with Retry-After while JavaScript is busy, and never run', async (t) => {
  const QUEUE = 8;
  const CLIENTS = 30;
  const ran: string[] = [];
  const { server, connect } = await startServer(
    t,
    { limits: { queue: QUEUE } },
    (s) => s.reply('GET', '/native', { body: 'native' }),
    (req, res) => {
      ran.push(req.path);
      res.end('handled');
    },
  );
  const clients = await connectMany(connect, CLIENTS);
  for (const [n, client] of clients.entries()) client.send(get(`/${String(n)}`) + get('/native'));
  const stats = (): ServerStats => server.stats();
  blockUntil(() => stats().requests.overload + stats().requests.handled === CLIENTS);
  const { handled, overload } = stats().requests;
  assert.equal(stats().queue.waiting, handled);
  // Reactors that look at the same moment may exceed it by one each.
  assert.ok(handled >= QUEUE && handled < QUEUE + TEST_REACTORS, `${String(handled)} requests were let in`);
  const statuses: number[] = [];
  for (const client of clients) {
    const answer = await client.answer();
    statuses.push(answer.status);
    assert.equal(answer.headers['retry-after'], answer.status === 503 ? '1' : undefined);
    assert.equal((await client.answer()).text, 'native');
  }
  for (const client of clients) assert.equal((await client.stillServes(get('/again'))).text, 'handled');
  assert.equal(statuses.filter((status) => status === 503).length, overload);
  assert.equal(ran.filter((path) => path !== '/again').length, handled);
  assert.equal(stats().queue.waiting, 0);
});

test('more requests than the ring holds wait in their connections, and all are answered', async (t) => {
  const { server, connect } = await startHandler(
    t,
    (req, res) => {
      res.end(req.path);
    },
    {
      limits: { queue: 65_536, pipelineDepth: 1024 },
    },
  );
  const CLIENTS = 10;
  const EACH = 200 * TEST_REACTORS;
  const clients = await connectMany(connect, CLIENTS * TEST_REACTORS);
  for (const [n, client] of clients.entries()) {
    client.send(Array.from({ length: EACH }, (_, i) => get(`/${String(n)}/${String(i)}`)).join(''));
  }
  blockUntil(() => server.stats().queue.parked >= 3);
  for (const [n, client] of clients.entries()) {
    for (let i = 0; i < EACH; i++) assert.equal((await client.answer()).text, `/${String(n)}/${String(i)}`);
  }
  assert.deepEqual(server.stats().queue, { waiting: 0, parked: 0 });
  assert.equal(server.stats().requests.overload, 0);
});

test('limits.connections: a client beyond it is told 503 and closed, the others live on', async (t) => {
  const { server, connect } = await startHandler(t, ok, { limits: { connections: 3 } });
  const clients = await connectMany(connect, 3);
  for (const client of clients) assert.equal((await client.ask(get('/'))).status, 200);
  for (const request of ['', get('/')]) {
    const refused = await connect();
    refused.send(request);
    const answer = await refused.answer();
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
    assert.equal(answer.headers['connection'], 'close');
    assert.equal(await refused.ended(), 'fin');
  }
  for (const client of clients) assert.equal((await client.stillServes(get('/'))).status, 200);
  const { connections } = server.stats();
  assert.deepEqual(connections, { open: 3, total: 3, refused: 2 });

  clients[0]!.destroy();
  await until('there is room', () => server.stats().connections.open === 2);
  assert.equal((await (await connect()).ask(get('/'))).status, 200);
  assert.equal(server.stats().connections.total, 4);
});

test('limits.connectionPolicy wait: who is one too many waits in the backlog until a connection ends', async (t) => {
  const { server, connect } = await startHandler(t, ok, {
    limits: { connections: 3, connectionPolicy: 'wait' },
  });
  const clients = await connectMany(connect, 3);
  for (const client of clients) assert.equal((await client.ask(get('/'))).status, 200);
  const waiting: Client[] = [];
  for (let n = 0; n < 3; n++) waiting.push((await connect()).send(get('/')));
  for (const client of clients) {
    assert.equal((await client.stillServes(get('/'))).status, 200);
    for (const other of waiting) assert.equal(other.unread.length, 0);
    client.destroy();
    const next = waiting.shift()!;
    assert.equal((await next.answer()).status, 200);
  }
  assert.deepEqual(server.stats().connections, { open: 3, total: 6, refused: 0 });
});
