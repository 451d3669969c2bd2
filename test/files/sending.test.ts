// Files on their way: clients that are old, slow or gone, and files that change meanwhile.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import type { Client } from '../helpers/client.js';
import { numberedBytes, startFiles, type FileServer } from '../helpers/files.js';
import { until } from '../helpers/promises.js';
import { get, head } from '../helpers/requests.js';

/** More than the kernel takes for a client that does not read. */
const HUGE = 48 * 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Asks for a file and reads nothing, until the server is held up. */
async function heldUp({ server }: FileServer, client: Client, request: string): Promise<void> {
  client.socket.pause();
  client.send(request);
  let before = -1;
  for (;;) {
    const { sent } = server.stats().bytes;
    if (sent > 0 && sent === before) break;
    before = sent;
    await delay(100);
  }
  assert.ok(server.stats().bytes.sent < HUGE);
}

test('a slow reader gets every byte of a large file, and nothing of it is held in memory', async (t) => {
  const contents = numberedBytes(HUGE);
  const files = await startFiles(t, { 'a.bin': contents, 'b.txt': 'small' });
  const client = await files.connect();
  await heldUp(files, client, get('/a.bin') + get('/b.txt'));
  assert.ok(files.server.stats().bytes.buffered < 1024 * 1024);
  const other = await files.connect();
  assert.equal((await other.ask(get('/b.txt'))).text, 'small');
  client.socket.resume();
  await client.receive(1_000_000);
  client.socket.pause();
  await delay(100);
  client.socket.resume();
  const answer = await client.answer();
  assert.equal(sha256(answer.body), sha256(contents));
  assert.equal((await client.answer()).text, 'small');
});

test('ranges of a large file come right to a slow reader, too', async (t) => {
  const contents = numberedBytes(HUGE);
  const files = await startFiles(t, { 'a.bin': contents });
  const client = await files.connect();
  const first = 1_000_001;
  await heldUp(files, client, get('/a.bin', { Range: `bytes=${String(first)}-` }));
  client.socket.resume();
  assert.equal(sha256((await client.answer()).body), sha256(contents.subarray(first)));
});

// To nothing: of one that is cut elsewhere the kernel zeroes what it shares a folio with, also where that is on its way.
test('a file that is emptied while it is sent ends its connection: what comes is right, and too short', async (t) => {
  const contents = numberedBytes(HUGE);
  const files = await startFiles(t, { 'a.bin': contents, 'b.txt': 'small' });
  const client = await files.connect();
  await heldUp(files, client, get('/a.bin') + get('/b.txt'));
  truncateSync(join(files.folder, 'a.bin'), 0);
  client.socket.resume();
  const headText = await client.readUntil('\r\n\r\n');
  assert.match(headText, new RegExp(`Content-Length: ${String(HUGE)}\r\n`));
  await client.receive(HUGE);
  assert.ok(client.isEnded && client.unreadBytes < HUGE);
  assert.ok(client.unread.equals(contents.subarray(0, client.unreadBytes)));
  const other = await files.connect();
  assert.equal((await other.ask(get('/a.bin'))).headers['content-length'], '0');
  await until('the other connection alone is open', () => files.server.stats().connections.open === 1);
});

test('a file that shrinks while it is sent ends its connection', async (t) => {
  const files = await startFiles(t, { 'a.bin': numberedBytes(HUGE) });
  const client = await files.connect();
  await heldUp(files, client, get('/a.bin').repeat(2));
  truncateSync(join(files.folder, 'a.bin'), 100_000);
  client.socket.resume();
  await client.receive(HUGE);
  assert.ok(client.isEnded && client.unreadBytes < HUGE);
  await until('nobody is connected', () => files.server.stats().connections.open === 0);
});

test('a file that grows while it is sent comes with the length that was told', async (t) => {
  const contents = numberedBytes(HUGE);
  const files = await startFiles(t, { 'a.bin': contents });
  const client = await files.connect();
  await heldUp(files, client, get('/a.bin'));
  appendFileSync(join(files.folder, 'a.bin'), 'more');
  client.socket.resume();
  assert.equal(sha256((await client.answer()).body), sha256(contents));
  const answer = await client.ask(get('/a.bin', { Range: 'bytes=-4' }));
  assert.equal(answer.text, 'more');
});

