import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import type { Handler, LimitOptions } from 'millrace';

import type { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startHandler, startServer, type TestServer } from '../helpers/server.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const ANSWER = Buffer.alloc(256 * KIB, 'x');

/** Waits until a figure has not changed for a while. */
async function settled(figure: () => number): Promise<number> {
  const STILL_MS = 150;
  let last = figure();
  for (let still = performance.now(); performance.now() - still < STILL_MS;) {
    await delay(10);
    if (figure() === last) continue;
    last = figure();
    still = performance.now();
  }
  return last;
}

const LIMITS: LimitOptions = { unsentBytes: 64 * KIB, pipelineDepth: 4 };
const REQUESTS = 200;

async function withoutReading(running: TestServer, request: string): Promise<Client> {
  const client = await running.connect();
  client.socket.pause();
  client.send(request.repeat(REQUESTS));
  return client;
}

for (const [who, path] of [
  ['handlers', '/handler'],
  ['reply()', '/native'],
] as const) {
  test(`a client that does not read is not answered without end by ${who}, and gets everything when it reads`, async (t) => {
    const running = await startServer(t, { limits: LIMITS }, (server) => {
      server.get('/handler', (_req, res) => {
        res.end(ANSWER);
      });
      server.reply('GET', '/native', { body: ANSWER });
    });
    const before = process.memoryUsage().rss;
    const client = await withoutReading(running, get(path));
    const answered = await settled(() => running.server.stats().requests.answered);
    const { bytes } = running.server.stats();
    // What the sockets take is the kernel's; beyond it at most the limit, and the answers that were under way.
    assert.ok(answered < REQUESTS / 2, `${String(answered)} of ${String(REQUESTS)} answers were made`);
    assert.ok(
      bytes.buffered <= 64 * KIB + 5 * (ANSWER.length + KIB),
      `${String(bytes.buffered)} bytes are held`,
    );
    assert.ok(process.memoryUsage().rss - before < 64 * MIB);
    client.socket.resume();
    for (let n = 0; n < REQUESTS; n++) assert.equal((await client.answer()).body.length, ANSWER.length);
    await until('nothing is held', () => running.server.stats().bytes.buffered === 0);
  });
}

test('small answers that nobody reads stop the reading of requests, too', async (t) => {
  const running = await startServer(t, { limits: { unsentBytes: 16 * KIB } }, (server) =>
    server.reply('GET', '/', { body: 'x'.repeat(2000) }),
  );
  const client = await running.connect();
  client.socket.pause();
  const COUNT = 20_000;
  client.send(get('/').repeat(COUNT));
  const answered = await settled(() => running.server.stats().requests.answered);
  assert.ok(answered < COUNT, `all ${String(COUNT)} answers were made`);
  assert.ok(running.server.stats().bytes.buffered < 2 * MIB);
  client.socket.resume();
  for (let n = 0; n < COUNT; n++) assert.equal((await client.answer()).body.length, 2000);
});

test('a client that does not read holds up nobody else', async (t) => {
  const running = await startHandler(
    t,
    (_req, res) => {
      res.end(ANSWER);
    },
    { limits: LIMITS },
  );
  await withoutReading(running, get('/'));
  await settled(() => running.server.stats().requests.answered);
  const other = await running.connect();
  for (let n = 0; n < 20; n++) assert.equal((await other.ask(get('/'))).body.length, ANSWER.length);
});

test('limits.bufferedBytes: when unsent answers fill it, further requests are 503 until there is room', async (t) => {
  const handler: Handler = (_req, res) => {
    res.end(ANSWER);
  };
  const limits = { bufferedBytes: MIB, unsentBytes: 100 * MIB };
  const running = await startHandler(t, handler, { limits });
  const hungry = await withoutReading(running, get('/'));
  await until('it is full', () => running.server.stats().bytes.buffered >= MIB);
  await settled(() => running.server.stats().requests.answered);
  assert.ok(running.server.stats().bytes.buffered < 40 * MIB, String(running.server.stats().bytes.buffered));
  const other = await running.connect();
  const answer = await other.ask(get('/'));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '1');
  assert.ok(running.server.stats().requests.overload > 0);
  hungry.destroy();
  await until('there is room', () => running.server.stats().bytes.buffered === 0);
  assert.equal((await other.ask(get('/'))).status, 200);
});

test('writeMs: a client that takes nothing of its answer is cut off', async (t) => {
  const running = await startHandler(
    t,
    (_req, res) => {
      res.end(ANSWER);
    },
    {
      limits: LIMITS,
      timeouts: { writeMs: 200 },
    },
  );
  await withoutReading(running, get('/'));
  await until('it holds bytes', () => running.server.stats().bytes.buffered > 0);
  const started = performance.now();
  await until('it is cut off', () => running.server.stats().connections.open === 0);
  assert.ok(performance.now() - started > 100);
  assert.equal(running.server.stats().bytes.buffered, 0);
});

/** Reads about `bytesPerTurn` every 20 ms until the connection ends or all has come. */
async function readSlowly(client: Client, bytesPerTurn: number, all: number): Promise<void> {
  while (!client.isEnded && client.unreadBytes < all) {
    client.socket.resume();
    await client.receive(Math.min(client.unreadBytes + bytesPerTurn, all));
    client.socket.pause();
    await delay(20);
  }
}

const BIG = 24 * MIB;

test('limits.minBytesPerSecond: a reader that is too slow is cut off although it makes progress', async (t) => {
  const running = await startHandler(
    t,
    (_req, res) => {
      res.end(Buffer.alloc(BIG));
    },
    {
      limits: { minBytesPerSecond: 2 ** 30 },
      timeouts: { writeMs: 300 },
    },
  );
  const client = await running.connect();
  client.socket.pause();
  client.send(get('/'));
  await readSlowly(client, 64 * KIB, BIG);
  assert.ok(client.unreadBytes < BIG, 'it got everything');
  assert.equal(running.server.stats().connections.open, 0);
});

test('a slow reader that is fast enough gets everything, however long it takes', async (t) => {
  const running = await startHandler(
    t,
    (_req, res) => {
      res.end(Buffer.alloc(BIG));
    },
    {
      timeouts: { writeMs: 500, keepAliveMs: 100 },
    },
  );
  const client = await running.connect();
  client.socket.pause();
  client.send(get('/'));
  await readSlowly(client, 256 * KIB, BIG);
  client.socket.resume();
  assert.equal((await client.answer()).body.length, BIG);
});
