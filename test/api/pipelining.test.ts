import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { ServerOptions } from 'millrace';

import type { Client } from '../helpers/client.js';
import { HeldRequests } from '../helpers/held-requests.js';
import { until } from '../helpers/promises.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { startServer, type TestServer } from '../helpers/server.js';

interface Pipeline {
  readonly running: TestServer;
  readonly client: Client;
  readonly held: HeldRequests;
}

/** A connection to a server that has native answers on /native, and holds what goes anywhere else. */
async function pipeline(t: TestContext, options: ServerOptions = {}): Promise<Pipeline> {
  const held = new HeldRequests();
  const running = await startServer(
    t,
    options,
    (server) => {
      server.reply('GET', '/native', { body: 'native' });
      server.reply('POST', '/native', { body: 'native' });
      server.get('/now/:n', (req, res) => {
        res.end(req.path);
      });
    },
    held.handler,
  );
  return { running, client: await running.connect(), held };
}

/** Gives the server time to do what it should not: round trips on another connection. */
async function roundTrips(running: TestServer): Promise<void> {
  const other = await running.connect();
  for (let n = 0; n < 3; n++) await other.ask(get(`/now/${String(n)}`));
}

async function nothingComes({ running, client }: Pipeline): Promise<void> {
  await roundTrips(running);
  assert.equal(client.unread.toString('latin1'), '');
}

async function textsOf(client: Client, count: number): Promise<string[]> {
  return (await client.answers(count)).map(({ text }) => text);
}

const ORDERS: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4],
  [4, 3, 2, 1, 0],
  [2, 0, 4, 1, 3],
  [1, 2, 3, 4, 0],
  [4, 0, 3, 1, 2],
];

for (const order of ORDERS) {
  for (const [size, body] of [
    ['small', ''],
    ['large', 'x'.repeat(50_000)],
  ] as const) {
    test(`${size} answers given in the order ${order.join(' ')} leave in the order of the requests (RFC 9112 §9.3.2)`, async (t) => {
      const { client, held } = await pipeline(t);
      const paths = order.map((_, n) => `/${String(n)}`);
      client.send(paths.map((path) => get(path)).join(''));
      await held.hasStarted(...paths);
      for (const n of order) {
        held.answer(`/${String(n)}`, `/${String(n)}${body}`);
        // Each in a turn of its own, so that they do not simply leave together.
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual(
        await textsOf(client, 5),
        paths.map((path) => `${path}${body}`),
      );
      assert.equal((await client.stillServes(get('/now/1'))).text, '/now/1');
    });
  }
}

test('an answer that is ready waits for the older ones, and leaves as soon as they do', async (t) => {
  const all = await pipeline(t);
  const { client, held } = all;
  client.send(get('/1') + get('/2') + get('/3'));
  await held.hasStarted('/1', '/2', '/3');
  held.answer('/2');
  await nothingComes(all);
  held.answer('/1');
  assert.deepEqual(await textsOf(client, 2), ['/1', '/2']);
  await nothingComes(all);
  held.answer('/3');
  assert.deepEqual(await textsOf(client, 1), ['/3']);
});

for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'BREW', 'get']) {
  test(`a pipelined ${method} starts after its predecessors' answers, and its successors after its own`, async (t) => {
    const all = await pipeline(t);
    const { client, held } = all;
    client.send(get('/1') + get('/2') + head(method, '/3') + get('/4') + get('/5'));
    await held.hasStarted('/1', '/2');
    held.answer('/2');
    await nothingComes(all);
    await held.hasStarted('/1', '/2');
    held.answer('/1');
    await held.hasStarted('/1', '/2', '/3');
    await roundTrips(all.running);
    await held.hasStarted('/1', '/2', '/3');
    held.answer('/3');
    await held.hasStarted('/1', '/2', '/3', '/4', '/5');
    held.answer('/5');
    held.answer('/4');
    assert.deepEqual(await textsOf(client, 5), ['/1', '/2', '/3', '/4', '/5']);
  });
}

for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) {
  test(`pipelined requests run side by side when they are safe: ${method} (RFC 9110 §9.2.1)`, async (t) => {
    const { client, held } = await pipeline(t);
    client.send(get('/1') + head(method, '/2') + get('/3'));
    await held.hasStarted('/1', '/2', '/3');
    for (const path of ['/3', '/2', '/1']) held.answer(path);
    assert.equal((await client.answer()).text, '/1');
    await client.answer({ head: method === 'HEAD' });
    assert.equal((await client.answer()).text, '/3');
  });
}

