// Bodies, streams and upgraded connections in handler threads.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { until } from '../helpers/promises.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';

const MIB = 1024 * 1024;
const GZIP = { 'Content-Encoding': 'gzip' };
const SIZES = [0, 1, 16 * 1024, 16 * 1024 + 1, 100_000, MIB];

function textOf(length: number): string {
  let text = '';
  for (let n = 0; text.length < length; n++) text += `${String(n)},`;
  return text.slice(0, length);
}

const EXPECTED: Readonly<Record<string, (text: string) => string>> = {
  '/echo': (text) => text,
  '/through': (text) => text,
  '/hash': (text) => createHash('sha256').update(text, 'latin1').digest('hex'),
};

for (const [path, expected] of Object.entries(EXPECTED)) {
  test(`${path}: bodies of all sizes, by length and in chunks, whole and in parts`, async (t) => {
    const { server, connect } = await startApp(t, 'bodies', { threads: 3 });
    const clients = await Promise.all(Array.from({ length: 3 }, () => connect()));
    for (const size of SIZES) {
      const text = textOf(size);
      const pieces = text.match(/.{1,5000}/gs) ?? [];
      for (const request of [post(path, text), postChunked(path, pieces)]) {
        const asked = clients.map(async (client, n) => {
          const cut = n === 0 ? request.length : request.indexOf('\r\n\r\n') + 4 + n;
          client.send(request.slice(0, cut));
          await delay(n);
          client.send(request.slice(cut));
          assert.ok((await client.answer()).text === expected(text), `${String(size)} bytes`);
        });
        await Promise.all(asked);
      }
    }
    await until('nothing is held', () => server.stats().bytes.buffered === 0);
  });
}

test('a body that is no JSON is 400, as in the thread of the server', async (t) => {
  const { server, connect } = await startApp(t, 'bodies');
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push(error));
  const client = await connect();
  assert.equal((await client.ask(post('/json', '{"a": 1}'))).text, '{"a":1}');
  assert.equal((await client.ask(post('/json', '{a: 1}'))).status, 400);
  await until('it has been told', () => errors.length === 1);
  assert.equal((errors[0] as { code: string }).code, 'ERR_MILLRACE_BODY_JSON');
});

test('a compressed body is decompressed, and a bad one answered, as in the thread of the server', async (t) => {
  const { connect } = await startApp(t, 'bodies', { decompression: { ratio: 10 } });
  const client = await connect();
  const text = textOf(100_000);
  const compressed = gzipSync(text).toString('latin1');
  for (const path of ['/echo', '/hash']) {
    assert.equal((await client.ask(post(path, compressed, GZIP))).text, EXPECTED[path]!(text));
    const others = await connect();
    assert.equal(
      (await others.ask(post(path, gzipSync('x'.repeat(MIB)).toString('latin1'), GZIP))).status,
      413,
    );
  }
  assert.equal((await client.ask(post('/echo', text, { 'Content-Encoding': 'br' }))).status, 415);
});

test('a stream is held back by a client that does not read, and nobody else is', async (t) => {
  const gate = new Gate();
  const { server, connect } = await startApp(t, 'bodies', { threads: 1, workerData: gate.words });
  const [slow, other] = [await connect(), await connect()];
  slow.socket.pause();
  slow.send(get('/pieces/256')); // 16 MiB
  await until('it is held back', () => gate.flag === 1);
  assert.equal((await other.ask(post('/echo', 'x'))).text, 'x');
  await delay(50);
  assert.ok(server.stats().bytes.buffered < 4 * MIB, `${String(server.stats().bytes.buffered)} bytes held`);
  slow.socket.resume();
  assert.equal((await slow.answer()).body.length, 256 * 64 * 1024);
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('request.signal tells that the client has gone', async (t) => {
  const gate = new Gate();
  const { connect } = await startApp(t, 'bodies', { threads: 2, workerData: gate.words });
  const client = await connect();
  client.send(get('/signal'));
  await until('the handler waits', () => gate.entered === 1);
  client.reset();
  await until('the handler knows', () => gate.flag === 2);
});

test('upgraded connections: bytes go both ways, until both sides have ended', async (t) => {
  const { server, connect } = await startApp(t, 'bodies', { threads: 2 });
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect({ allowHalfOpen: true })));
  const request = head('GET', '/raw', { Connection: 'Upgrade', Upgrade: 'echo' });
  await Promise.all(
    clients.map(async (client, n) => {
      client.send(request);
      assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1.1 101 /);
      for (const text of [`number ${String(n)}`, 'x'.repeat(300_000), '\0']) {
        client.send(`${text}|`);
        assert.ok((await client.readUntil('|')) === `${text}|`);
      }
    }),
  );
  const outstanding = (): number =>
    server.stats().threads.reduce((sum, thread) => sum + thread.outstanding, 0);
  assert.equal(outstanding(), clients.length, 'each belongs to a thread');
  for (const client of clients) assert.equal(await client.finish().ended(), 'fin');
  await until('they are over', () => outstanding() === 0 && server.stats().connections.open === 0);
});
