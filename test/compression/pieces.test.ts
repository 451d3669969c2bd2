// Answers that come in pieces: each of them can be read when it has been written.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';

import type { Handler, HttpResponse, ServerOptions } from 'millrace';

import { decoded, decodedSoFar, GZIP, lines } from '../helpers/compressed.js';
import { HeldRequests } from '../helpers/held-requests.js';
import { deferred, until } from '../helpers/promises.js';
import { get, head } from '../helpers/requests.js';
import { startHandler, type TestServer } from '../helpers/server.js';

const KIB = 1024;
const MIB = 1024 * KIB;

function start(t: TestContext, handler: Handler, options: ServerOptions = {}): Promise<TestServer> {
  return startHandler(t, handler, { compression: true, ...options });
}

const text = (res: HttpResponse): HttpResponse => res.header('Content-Type', 'text/plain');

test('each piece can be read before the next one is written, however small', async (t) => {
  const held = new HeldRequests();
  const { connect } = await start(t, held.handler);
  const client = await connect();
  client.send(get('/a', GZIP));
  await held.hasStarted('/a');
  const response = text(held.response('/a'));
  let written = '';
  for (const piece of ['a', 'bc', lines(3000), 'ü', 'x'.repeat(100_000), '.']) {
    response.write(piece);
    if (written === '') assert.match(await client.readUntil('\r\n\r\n'), /\r\nContent-Encoding: gzip\r\n/);
    written += piece;
    await until(
      `${String(written.length)} characters are there`,
      () => decodedSoFar(client).toString() === written,
    );
  }
  response.end();
  await client.readUntil('\r\n0\r\n\r\n');
  client.send(get('/b'));
  await held.hasStarted('/a', '/b');
  held.answer('/b');
  assert.equal((await client.answer()).text, '/b');
});

test('pieces make one stream of gzip, in chunks, with no length', async (t) => {
  const { connect } = await start(t, async (_req, res) => {
    text(res);
    for (let i = 0; i < 50; i++) {
      res.write(`${String(i)}\n`);
      if (i % 7 === 0) await delay(1);
    }
    res.end('the end');
  });
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    const answer = await client.ask(get('/', GZIP));
    assert.equal(answer.headers['vary'], 'Accept-Encoding');
    assert.equal(answer.headers['transfer-encoding'], 'chunked');
    assert.equal(
      decoded(answer).toString(),
      `${Array.from({ length: 50 }, (_, n) => `${String(n)}\n`).join('')}the end`,
    );
    const plain = await client.ask(get('/'));
    assert.deepEqual(
      [plain.headers['content-encoding'], plain.headers['vary']],
      [undefined, 'Accept-Encoding'],
    );
    assert.ok(plain.body.equals(decoded(answer)));
  }
});

test('empty pieces are no end', async (t) => {
  const { connect } = await start(t, (_req, res) => {
    text(res).write('');
    res.write('a');
    res.write('');
    res.write('b');
    res.end('');
  });
  assert.equal(decoded(await (await connect()).ask(get('/', GZIP))).toString(), 'ab');
});

test('nothing but an end is an empty stream', async (t) => {
  const { connect } = await start(t, (_req, res) => {
    text(res).write('');
    res.end();
  });
  const answer = await (await connect()).ask(get('/', GZIP));
  assert.equal(decoded(answer).length, 0);
});

test('a Content-Length that was set decides about the threshold, and is not that of what is sent', async (t) => {
  const handler: Handler = async (req, res) => {
    const length = Number(req.path.slice(1));
    text(res).header('Content-Length', length).write(lines(length).slice(0, 100));
    await delay(1);
    res.end(lines(length).slice(100));
  };
  const { connect } = await start(t, handler);
  const client = await connect();
  for (const [length, compressed] of [
    [1000, false],
    [50_000, true],
  ] as const) {
    const answer = await client.ask(get(`/${String(length)}`, GZIP));
    assert.equal(answer.headers['content-encoding'] === 'gzip', compressed);
    assert.equal(answer.headers['content-length'], compressed ? undefined : String(length));
    assert.equal(decoded(answer).toString(), lines(length));
  }
});

test('too much or too little for its Content-Length ends the connection, compressed as it is', async (t) => {
  const errors: unknown[] = [];
  const handler: Handler = (req, res) => {
    text(res).header('Content-Length', 5000).write(lines(4000));
    if (req.path === '/more') res.write(lines(2000));
    res.end();
  };
  const { server, connect } = await start(t, handler);
  server.on('error', (error) => errors.push((error as { code?: string }).code));
  for (const target of ['/more', '/less']) {
    const client = await connect();
    await assert.rejects(client.ask(get(target, GZIP)), { name: 'NoAnswer' });
    assert.ok(client.isEnded);
  }
  assert.deepEqual(errors, ['ERR_MILLRACE_HEADER_FRAMING', 'ERR_MILLRACE_HEADER_FRAMING']);
});

test('trailers follow what is compressed', async (t) => {
  const { connect } = await start(t, async (req, res) => {
    text(res);
    if (req.path === '/late') {
      res.write(lines(10_000));
      await delay(5);
    }
    res.trailers({ 'X-Sum': '42' });
    res.end(lines(20_000));
  });
  const client = await connect();
  for (const [target, bytes] of [
    ['/late', 30_000],
    ['/early', 20_000],
  ] as const) {
    const answer = await client.ask(get(target, GZIP));
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.deepEqual(answer.trailers, [['X-Sum', '42']]);
    assert.equal(decoded(answer).length, bytes);
  }
});

