// What happens meanwhile: other answers, clients that go, handlers that fail, servers that close, a pool that is full.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import { AbortedError, type Handler, type ServerOptions } from 'millrace';

import { decoded, decodedPart, decodedSoFar, GZIP, lines, SLOW_TEXT } from '../helpers/compressed.js';
import { HeldRequests } from '../helpers/held-requests.js';
import { deferred, until } from '../helpers/promises.js';
import { get, head, post } from '../helpers/requests.js';
import { startHandler, startServer, type TestServer, untilRunning } from '../helpers/server.js';
import { startApp } from '../threads/fixtures/app-server.js';
import { Gate } from '../threads/fixtures/gate.js';

function start(t: TestContext, handler: Handler, options: ServerOptions = {}): Promise<TestServer> {
  return startHandler(t, handler, { compression: true, ...options });
}

/** Answers `/whole/N`, `/pieces/N`, `/late/N`, … with N bytes of text, in that way. */
const ways: Handler = async (req, res) => {
  const [, way, bytes] = req.path.split('/');
  const text = lines(Number(bytes));
  const half = text.length >> 1;
  res.header('Content-Type', way === 'other' ? 'image/png' : 'text/plain');
  switch (way) {
    case 'pieces':
      res.write(text.slice(0, half));
      await delay(Number(bytes) % 3);
      res.end(text.slice(half));
      return;
    case 'late':
      await delay(Number(bytes) % 4);
      res.end(text);
      return;
    case 'trailers':
      res.trailers({ 'X-Bytes': String(bytes) });
      res.end(text);
      return;
    default:
      res.end(text);
  }
};

const WAYS = ['whole', 'pieces', 'late', 'trailers', 'other'];
const SIZES = [0, 10, 2000, 5001, 40_002, 150_003, 700_000];

/** Targets of all ways and sizes, mixed. */
function mixed(): string[] {
  const targets = ['/canned'];
  for (let i = 0; i < SIZES.length * WAYS.length; i++)
    targets.push(`/${WAYS[i % WAYS.length]!}/${String(SIZES[(i * 3) % SIZES.length]!)}`);
  return targets;
}

async function asksAll(running: TestServer, asGzip: (i: number) => boolean): Promise<void> {
  const client = await running.connect();
  const targets = mixed();
  client.send(targets.map((target, i) => get(target, asGzip(i) ? GZIP : {})).join(''));
  for (const target of targets) {
    const answer = await client.answer();
    const [, way, bytes] = target.split('/');
    const expected = way === 'canned' ? 'canned' : lines(Number(bytes));
    assert.ok(decoded(answer).equals(Buffer.from(expected)), target);
    if (way === 'trailers') assert.deepEqual(answer.trailers, [['X-Bytes', bytes]]);
    if (way === 'other' || way === 'canned') assert.equal(answer.headers['vary'], undefined);
  }
}

test('pipelined requests are answered in their order, compressed, plain, whole, in pieces and natively', async (t) => {
  const running = await startServer(
    t,
    { compression: true },
    (server) => {
      server.reply('GET', '/canned', { body: 'canned' });
    },
    ways,
  );
  await asksAll(running, () => true);
  await asksAll(running, (i) => i % 2 === 0);
  await Promise.all(Array.from({ length: 8 }, (_, n) => asksAll(running, (i) => (i + n) % 3 !== 0)));
  await until('nothing is held', () => running.server.stats().bytes.buffered === 0);
});

for (const workers of [1, 3]) {
  test(`with ${String(workers)} workers and room for one job everything is answered, compressed or as it is`, async (t) => {
    const running = await startServer(
      t,
      { compression: { level: 9 }, workers, limits: { workerQueue: 1 } },
      (server) => {
        server.reply('GET', '/canned', { body: 'canned' });
      },
      ways,
    );
    await Promise.all(Array.from({ length: 24 }, () => asksAll(running, () => true)));
    const stats = running.server.stats();
    assert.ok(stats.workers.rejected > 0 && stats.workers.completed > 0, JSON.stringify(stats.workers));
    assert.equal(stats.requests.overload, 0);
    await until('nothing is held', () => running.server.stats().bytes.buffered === 0);
  });
}

test('what is compressed is ready behind an older request that takes its time', async (t) => {
  const held = new HeldRequests();
  const handler: Handler = (req, res) => (req.path === '/held' ? held.handler(req, res) : ways(req, res));
  const { server, connect } = await start(t, handler);
  const client = await connect();
  client.send(
    get('/held') + get('/whole/50000', GZIP) + get('/pieces/50000', GZIP) + get('/trailers/9000', GZIP),
  );
  await until('the pool has done its work', () => server.stats().workers.completed >= 3);
  await delay(10);
  held.answer('/held');
  assert.equal((await client.answer()).text, '/held');
  for (const bytes of [50_000, 50_000, 9000]) {
    const answer = await client.answer();
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.equal(decoded(answer).toString(), lines(bytes));
  }
  assert.equal(server.stats().bytes.buffered, 0);
});

