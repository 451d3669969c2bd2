import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { createServer, type ReplyInit } from 'millrace';

import { get, head } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';

const REPLIES: readonly {
  name: string;
  reply: ReplyInit;
  status?: number;
  text?: string;
  fields?: object;
}[] = [
  { name: 'nothing at all', reply: {} },
  { name: 'a body', reply: { body: 'ok' }, text: 'ok' },
  { name: 'a body with characters of several bytes', reply: { body: 'é€😀' }, text: 'é€😀' },
  { name: 'bytes', reply: { body: new Uint8Array([0x68, 0x69]) }, text: 'hi' },
  { name: 'a status', reply: { status: 503, body: 'away' }, status: 503, text: 'away' },
  { name: 'a status without a body', reply: { status: 204, body: 'surplus' }, status: 204 },
  { name: 'a status whose body is empty', reply: { status: 205, body: 'surplus' }, status: 205 },
  {
    name: 'a body that is larger than one send',
    reply: { body: 'x'.repeat(3_000_000) },
    text: 'x'.repeat(3_000_000),
  },
  {
    name: 'fields, also several of a name',
    reply: {
      headers: { 'Content-Type': 'text/css', 'Set-Cookie': ['a=1', 'b=2'], 'X-Number': 7 },
      body: 'a{}',
    },
    text: 'a{}',
    fields: { 'content-type': 'text/css', 'set-cookie': 'a=1, b=2', 'x-number': '7' },
  },
  {
    name: 'a Content-Length that is the right one',
    reply: { headers: { 'Content-Length': '2' }, body: 'ok' },
    text: 'ok',
  },
  {
    name: 'empty arrays, which set nothing',
    reply: { headers: { 'Content-Length': [], Connection: [], Date: [], 'X-A': [] }, body: 'ok' },
    text: 'ok',
    fields: { 'content-length': '2', connection: undefined, 'x-a': undefined },
  },
  {
    name: 'a Date of its own',
    reply: { headers: { Date: 'Sun, 06 Nov 1994 08:49:37 GMT' } },
    fields: { date: 'Sun, 06 Nov 1994 08:49:37 GMT' },
  },
];

for (const { name, reply, status = 200, text = '', fields = {} } of REPLIES) {
  test(`reply() with ${name} is answered without JavaScript`, async (t) => {
    const { server, connect } = await startServer(t, {}, (s) => s.reply('GET', '/', reply));
    const client = await connect();
    const answer = await client.ask(get('/'));
    assert.equal(answer.status, status);
    assert.equal(answer.text, text);
    assert.ok(answer.headers['date']);
    for (const [field, value] of Object.entries(fields)) assert.equal(answer.headers[field], value);
    const toHead = await client.ask(head('HEAD', '/'), { head: true });
    assert.equal(
      toHead.headers['content-length'],
      status === 204 ? undefined : String(Buffer.byteLength(text)),
    );
    const { requests } = server.stats();
    assert.deepEqual([requests.handled, requests.native], [0, 2]);
  });
}

test('reply() with Connection: close says so, and closes', async (t) => {
  const { connect } = await startServer(t, {}, (server) =>
    server.reply('GET', '/', { headers: { Connection: 'close' }, body: 'bye' }),
  );
  const client = await connect();
  const answer = await client.ask(get('/').repeat(2));
  assert.equal(answer.headers['connection'], 'close');
  assert.equal(answer.text, 'bye');
  assert.equal(await client.ended(), 'fin');
});

test('reply() keeps a copy of its body', async (t) => {
  const body = Buffer.from('before');
  const { connect } = await startServer(t, {}, (server) => server.reply('GET', '/', { body }));
  body.write('after!');
  assert.equal((await (await connect()).ask(get('/'))).text, 'before');
});