test('a file that is deleted while it is sent comes whole', async (t) => {
  const contents = numberedBytes(HUGE);
  const files = await startFiles(t, { 'a.bin': contents });
  const client = await files.connect();
  await heldUp(files, client, get('/a.bin'));
  unlinkSync(join(files.folder, 'a.bin'));
  client.socket.resume();
  assert.equal(sha256((await client.answer()).body), sha256(contents));
  assert.equal((await client.ask(get('/a.bin'))).status, 404);
});

for (const way of ['reset', 'destroy'] as const) {
  test(`clients that go in the middle of a file (${way}) leave nothing behind`, async (t) => {
    const files = await startFiles(t, { 'a.bin': numberedBytes(HUGE), 'b.txt': 'small' });
    for (let i = 0; i < 5; i++) {
      const client = await files.connect();
      client.send(get('/a.bin'));
      await client.receive(100_000);
      client[way]();
    }
    await until('all are gone', () => files.server.stats().connections.open === 0);
    assert.equal(files.server.stats().bytes.buffered, 0);
    assert.equal((await (await files.connect()).ask(get('/b.txt'))).text, 'small');
  });
}

test('clients that go while their file is looked for leave nothing behind', async (t) => {
  const tree = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${String(i)}.txt`, 'x']));
  const files = await startFiles(t, tree);
  for (let i = 0; i < 50; i++) (await files.connect()).send(get(`/${String(i)}.txt`).repeat(3)).reset();
  await until('all are gone', () => files.server.stats().connections.open === 0);
  assert.equal((await (await files.connect()).ask(get('/0.txt'))).text, 'x');
});

test('a client that ends its side at once gets its file all the same', async (t) => {
  const contents = numberedBytes(1_000_000);
  const files = await startFiles(t, { 'a.bin': contents });
  const client = await files.connect({ allowHalfOpen: true });
  client.send(get('/a.bin')).finish();
  assert.ok((await client.answer()).body.equals(contents));
  assert.equal(await client.ended(), 'fin');
});

for (const bytes of [0, 100, 100_000]) {
  test(`a client of HTTP/1.0 gets a file of ${String(bytes)} bytes, and the end of the connection`, async (t) => {
    const contents = numberedBytes(bytes);
    const { connect } = await startFiles(t, { 'a.bin': contents });
    for (let i = 0; i < 2; i++) {
      const client = await connect();
      const answer = await client.ask('GET /a.bin HTTP/1.0\r\n\r\n');
      assert.ok(answer.body.equals(contents));
      assert.equal(await client.ended(), 'fin');
    }
  });

  test(`Connection: close is obeyed behind a file of ${String(bytes)} bytes`, async (t) => {
    const { connect } = await startFiles(t, { 'a.bin': numberedBytes(bytes) });
    const client = await connect();
    const answer = await client.ask(get('/a.bin', { Connection: 'close' }) + get('/a.bin'));
    assert.equal(answer.headers['connection'], 'close');
    assert.equal(answer.body.length, bytes);
    assert.equal(await client.ended(), 'fin');
  });
}

test('a server that closes sends what it has begun to send', async (t) => {
  const contents = numberedBytes(HUGE);
  const files = await startFiles(t, { 'a.bin': contents });
  const client = await files.connect();
  await heldUp(files, client, get('/a.bin'));
  const closed = files.server.close({ graceMs: 60_000 });
  client.socket.resume();
  assert.equal(sha256((await client.answer()).body), sha256(contents));
  assert.equal((await closed).aborted, 0);
});

test('twenty clients at once get the same large file, each all of it', async (t) => {
  const contents = numberedBytes(3_000_000);
  const files = await startFiles(t, { 'a.bin': contents });
  const clients = await Promise.all(Array.from({ length: 20 }, () => files.connect()));
  const answers = await Promise.all(clients.map((client) => client.ask(get('/a.bin'))));
  for (const { body } of answers) assert.ok(body.equals(contents));
});

test('HEAD of a large file sends no byte of it', async (t) => {
  const files = await startFiles(t, { 'a.bin': numberedBytes(HUGE) });
  const client = await files.connect();
  const answer = await client.ask(head('HEAD', '/a.bin'), { head: true });
  assert.equal(answer.headers['content-length'], String(HUGE));
  assert.equal((await client.stillServes(get('/none'))).status, 404);
});