test('an HTTP/1.0 client reads until the end', async (t) => {
  const { connect } = await start(t, async (_req, res) => {
    text(res).write('one ');
    await delay(2);
    res.write('two ');
    res.end('three');
  });
  const client = await connect();
  client.send('GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n');
  const headText = await client.readUntil('\r\n\r\n');
  assert.match(headText, /Content-Encoding: gzip/);
  assert.doesNotMatch(headText, /Transfer-Encoding|Content-Length/);
  await until('the connection ends', () => client.isEnded);
  assert.equal(gunzipSync(client.unread).toString(), 'one two three');
});

test('HEAD gets the head alone', async (t) => {
  const { connect } = await start(t, (_req, res) => {
    text(res).write(lines(5000));
    res.end(lines(5000));
  });
  const client = await connect();
  const answer = await client.ask(head('HEAD', '/', GZIP), { head: true });
  assert.deepEqual(
    [answer.status, answer.headers['content-encoding'], answer.headers['vary']],
    [200, 'gzip', 'Accept-Encoding'],
  );
  assert.equal(decoded(await client.ask(get('/', GZIP))).length, 10_000);
});

test('early hints come ahead, and are not compressed', async (t) => {
  const { connect } = await start(t, (_req, res) => {
    res.earlyHints({ Link: '</a.css>; rel=preload' });
    res.text(lines(5000));
  });
  const answer = await (await connect()).ask(get('/', GZIP));
  assert.deepEqual(answer.interim, [103]);
  assert.equal(decoded(answer).toString(), lines(5000));
});

test('pipe() compresses what comes, from Node’s streams, from those of the web, and from generators', async (t) => {
  const parts = Array.from({ length: 40 }, (_, i) => `${String(i)} ${lines(20_000)}`);
  const sources: Readonly<Record<string, () => AsyncIterable<string | Uint8Array> | ReadableStream>> = {
    '/readable': () => Readable.from(parts),
    '/web': () => new Blob(parts).stream(),
    '/generator': async function* () {
      for (const part of parts) {
        await delay(0);
        yield part;
      }
    },
  };
  const { connect } = await start(t, (req, res) => text(res).pipe(sources[req.path]!()));
  const client = await connect();
  for (const target of Object.keys(sources)) {
    const answer = await client.ask(get(target, GZIP));
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.ok(decoded(answer).equals(Buffer.from(parts.join(''))), target);
  }
});

test('events are compressed only where the type is named in full', async (t) => {
  for (const [types, compressed] of [
    [undefined, false],
    [['text/*'], false],
    [['text/event-stream'], true],
  ] as const) {
    const held = new HeldRequests();
    const { connect } = await start(t, held.handler, { compression: { types } });
    const client = await connect();
    client.send(get('/a', GZIP));
    await held.hasStarted('/a');
    const response = held.response('/a');
    response.header('Content-Type', 'text/event-stream').write('data: 1\n\n');
    assert.equal((await client.readUntil('\r\n\r\n')).includes('Content-Encoding: gzip'), compressed);
    if (compressed) await until('it can be read', () => decodedSoFar(client).toString() === 'data: 1\n\n');
    else await client.readUntil('data: 1\n\n');
    response.end();
  }
});

test('a client that does not read is not compressed for: what is held is bounded, and all of it comes when it reads', async (t) => {
  const PIECES = 400;
  const piece = Buffer.alloc(64 * KIB);
  for (let at = 0; at < piece.length; at++) piece[at] = (at * at * 31 + (at >> 8) * 7) & 0x7f;
  const noise = Array.from({ length: 8 }, (_, i) =>
    Buffer.from(piece.map((byte, at) => byte ^ ((at * (i + 3) * 2654435761) >>> 25))),
  );
  const done = deferred();
  let waits = 0;
  let sent = 0;
  const running = await start(
    t,
    async (_req, res) => {
      text(res);
      for (let i = 0; i < PIECES; i++) {
        sent++;
        if (res.write(noise[i % noise.length]!)) continue;
        waits++;
        await res.drained();
      }
      res.end();
      done.resolve();
    },
    { limits: { unsentBytes: 256 * KIB } },
  );
  const client = await running.connect();
  client.socket.pause();
  client.send(get('/', GZIP));
  let last = -1;
  while (last !== sent || sent === 0) {
    last = sent;
    await delay(300);
    const { buffered } = running.server.stats().bytes;
    assert.ok(buffered < 2 * MIB, `${String(buffered)} bytes are held`);
  }
  assert.ok(sent < PIECES, 'the handler waits');
  assert.ok(waits > 0);
  client.socket.resume();
  await done.promise;
  const answer = await client.answer();
  const body = decoded(answer);
  assert.equal(body.length, PIECES * piece.length);
  for (let i = 0; i < PIECES; i++)
    assert.ok(
      body.subarray(i * piece.length, (i + 1) * piece.length).equals(noise[i % noise.length]!),
      String(i),
    );
  await until('nothing is held', () => running.server.stats().bytes.buffered === 0);
});

test('what is written faster than it is compressed is held back by drained()', async (t) => {
  const piece = lines(128 * KIB);
  let refused = 0;
  const { server, connect } = await start(
    t,
    async (_req, res) => {
      text(res);
      for (let i = 0; i < 200; i++) {
        if (res.write(piece)) continue;
        refused++;
        await res.drained();
        assert.ok(server.stats().bytes.buffered < 8 * MIB);
      }
      res.end();
    },
    { compression: { level: 9 } },
  );
  const answer = await (await connect()).ask(get('/', GZIP));
  assert.ok(refused > 0);
  assert.equal(decoded(answer).length, 200 * piece.length);
});
