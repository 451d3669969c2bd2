// designs.test.ts: every design of bench/designs that can run here answers the routes, and ends in order.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { whyUnavailable } from '../../bench/designs/availability.js';
import type { Design, Route } from '../../bench/designs/design.js';
import { DESIGNS } from '../../bench/designs/index.js';
import { HELLO, MAX_BODY_BYTES } from '../../bench/designs/limits.js';
import type { OptionValues } from '../../bench/designs/options.js';
import type { Client } from '../helpers/client.js';
import { ORDERLY } from '../helpers/example.js';
import { numberedBytes } from '../helpers/files.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { DesignProcess, sendFlushed } from './design-process.js';
import { testProperties } from './design-properties.js';

/** Those whose parser is part of the design. */
const hasOwnParser = ({ kind, name }: Design): boolean => kind === 'native' || name === 'node-net';

/** While they sleep, nobody is there to hear that the grace is over. */
const CANNOT_BE_CUT = ['single-thread', 'millrace-reply'];

/** Answers of node:http and others to malformed requests have no Date, so they are not read strictly. */
const REFUSAL = /^(HTTP\/1\.1 (400|411|413|431|501|505) |$)/;

for (const design of DESIGNS) {
  const reason = whyUnavailable(design);
  describe(design.name, { skip: reason ?? false }, () => {
    testRoutes(design);
    testConnections(design);
    testEnd(design);
    testProperties(design.name);
  });
}

function has({ lacks }: Design, route: Route): boolean {
  return !(lacks ?? []).includes(route);
}

async function started(
  t: TestContext,
  { name }: Design,
  values: Partial<OptionValues> = {},
): Promise<{ server: DesignProcess; client: Client }> {
  const server = await DesignProcess.start(t, name, values);
  return { server, client: await server.connect() };
}

function testRoutes(design: Design): void {
  test('answers the routes, one after the other on one connection', async (t) => {
    const { server, client } = await started(t, design);
    const hello = await client.ask(get('/'));
    assert.deepEqual([hello.status, hello.text], [200, HELLO]);
    assert.match(hello.headers['content-type'] ?? '', /^text\/plain/);
    assert.equal((await client.ask(get('/nowhere'))).status, 404);
    if (has(design, '/sleep')) await asksSleep(client);
    if (has(design, '/echo')) await asksEcho(client, server);
    assert.equal((await client.ask(get('/'))).text, HELLO);
  });

  test('answers 413 to a body above the bound', { skip: skipWithout(design, '/echo') }, async (t) => {
    const { server, client } = await started(t, design);
    const { status } = await client.ask(post('/echo', 'x'.repeat(MAX_BODY_BYTES + 1)));
    assert.equal(status, 413);
    assert.equal((await (await server.connect()).ask(get('/'))).text, HELLO);
  });
}

async function asksSleep(client: Client): Promise<void> {
  for (const ms of ['0', '20']) {
    const { status, text } = await client.ask(get(`/sleep?ms=${ms}`));
    assert.deepEqual([status, text], [200, `slept ${ms}`]);
  }
  const before = performance.now();
  assert.equal((await client.ask(get('/sleep?ms=100'))).text, 'slept 100');
  // Timers of Node.js may come a millisecond early.
  assert.ok(performance.now() - before > 98, 'it has waited');
  for (const query of ['', '?', '?ms=', '?ms=x', '?ms=-1', '?ms=10001', '?ms=99999999999999999999', '?ms=1x'])
    assert.equal((await client.ask(get(`/sleep${query}`))).status, 400, query);
}

async function asksEcho(client: Client, server: DesignProcess): Promise<void> {
  const bodies = [Buffer.alloc(0), Buffer.from('a'), numberedBytes(100_000), numberedBytes(MAX_BODY_BYTES)];
  for (const body of bodies) {
    client.send(head('POST', '/echo', { 'Content-Length': String(body.length) }));
    const answer = await client.ask(body);
    assert.equal(answer.status, 200, server.errors);
    assert.ok(answer.body.equals(body), `${body.length} bytes come back as they were`);
  }
  assert.equal((await client.ask(get('/echo'))).status, 404);
}

function skipWithout(design: Design, route: Route): string | false {
  return has(design, route) ? false : `${design.name} has no ${route}`;
}