test('unsafe requests run one after the other', async (t) => {
  const { client, held } = await pipeline(t);
  const paths = Array.from({ length: 30 }, (_, n) => `/${String(n)}`);
  client.send(
    paths.map((path, n) => (n % 2 === 0 ? post(path, `body ${path}`) : postChunked(path, [path]))).join(''),
  );
  for (const [n, path] of paths.entries()) {
    await held.hasStarted(...paths.slice(0, n + 1));
    assert.equal(await held.request(path).text(), n % 2 === 0 ? `body ${path}` : path);
    held.answer(path);
    assert.equal((await client.answer()).text, path);
  }
});

test('an unsafe request whose body is still coming holds back nobody before it', async (t) => {
  const { client, held } = await pipeline(t);
  const upload = post('/2', 'x'.repeat(40_000));
  client.send(get('/1') + upload.slice(0, 20_000));
  await held.hasStarted('/1');
  held.answer('/1');
  assert.equal((await client.answer()).text, '/1');
  client.send(upload.slice(20_000) + get('/3'));
  await held.hasStarted('/1', '/2');
  assert.equal((await held.request('/2').buffer()).length, 40_000);
  held.answer('/2');
  await held.hasStarted('/1', '/2', '/3');
  held.answer('/3');
  assert.deepEqual(await textsOf(client, 2), ['/2', '/3']);
});

test("the reactor's own answers keep their place among those of handlers", async (t) => {
  const all = await pipeline(t);
  const { client, held } = all;
  client.send(get('/native') + get('/1') + get('/native') + get('/2') + get('/native'));
  assert.equal((await client.answer()).text, 'native');
  await held.hasStarted('/1', '/2');
  held.answer('/2');
  await nothingComes(all);
  held.answer('/1');
  assert.deepEqual(await textsOf(client, 4), ['/1', 'native', '/2', 'native']);
});

test('native answers to unsafe requests, refusals and 404 keep their place too', async (t) => {
  const { running, held } = await pipelineWithout404(t);
  const client = await running.connect();
  client.send(get('/1') + post('/native', 'x') + get('/nowhere') + head('PUT', '/native') + get('/1'));
  await held.hasStarted('/1');
  held.answer('/1');
  const answers = await client.answers(4);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 404, 405],
  );
  await held.hasStarted('/1', '/1');
  held.answer('/1');
  assert.equal((await client.answer()).text, '/1');
});

async function pipelineWithout404(t: TestContext): Promise<{ running: TestServer; held: HeldRequests }> {
  const held = new HeldRequests();
  const running = await startServer(t, {}, (server) => {
    server.reply('POST', '/native', { body: 'native' });
    server.get('/1', held.handler);
  });
  return { running, held };
}

test('no more than limits.pipelineDepth requests of a connection run at a time', async (t) => {
  const { client, held } = await pipeline(t, { limits: { pipelineDepth: 3 } });
  const paths = Array.from({ length: 12 }, (_, n) => `/${String(n)}`);
  client.send(paths.map((path) => get(path)).join(''));
  for (let n = 0; n < 12; n++) {
    await held.hasStarted(...paths.slice(0, Math.min(n + 3, 12)));
    held.answer(`/${String(n)}`);
    assert.equal((await client.answer()).text, `/${String(n)}`);
  }
});

test('the depth counts requests whose answers are ready but wait for older ones', async (t) => {
  const all = await pipeline(t, { limits: { pipelineDepth: 3 } });
  const { client, held } = all;
  client.send(['/0', '/1', '/2', '/3', '/4'].map((path) => get(path)).join(''));
  await held.hasStarted('/0', '/1', '/2');
  held.answer('/1');
  held.answer('/2');
  await nothingComes(all);
  await held.hasStarted('/0', '/1', '/2');
  held.answer('/0');
  await held.hasStarted('/0', '/1', '/2', '/3', '/4');
  held.answer('/3');
  held.answer('/4');
  assert.deepEqual(await textsOf(client, 5), ['/0', '/1', '/2', '/3', '/4']);
});

test('with a depth of 1 requests run one by one, native ones among them', async (t) => {
  const { client, held } = await pipeline(t, { limits: { pipelineDepth: 1 } });
  client.send(get('/0') + get('/native') + get('/1') + get('/native'));
  await held.hasStarted('/0');
  held.answer('/0');
  await held.hasStarted('/0', '/1');
  held.answer('/1');
  assert.deepEqual(await textsOf(client, 4), ['/0', 'native', '/1', 'native']);
});

test('a connection that may not take more requests is not read further', async (t) => {
  const all = await pipeline(t, { limits: { pipelineDepth: 1 } });
  const { running, client, held } = all;
  client.send(get('/0'));
  await held.hasStarted('/0');
  const flood = get('/now/1', { 'X-Filler': 'x'.repeat(8000) }).repeat(2000);
  client.send(flood);
  await nothingComes(all);
  // What one recv takes, and no more: the other 16 MB wait in the sockets and in the client.
  assert.ok(running.server.stats().bytes.received < 300_000, String(running.server.stats().bytes.received));
  held.answer('/0');
  assert.equal((await client.answer()).text, '/0');
  for (let n = 0; n < 2000; n++) assert.equal((await client.answer()).text, '/now/1');
});