test('reply() takes patterns, and any method', async (t) => {
  const { connect } = await startServer(t, {}, (server) =>
    server.reply('BREW', '/:pot/*', { status: 418, body: 'teapot' }),
  );
  const client = await connect();
  assert.equal((await client.ask(head('BREW', '/a/b'))).status, 418);
  assert.equal((await client.ask(head('GET', '/a/b'))).status, 405);
});

const REFUSED: readonly { name: string; args: readonly unknown[]; code: string }[] = [
  { name: 'an unknown property', args: ['GET', '/', { text: 'x' }], code: 'ERR_MILLRACE_OPTION_UNKNOWN' },
  { name: 'a body that is a number', args: ['GET', '/', { body: 1 }], code: 'ERR_MILLRACE_RESPONSE_BODY' },
  { name: 'a status of three letters', args: ['GET', '/', { status: 'abc' }], code: 'ERR_MILLRACE_STATUS' },
  { name: 'an interim status', args: ['GET', '/', { status: 100 }], code: 'ERR_MILLRACE_STATUS' },
  {
    name: 'a line break in a field',
    args: ['GET', '/', { headers: { 'X-A': 'b\r\nX-Evil: 1' } }],
    code: 'ERR_MILLRACE_HEADER_VALUE',
  },
  {
    name: 'a wrong Content-Length',
    args: ['GET', '/', { headers: { 'Content-Length': 3 }, body: 'ok' }],
    code: 'ERR_MILLRACE_HEADER_FRAMING',
  },
  {
    name: 'Transfer-Encoding',
    args: ['GET', '/', { headers: { 'Transfer-Encoding': 'chunked' } }],
    code: 'ERR_MILLRACE_HEADER_FRAMING',
  },
  {
    name: 'two lengths, in names of different case',
    args: ['GET', '/', { headers: { 'Content-Length': '2', 'content-length': '50' }, body: 'ok' }],
    code: 'ERR_MILLRACE_HEADER_REPEATED',
  },
  {
    name: 'any name in two spellings',
    args: ['GET', '/', { headers: { 'Set-Cookie': 'a', 'set-cookie': 'b' } }],
    code: 'ERR_MILLRACE_HEADER_REPEATED',
  },
  { name: 'a method that is no token', args: ['G T', '/', {}], code: 'ERR_MILLRACE_ROUTE_METHOD' },
  { name: 'no method', args: [undefined, '/', {}], code: 'ERR_MILLRACE_ROUTE_METHOD' },
  { name: 'a path without a slash', args: ['GET', 'a', {}], code: 'ERR_MILLRACE_ROUTE_PATTERN' },
  { name: 'a reply that is null', args: ['GET', '/', null], code: 'ERR_MILLRACE_OPTION_TYPE' },
  { name: 'a reply that is text', args: ['GET', '/', 'ok'], code: 'ERR_MILLRACE_OPTION_TYPE' },
  { name: 'headers that are null', args: ['GET', '/', { headers: null }], code: 'ERR_MILLRACE_OPTION_TYPE' },
  {
    name: 'headers that are a Map',
    args: ['GET', '/', { headers: new Map([['X-A', 'b']]) }],
    code: 'ERR_MILLRACE_OPTION_TYPE',
  },
  {
    name: 'headers that are text',
    args: ['GET', '/', { headers: 'X-A: b' }],
    code: 'ERR_MILLRACE_OPTION_TYPE',
  },
];

for (const { name, args, code } of REFUSED) {
  test(`reply() refuses ${name}`, () => {
    const server = createServer();
    assert.throws(() => callUntyped(server, 'reply', ...args), { code });
  });
}

test('a second route of the same method and pattern is refused, whatever its parameters are called', () => {
  const server = createServer();
  server.get('/a/:b', () => undefined);
  const code = 'ERR_MILLRACE_ROUTE_DUPLICATE';
  assert.throws(() => server.get('/a/:c', () => undefined), { code });
  assert.throws(() => server.reply('GET', '/a/:d', {}), { code });
  server.post('/a/:b', () => undefined).all('/a/:b', () => undefined);
  assert.throws(() => server.all('/a/:x', () => undefined), { code });
});

