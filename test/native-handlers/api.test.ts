// What a native handler can read and say, function by function.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NativeOptions, Server } from 'millrace';

import { compileLibrary } from '../helpers/c-library.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { startServer, type TestServer } from '../helpers/server.js';

const library = compileLibrary('test/native-handlers/handlers.c', { name: 'handlers-api' });
const handler = (name: string): NativeOptions => ({ library, symbol: `test_${name}` });

/** Lines `name=value` of an answer, in their order. */
const lines = (text: string): string[] => text.trimEnd().split('\n');

function addAll(server: Server): void {
  server
    .native('GET', '/users/:id/files/*', handler('tell'))
    .native('POST', '/users/:id', handler('tell'))
    .native('GET', '*', handler('tell'))
    .native('POST', '/sum', handler('sum'))
    .native('GET', '/copied', handler('fill'))
    .native('GET', '/taken', handler('fill'))
    .native('GET', '/replace', handler('replace'))
    .native('GET', '/balance', handler('balance'))
    .native('GET', '/status', handler('status'))
    .native('GET', '/fields', handler('fields'))
    .native('GET', '/closing', handler('closing'));
}

const start = (t: Parameters<typeof startServer>[0]): Promise<TestServer> => startServer(t, {}, addAll);

test('a handler reads all of a request', async (t) => {
  const client = await (await start(t)).connect();
  const request = get('/users/caf%C3%A9%2Fx/files/a%20b/c?q=%31&r', {
    'X-List': ['one', 'two'],
    Cookie: ['a=1', 'b=2'],
    Referer: ['first', 'second'],
    'X-Empty': '',
  });
  const answer = await client.ask(request);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'text/plain');
  assert.deepEqual(lines(answer.text), [
    'version=1',
    'complete=1',
    'method=GET',
    'target=/users/caf%C3%A9%2Fx/files/a%20b/c?q=%31&r',
    'path=/users/caf%C3%A9%2Fx/files/a%20b/c',
    'query=q=%31&r',
    'id=café/x',
    'id=café/x',
    'rest=a b/c',
    'unknown=(none)',
    'null=(none)',
    'x-list=one, two',
    'x-list=one, two',
    'cookie=a=1; b=2',
    'referer=first',
    'x-empty=',
    'x-absent=(none)',
    'Host=test',
    'X-List=one',
    'X-List=two',
    'Cookie=a=1',
    'Cookie=b=2',
    'Referer=first',
    'Referer=second',
    'X-Empty=',
    'behind=2',
    'body=',
    'address=127.0.0.1',
    'port=1',
    'cancelled=0',
  ]);
});

const TARGETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'GET http://test?q': { target: 'http://test?q', path: '/', query: 'q', rest: '/' },
  'GET /a/b': { target: '/a/b', path: '/a/b', query: '', rest: '/a/b' },
  'GET /a?': { target: '/a?', path: '/a', query: '' },
  'GET /users/%ff/files/': { path: '/users/%ff/files/', id: '%ff', rest: '' },
  'GET /users/%ed%a0%80/files/x': { id: '%ed%a0%80' },
  'GET /users/%f0%9f%98%80/files/x': { id: '😀' },
  'GET /users/%C0%AF/files/%E2%82%AC': { id: '%C0%AF', rest: '€' },
  'POST /users/7': { method: 'POST', id: '7', rest: '(none)' },
};

for (const [line, expected] of Object.entries(TARGETS)) {
  test(`${line} is ${JSON.stringify(expected)}`, async (t) => {
    const client = await (await start(t)).connect();
    const [method, target] = line.split(' ') as [string, string];
    const told = lines((await client.ask(head(method, target))).text);
    for (const [name, value] of Object.entries(expected))
      assert.ok(told.includes(`${name}=${value}`), told.join());
  });
}

test('a handler reads the body, also of chunks', async (t) => {
  const client = await (await start(t)).connect();
  assert.ok(lines((await client.ask(post('/users/1', 'some text'))).text).includes('body=some text'));
  const chunked = await client.ask(postChunked('/users/1', ['some', ' ', 'text']));
  assert.ok(lines(chunked.text).includes('body=some text'));
});

/** FNV-1a, as in the handler. */
function sumOf(body: Uint8Array): string {
  let hash = 2_166_136_261;
  for (const byte of body) hash = Math.imul(hash ^ byte, 16_777_619) >>> 0;
  return `${String(body.length)} ${String(hash)}`;
}

const KIB = 1024;
const SIZES = [0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 64 * KIB, 256 * KIB, 256 * KIB + 1, 900 * KIB];

for (const size of SIZES) {
  test(`a body of ${String(size)} bytes comes whole, with its length and in chunks`, async (t) => {
    const client = await (await start(t)).connect();
    const body = Buffer.alloc(size);
    for (let i = 0; i < size; i++) body[i] = (i * 7 + (i >> 8)) % 256;
    const text = body.toString('latin1');
    assert.equal((await client.ask(post('/sum', text))).text, sumOf(body));
    const chunks = [];
    for (let from = 0; from < size; from += 10_000) chunks.push(text.slice(from, from + 10_000));
    assert.equal((await client.ask(postChunked('/sum', chunks))).text, sumOf(body));
    assert.equal((await client.stillServes(post('/sum', 'x'))).text, sumOf(Buffer.from('x')));
  });
}