test('requests pipelined behind one that closes are not run', async (t) => {
  const { client, held } = await pipeline(t);
  client.send(get('/1') + get('/2', { Connection: 'close' }) + get('/3') + post('/4', 'x'));
  await held.hasStarted('/1', '/2');
  held.answer('/2');
  held.answer('/1');
  const [, last] = await client.answers(2);
  assert.equal(last!.headers['connection'], 'close');
  assert.equal(await client.ended(), 'fin');
  assert.deepEqual(held.started, ['/1', '/2']);
});

test('behind an answer that closes nothing more leaves, although others run', async (t) => {
  const { client, held } = await pipeline(t);
  client.send(get('/1') + get('/2') + get('/3'));
  await held.hasStarted('/1', '/2', '/3');
  held.answer('/3');
  held.response('/2').header('Connection', 'close').end('/2');
  held.answer('/1');
  const [first, second] = await client.answers(2);
  assert.equal(first!.headers['connection'], undefined);
  assert.equal(second!.headers['connection'], 'close');
  assert.equal(await client.ended(), 'fin');
  assert.deepEqual(held.started, ['/1', '/2', '/3']);
});

test('a bad request in a pipeline is answered in its place, and ends the connection', async (t) => {
  const { client, held } = await pipeline(t);
  client.send(`${get('/1')}${get('/2')}GET / HTTP/1.1\r\nbad line\r\n\r\n${get('/3')}`);
  await held.hasStarted('/1', '/2');
  held.answer('/2');
  held.answer('/1');
  const answers = await client.answers(3);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 400],
  );
  assert.equal(await client.ended(), 'fin');
  assert.deepEqual(held.started, ['/1', '/2']);
});

test('a thousand pipelined requests, cut into pieces of any size, are answered in order', async (t) => {
  const { client } = await pipeline(t);
  const paths = Array.from({ length: 1000 }, (_, n) => (n % 7 === 3 ? '/native' : `/now/${String(n)}`));
  const bytes = paths.map((path) => get(path)).join('');
  const cuts: number[] = [];
  for (let at = 1, step = 1; at < bytes.length; at += step) {
    cuts.push(at);
    step = ((step * 37 + 11) % 997) + 1;
  }
  await client.sendCut(bytes, cuts);
  const texts = await textsOf(client, 1000);
  assert.deepEqual(
    texts,
    paths.map((path) => (path === '/native' ? 'native' : path)),
  );
});

const LAST_OF_A_CONNECTION: readonly { name: string; sends: string; status: number }[] = [
  { name: 'a malformed head', sends: 'GET /bad HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n', status: 400 },
  {
    name: 'a body that is too large',
    sends: head('POST', '/bad', { 'Content-Length': '9999999' }),
    status: 413,
  },
  {
    name: 'a bad chunk',
    sends: head('GET', '/bad', { 'Transfer-Encoding': 'chunked' }) + 'zz\r\n',
    status: 400,
  },
  { name: 'Connection: close', sends: get('/last', { Connection: 'close' }), status: 200 },
];

for (const { name, sends, status } of LAST_OF_A_CONNECTION) {
  test(`nothing behind ${name} runs, whenever it comes (RFC 9112 §9.6)`, async (t) => {
    const { running, client, held } = await pipeline(t);
    client.send(get('/a') + get('/b') + sends);
    await until('all have been seen', () => held.started.length >= (status === 200 ? 3 : 2));
    await roundTrips(running);
    const started = held.started.length;
    client.send(get('/hidden') + get('/now/hidden'));
    for (const path of ['/a', '/b']) {
      held.answer(path);
      assert.equal((await client.answer()).text, path);
      await roundTrips(running);
      client.send(get('/hidden'));
      await roundTrips(running);
    }
    if (status === 200) held.answer('/last');
    const last = await client.answer();
    assert.equal(last.status, status);
    assert.equal(last.headers['connection'], 'close');
    assert.equal(client.unread.toString('latin1'), '');
    await until('the connection has ended', () => client.isEnded);
    assert.equal(held.started.length, started);
  });
}

test('nothing runs behind an answer that has said Connection: close, while it is being given', async (t) => {
  const { running, client, held } = await pipeline(t);
  client.send(get('/a'));
  await held.hasStarted('/a');
  const response = held.response('/a').header('Connection', 'close');
  response.write('begun');
  await until('it has begun', () => client.unreadBytes > 0);
  client.send(get('/hidden'));
  await roundTrips(running);
  response.end(' and ended');
  assert.equal((await client.answer()).text, 'begun and ended');
  await until('the connection has ended', () => client.isEnded);
  assert.deepEqual(held.started, ['/a']);
});