test('Connection: close is kept, and said once', async (t) => {
  const { connect } = await start(t, ways);
  for (const target of ['/whole/9000', '/pieces/9000', '/trailers/9000']) {
    const client = await connect();
    const answer = await client.ask(get(target, { ...GZIP, Connection: 'close' }));
    assert.equal(answer.headers['connection'], 'close');
    assert.equal(decoded(answer).toString(), lines(9000));
    await client.ended();
  }
});

test('a client that has said FIN gets its answers, and then the end', async (t) => {
  const { connect } = await start(t, ways);
  const client = await connect({ allowHalfOpen: true });
  client.send(get('/whole/300000', GZIP) + get('/pieces/300000', GZIP)).finish();
  for (const answer of await client.answers(2)) assert.equal(decoded(answer).toString(), lines(300_000));
  await client.ended();
});

test('an answer to a request whose body nobody has read comes whole', async (t) => {
  const { connect } = await start(t, (_req, res) => {
    res.text(lines(50_000));
  });
  for (const request of [
    post('/', 'x'.repeat(200_000), GZIP),
    head('POST', '/', { ...GZIP, 'Content-Length': '900000' }),
  ]) {
    const client = await connect();
    assert.equal(decoded(await client.ask(request)).toString(), lines(50_000));
  }
});

test('a body that turns out bad while the answer waits for the pool: the answer, and then the end', async (t) => {
  const handler: Handler = (req, res) => {
    res.text(req.method === 'GET' ? SLOW_TEXT : lines(50_000));
  };
  const { server, connect } = await start(t, handler, { workers: 1, compression: { level: 9 } });
  server.on('error', () => undefined);
  const [busy, client] = [await connect(), await connect()];
  busy.send(get('/', GZIP).repeat(8));
  await until('the pool is busy', () => server.stats().workers.queued > 4);
  client.send(head('POST', '/', { ...GZIP, 'Transfer-Encoding': 'chunked' }) + '5\r\nhello\r\n');
  await until('its answer waits', () => {
    const { completed, active, queued } = server.stats().workers;
    return completed + active + queued === 9 && queued > 0;
  });
  client.send('no chunk\r\n');
  const answer = await client.answer();
  assert.deepEqual([answer.status, decoded(answer).length], [200, 50_000]);
  await until('the end', () => client.isEnded);
  for (const { body } of await busy.answers(8)) assert.ok(body.length > 0);
});

test('reading what is left of a body behind the answer ends, one way or the other', async (t) => {
  const read: unknown[] = [];
  const handler: Handler = async (req, res) => {
    res.text(lines(3_000_000));
    try {
      read.push((await req.buffer()).length);
    } catch (error) {
      read.push((error as { code?: unknown }).code);
    }
  };
  const { server, connect } = await start(t, handler, { compression: { level: 9 } });
  const [early, late] = [await connect(), await connect()];
  early.send(head('POST', '/', { ...GZIP, 'Content-Length': '100000' }) + 'x'.repeat(50_000));
  late.send(head('POST', '/', { ...GZIP, 'Content-Length': '100000' }) + 'x'.repeat(50_000));
  await untilRunning(server, 2);
  early.send('x'.repeat(50_000));
  for (const client of [early, late]) assert.equal(decoded(await client.answer()).length, 3_000_000);
  await until('both have been read', () => read.length === 2);
  assert.ok(
    read.every((result) => result === 100_000 || result === 'ERR_MILLRACE_ABORTED'),
    String(read),
  );
});

test('clients that vanish in the middle leave nothing behind, and the pool skips what nobody waits for', async (t) => {
  const aborted: unknown[] = [];
  const text = lines(2_000_000);
  const handler: Handler = async (req, res) => {
    res.header('Content-Type', 'text/plain');
    if (req.path === '/whole') {
      res.end(text);
      return;
    }
    try {
      for (let i = 0; i < 100; i++) {
        if (!res.write(text.slice(0, 200_000))) await res.drained();
        await delay(0);
      }
      res.end();
    } catch (error) {
      aborted.push(error);
      throw error;
    }
  };
  const { server, connect } = await start(t, handler, { workers: 1 });
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push(error));
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect()));
    clients.forEach((client, i) =>
      client.send(get(i % 2 === 0 ? '/whole' : '/pieces', GZIP).repeat(1 + (i % 3))),
    );
    if (round % 2 === 0) await Promise.all(clients.slice(0, 4).map((client) => client.receive(1)));
    else await delay(round);
    for (const [i, client] of clients.entries()) {
      if (i % 2 === 0) client.reset();
      else client.destroy();
    }
  }
  await until('all are gone', () => server.stats().connections.open === 0);
  await until(
    'nothing is held',
    () => server.stats().bytes.buffered === 0 && server.stats().workers.active === 0,
  );
  assert.ok(aborted.every((error) => error instanceof AbortedError));
  assert.deepEqual(errors, []);
  const client = await connect();
  assert.equal(decoded(await client.ask(get('/whole', GZIP))).length, text.length);
});