function testConnections(design: Design): void {
  // Bun's sockets and parser are those of uWebSockets.
  const breaksPipelines =
    ['uwebsockets', 'hyper-express', 'bun'].includes(design.name) &&
    'it ends a connection on which a request comes before the last one is answered';
  test('answers pipelined requests in order', { skip: breaksPipelines }, async (t) => {
    const { client } = await started(t, design);
    const first = has(design, '/sleep') ? get('/sleep?ms=30') : get('/nowhere');
    client.send(first + get('/') + get('/nowhere') + get('/'));
    const [slow, ...rest] = await client.answers(4);
    assert.equal(slow?.status, has(design, '/sleep') ? 200 : 404);
    assert.deepEqual(
      rest.map(({ status }) => status),
      [200, 404, 200],
    );
  });

  test('answers a request that comes in two pieces, wherever it is cut', async (t) => {
    const { client } = await started(t, design);
    const request = has(design, '/echo') ? post('/echo', 'abc') : get('/');
    for (let cut = 1; cut < request.length; cut++) {
      await client.sendCut(request, [cut]);
      const { status, text } = await client.answer();
      assert.deepEqual([status, text], [200, has(design, '/echo') ? 'abc' : HELLO], `cut at ${cut}`);
    }
  });

  test('ends the connection where the client asks for that', async (t) => {
    const { client } = await started(t, design);
    assert.equal((await client.ask(get('/', { Connection: 'close' }))).text, HELLO);
    assert.equal(await client.ended(), 'fin');
  });

  // node:http drops what is not answered by then.
  const dropsIt = !hasOwnParser(design) && design.kind !== 'millrace' && 'its HTTP library does not';
  test('answers a client that has ended its side', { skip: dropsIt }, async (t) => {
    const { server } = await started(t, design);
    const client = await server.connect();
    const slow = has(design, '/sleep') ? '/sleep?ms=30' : '/';
    client.send(get(slow)).finish();
    assert.equal((await client.answer()).status, 200);
    assert.equal(await client.ended(), 'fin');
  });

  test('sends no body to HEAD', { skip: design.kind === 'peer' && 'its own affair' }, async (t) => {
    const { client } = await started(t, design);
    await client.ask(head('HEAD', '/'), { head: true });
    assert.equal((await client.ask(get('/'))).text, HELLO);
  });

  test('refuses what is no request, and lives on', async (t) => {
    const { server } = await started(t, design);
    const malformed = [
      'nonsense\r\n\r\n',
      '\x00\x01\x02\xff\r\n\r\n',
      'GET\r\n\r\n',
      'GET / HTTP/1.1\r\nno colon\r\n\r\n',
      head('POST', '/echo', { 'Content-Length': '-1' }),
      head('POST', '/echo', { 'Content-Length': '3x' }) + 'abc',
      ...(hasOwnParser(design) ? STRICTLY_MALFORMED : []),
    ];
    for (const text of malformed) {
      const client = await server.connect();
      client.send(text).finish();
      await client.receive(Number.POSITIVE_INFINITY);
      assert.match(client.unread.toString('latin1'), REFUSAL, JSON.stringify(text.slice(0, 80)));
    }
    assert.equal((await (await server.connect()).ask(get('/'))).text, HELLO);
  });
}

/** What our own parsers have to refuse as well. */
const STRICTLY_MALFORMED = [
  'GET / HTTP/1.1\nHost: test\n\n',
  'GET  / HTTP/1.1\r\nHost: test\r\n\r\n',
  'GET /a b HTTP/1.1\r\nHost: test\r\n\r\n',
  'GET nowhere HTTP/1.1\r\nHost: test\r\n\r\n',
  'GET / HTTP/2.0\r\nHost: test\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'GET / HTTP/1.1\r\nHost : test\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: test\r\n folded: yes\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: test\r\nA: \x00\r\n\r\n',
  'POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc',
  `POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: ${'9'.repeat(30)}\r\n\r\nabc`,
  `GET / HTTP/1.1\r\nHost: test\r\nLong: ${'x'.repeat(100_000)}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: test\r\nLong: ${'x'.repeat(100_000)}`,
  postChunked('/echo', ['abc']),
  postChunked('/echo', ['abc'], { 'Content-Length': '3' }),
];

function testEnd(design: Design): void {
  test('answers what is in flight when SIGTERM comes, ends idle connections, and leaves with 0', async (t) => {
    const { server, client } = await started(t, design);
    // Peers may let the kernel wait for the first byte before they accept (TCP_DEFER_ACCEPT); it then forgets the client.
    const silent = design.kind === 'peer' ? [] : [await server.connect()];
    const idle = await server.connect();
    // By then nobody waits for a worker: a pool would close a connection for that.
    assert.equal((await idle.ask(get('/'))).text, HELLO);
    // In one piece: when the first one is answered, the server has the second one as well.
    await sendFlushed(client, get('/') + (has(design, '/sleep') ? get('/sleep?ms=300') : ''));
    assert.equal((await client.answer()).text, HELLO);
    server.terminate();
    if (has(design, '/sleep')) assert.equal((await client.answer()).text, 'slept 300');
    assert.deepEqual(await server.ended(), ORDERLY, server.errors);
    for (const one of [client, idle, ...silent]) await one.ended();
    const late = connect(server.port, '127.0.0.1');
    await assert.rejects(once(late, 'connect'), { code: 'ECONNREFUSED' });
  });

  test(
    'answers what is in flight also when another connection asks meanwhile',
    {
      skip: skipWithout(design, '/sleep'),
    },
    async (t) => {
      const { server, client } = await started(t, design);
      const other = await server.connect();
      assert.equal((await other.ask(get('/'))).text, HELLO);
      await sendFlushed(client, get('/') + get('/sleep?ms=400'));
      assert.equal((await client.answer()).text, HELLO);
      server.terminate();
      await delay(100);
      // It may be answered, or have been ended: it was idle.
      other.send(get('/'));
      assert.equal((await client.answer()).text, 'slept 400');
      assert.deepEqual(await server.ended(), ORDERLY, server.errors);
    },
  );

  const cannotBeCut =
    skipWithout(design, '/sleep') || (CANNOT_BE_CUT.includes(design.name) && 'its one thread sleeps');
  test('cuts off what takes longer than the grace', { skip: cannotBeCut }, async (t) => {
    const { server, client } = await started(t, design, { 'grace-ms': 100 });
    await sendFlushed(client, get('/') + get('/sleep?ms=10000'));
    assert.equal((await client.answer()).text, HELLO);
    server.terminate();
    assert.deepEqual(await server.ended(), ORDERLY, server.errors);
    await client.receive(Number.POSITIVE_INFINITY);
    assert.ok(!client.unread.includes('slept 10000'), 'it was cut off');
  });
}