test('a route whose handler is missing or not a function is refused', () => {
  const server = createServer();
  const code = 'ERR_MILLRACE_ROUTE_HANDLER';
  for (const args of [['/'], ['/', {}], ['/', 'x'], ['/', {}, {}], ['/', {}, () => 0, () => 0]]) {
    assert.throws(() => callUntyped(server, 'get', ...args), { code });
  }
});

test('a route without a method is refused', () => {
  const server = createServer();
  for (const method of [undefined, null, '', '*', 'GET ', 1]) {
    assert.throws(() => callUntyped(server, 'route', method, '/', () => undefined), {
      code: 'ERR_MILLRACE_ROUTE_METHOD',
    });
  }
});

test('routes cannot be added once the server listens', async (t) => {
  const { server } = await startServer(t, {}, () => undefined);
  const code = 'ERR_MILLRACE_ROUTES_FROZEN';
  assert.throws(() => server.get('/', () => undefined), { code });
  assert.throws(() => server.reply('GET', '/', {}), { code });
});

/** States of the word that a worker and the thread that it unblocks share. */
const BLOCKED = 1;
const FREE = 2;

/** A worker that sends requests once the flag says "blocked", and sets the thread free when all answers have come. */
function unblockingWorker(port: number, request: string, answers: number, flag: Int32Array): Worker {
  const source = `
    const { connect } = require('node:net');
    const { workerData, parentPort } = require('node:worker_threads');
    const { port, request, answers, flag } = workerData;
    Atomics.wait(flag, 0, 0);
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += chunk;
      if (received.split('still here').length <= answers) return;
      parentPort.postMessage(received);
      socket.destroy();
      Atomics.store(flag, 0, ${String(FREE)});
      Atomics.notify(flag, 0);
    });`;
  return new Worker(source, { eval: true, workerData: { port, request, answers, flag } });
}

function received(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', resolve);
  });
}

function newFlag(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

function setBlocked(flag: Int32Array): void {
  Atomics.store(flag, 0, BLOCKED);
  Atomics.notify(flag, 0);
}

const BLOCKS: readonly { name: string; block: (flag: Int32Array) => void }[] = [
  {
    name: 'waits in Atomics.wait',
    block: (flag) => {
      assert.notEqual(Atomics.wait(flag, 0, BLOCKED, 20_000), 'timed-out');
    },
  },
  {
    name: 'is in a busy loop',
    block: (flag) => {
      const end = performance.now() + 20_000;
      while (Atomics.load(flag, 0) === BLOCKED) assert.ok(performance.now() < end, 'no answer came');
    },
  },
];

for (const { name, block } of BLOCKS) {
  test(`reply() answers while the JS thread ${name}`, async (t) => {
    const { port } = await startServer(t, {}, (server) =>
      server.reply('GET', '/healthz', { body: 'still here' }),
    );
    const flag = newFlag();
    const worker = unblockingWorker(port, get('/healthz').repeat(3), 3, flag);
    const text = received(worker);
    await once(worker, 'online');
    setBlocked(flag);
    block(flag);
    assert.equal((await text).match(/HTTP\/1\.1 200 OK/g)?.length, 3);
  });

  test(`an answer and the reply behind it leave while the handler that gave it ${name}`, async (t) => {
    const flag = newFlag();
    const { port } = await startServer(t, {}, (server) => {
      server.reply('GET', '/healthz', { body: 'still here' });
      server.get('/', (_req, res) => {
        res.end('still here');
        block(flag);
      });
    });
    const worker = unblockingWorker(port, get('/') + get('/healthz'), 2, flag);
    setBlocked(flag);
    assert.equal((await received(worker)).match(/HTTP\/1\.1 200 OK/g)?.length, 2);
  });
}