test('a handler that throws behind its first piece ends the connection without the last chunk', async (t) => {
  const { server, connect } = await start(t, async (_req, res) => {
    res.header('Content-Type', 'text/plain').write(lines(20_000));
    await delay(1);
    throw new Error('on purpose');
  });
  server.on('error', () => undefined);
  const client = await connect();
  await assert.rejects(client.ask(get('/', GZIP)), { name: 'NoAnswer' });
  await client.readUntil('\r\n\r\n');
  assert.ok(!client.unread.includes('\r\n0\r\n\r\n'));
  const read = decodedSoFar(client).toString();
  assert.ok(lines(20_000).startsWith(read));
});

test('and one of HTTP/1.0 sees that it is half an answer', async (t) => {
  const arrived = deferred();
  const { server, connect } = await start(t, async (_req, res) => {
    res.header('Content-Type', 'text/plain').write(lines(20_000));
    await arrived.promise;
    throw new Error('on purpose');
  });
  server.on('error', () => undefined);
  const client = await connect();
  let reset = false;
  client.socket.once('error', () => (reset = true));
  client.send('GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n');
  // Where bytes and the reset come together, libuv tells of an orderly end behind the bytes.
  await client.readUntil('\r\n\r\n');
  await until('it has half of it', () => decodedPart(client.unread).length === 20_000);
  arrived.resolve();
  await until('it has ended', () => client.isEnded);
  assert.ok(reset);
});

test('a handler that throws when all is given has answered', async (t) => {
  const { server, connect } = await start(t, (_req, res) => {
    res.text(lines(100_000));
    throw new Error('on purpose');
  });
  let errors = 0;
  server.on('error', () => errors++);
  const answer = await (await connect()).ask(get('/', GZIP));
  assert.equal(decoded(answer).toString(), lines(100_000));
  assert.equal(errors, 1);
});

test('handlerMs is the handler’s time, and not that of the pool', async (t) => {
  const handlerMs = 300;
  const { server, connect } = await start(
    t,
    (_req, res) => {
      res.text(SLOW_TEXT);
    },
    { workers: 1, compression: { level: 9 }, timeouts: { handlerMs } },
  );
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
  const started = performance.now();
  for (const client of clients) client.send(get('/', GZIP));
  for (const client of clients) {
    const answer = await client.answer();
    assert.equal(answer.status, 200);
    assert.equal(decoded(answer).length, SLOW_TEXT.length);
  }
  assert.ok(performance.now() - started > handlerMs, 'the pool was quicker than that: it needs more to do');
  assert.equal(server.stats().requests.timedOut, 0);
});

test('close() waits for what is compressed', async (t) => {
  const text = lines(3_000_000);
  const { server, connect } = await start(t, async (req, res) => {
    if (req.path === '/whole') {
      res.text(text);
      return;
    }
    res.header('Content-Type', 'text/plain').write(text);
    await delay(20);
    res.end(text);
  });
  const [whole, pieces] = [await connect(), await connect()];
  whole.send(get('/whole', GZIP));
  pieces.send(get('/pieces', GZIP));
  await untilRunning(server, 2);
  const closed = server.close({ graceMs: 20_000 });
  const answers = await Promise.all([whole.answer(), pieces.answer()]);
  assert.equal(decoded(answers[0]).length, text.length);
  assert.equal(decoded(answers[1]).length, 2 * text.length);
  assert.equal((await closed).aborted, 0);
  await Promise.all([whole.ended(), pieces.ended()]);
});

test('close() at once drops what is compressed, and ends', async (t) => {
  const text = lines(6_000_000);
  for (let round = 0; round < 5; round++) {
    const { server, connect } = await start(
      t,
      (req, res) => {
        if (req.path === '/whole') {
          res.text(text);
          return;
        }
        res.header('Content-Type', 'text/plain').write(text);
      },
      { compression: { level: 9 }, workers: 2 },
    );
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect()));
    for (const [i, client] of clients.entries()) client.send(get(i % 2 === 0 ? '/whole' : '/pieces', GZIP));
    await untilRunning(server, clients.length);
    await server.close({ graceMs: 0 });
    await until('all have ended', () => clients.every((client) => client.isEnded));
  }
});

test('what a handler thread had given when it ended is sent, and half of it is never taken for a whole', async (t) => {
  const gate = new Gate();
  const options = { compression: true, threads: 2, workerData: gate.words };
  const { server, connect } = await startApp(t, '../../threads/fixtures/compressible', options);
  const whole = await connect();
  whole.send(get('/whole-and-exit', GZIP));
  assert.equal(decoded(await whole.answer()).toString(), lines(100_000));
  const half = await connect();
  half.send(get('/half-and-exit', GZIP));
  await until('it waits', () => gate.entered === 1);
  gate.open();
  await assert.rejects(half.answer(), { name: 'NoAnswer' });
  await until('it has ended', () => half.isEnded);
  assert.ok(!half.unread.includes('\r\n0\r\n\r\n'));
  await until('there are two again', () => server.stats().threads.every(({ state }) => state === 'running'));
  const pieces = await connect();
  const reading = pieces.ask(get('/pieces', GZIP));
  await server.restartThreads();
  assert.equal(decoded(await reading).length, 20 * 4_000_000);
  assert.equal(server.stats().requests.lost, 1);
});