test('a client that asks is told to continue, and its body comes', async (t) => {
  const client = await (await start(t)).connect();
  client.send(head('POST', '/sum', { 'Content-Length': '5', Expect: '100-continue' }));
  await client.readUntil('HTTP/1.1 100 Continue\r\n\r\n');
  assert.equal((await client.ask('hello')).text, sumOf(Buffer.from('hello')));
});

test('an answer comes whole, copied or taken over', async (t) => {
  const server = await start(t);
  const client = await server.connect();
  for (const size of [0, 1, 16 * KIB, 16 * KIB + 1, 3_000_000]) {
    for (const how of ['copied', 'taken']) {
      const { status, headers, body } = await client.ask(get(`/${how}?${String(size)}`));
      assert.equal(status, 200);
      assert.equal(headers['content-length'], String(size));
      assert.equal(body.length, size);
      assert.ok(body.every((byte, i) => byte === 97 + (i % 26)));
    }
  }
  const [taken, released] = lines((await client.ask(get('/balance'))).text);
  assert.match(taken!, /^taken=[1-9]/);
  assert.equal(released!.replace('released', 'taken'), taken, 'what was taken over has been released, once');
});

test('the last body counts, what is appended comes behind it, and none is forgotten', async (t) => {
  const client = await (await start(t)).connect();
  assert.equal((await client.ask(get('/replace'))).text, 'third, and more');
  const [taken, released] = lines((await client.ask(get('/balance'))).text);
  assert.equal(released!.replace('released', 'taken'), taken);
});

for (const [status, code] of [
  [200, 0],
  [404, 0],
  [599, 0],
  [999, 0],
  [199, 3],
  [100, 3],
  [0, 3],
  [-1, 3],
  [1000, 3],
  [65_736, 3],
] as const) {
  test(`set_status(${String(status)}) gives ${String(code)}`, async (t) => {
    const client = await (await start(t)).connect();
    const answer = await client.ask(get(`/status?${String(status)}`));
    assert.equal(answer.text, `code=${String(code)}\n`);
    assert.equal(answer.status, code === 0 ? status : 200);
  });
}

for (const status of [204, 304]) {
  test(`${String(status)} has no body, whatever the handler says`, async (t) => {
    const client = await (await start(t)).connect();
    const answer = await client.ask(get(`/status?${String(status)}`));
    assert.equal(answer.status, status);
    assert.equal(answer.body.length, 0);
    assert.equal((await client.stillServes(get('/status?200'))).status, 200);
  });
}

test('fields that would do harm are refused with a code, and the others are sent', async (t) => {
  const client = await (await start(t)).connect();
  const answer = await client.ask(get('/fields'));
  assert.deepEqual(lines(answer.text), [
    'X-Good=0',
    'X-Good=0',
    'X-Empty=0',
    'X-Latin=0',
    'X-Tab=0',
    'X-Cr=5',
    'X-Lf=5',
    'X-Nul=5',
    'X-Del=5',
    'X Space=4',
    'X-Colon:=4',
    '=4',
    '(null)=2',
    'X-Null=2',
    'Content-Length=6',
    'content-length=6',
    'Transfer-Encoding=6',
    'Keep-Alive=6',
    'Upgrade=6',
    'Trailer=6',
    'Connection=6',
    'Content-Type=0',
    'content-TYPE=7',
    'Date=0',
    'large=8',
  ]);
  assert.deepEqual(
    answer.fields.filter(([name]) => name !== 'Content-Length'),
    [
      ['X-Good', 'yes'],
      ['X-Good', 'twice'],
      ['X-Empty', ''],
      ['X-Latin', 'é'],
      ['X-Tab', 'a\tb'],
      ['Content-Type', 'text/plain'],
      ['Date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ],
  );
});

test('an answer may end its connection', async (t) => {
  const client = await (await start(t)).connect();
  assert.equal((await client.ask(get('/closing'))).headers['connection'], 'close');
  assert.equal(await client.ended(), 'fin');
});

test('HEAD runs what GET has, and gets no body', async (t) => {
  const client = await (await start(t)).connect();
  for (const size of [10, 100_000]) {
    const answer = await client.ask(head('HEAD', `/copied?${String(size)}`), { head: true });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-length'], String(size));
    assert.equal(answer.body.length, 0);
  }
  const told = await client.ask(head('HEAD', '/status?201'), { head: true });
  assert.equal(told.status, 201);
  assert.equal((await client.stillServes(get('/status?200'))).status, 200);
});

test('other methods of the path are 405, and OPTIONS knows it', async (t) => {
  const client = await (
    await startServer(t, {}, (server) => server.native('POST', '/sum', handler('sum')))
  ).connect();
  assert.equal((await client.ask(get('/sum'))).headers['allow'], 'OPTIONS, POST');
  assert.equal((await client.ask(head('OPTIONS', '/sum'))).headers['allow'], 'OPTIONS, POST');
});

test('HTTP/1.0 is answered as it asks', async (t) => {
  const server = await start(t);
  const client = await server.connect();
  const kept = await client.ask('GET /copied?3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  assert.equal(kept.headers['connection'], 'keep-alive');
  assert.equal((await client.ask('GET /copied?3 HTTP/1.0\r\n\r\n')).text, 'abc');
  assert.equal(await client.ended(), 'fin');
});
