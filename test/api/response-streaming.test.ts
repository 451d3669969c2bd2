// Answers in pieces: what goes over the wire, how fast, and what becomes of them when somebody fails.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { HeldRequests } from '../helpers/held-requests.js';
import { deferred, until } from '../helpers/promises.js';
import { get, head } from '../helpers/requests.js';
import { startHandler, startServer, untilRunning } from '../helpers/server.js';

const OLD = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';

test('pieces are sent as chunks, as they come (RFC 9112 §7.1)', async (t) => {
  const go = deferred();
  const { connect } = await startHandler(t, async (_req, res) => {
    res.status(201).header('X-A', 'b');
    assert.equal(res.headersSent, false);
    assert.equal(res.write('Grüße'), true);
    assert.equal(res.headersSent, true);
    assert.equal(res.finished, false);
    assert.throws(() => res.header('X-B', 'c'), { code: 'ERR_MILLRACE_HEADERS_SENT' });
    assert.throws(() => res.status(200), { code: 'ERR_MILLRACE_HEADERS_SENT' });
    await go.promise;
    res.write('');
    res.write(Buffer.from([0, 255]));
    res.end('!');
    assert.equal(res.finished, true);
    assert.throws(() => res.write('x'), { code: 'ERR_MILLRACE_RESPONSE_ENDED' });
  });
  const client = await connect();
  client.send(get('/'));
  // The first piece is there before the second exists.
  await client.readUntil('7\r\n');
  go.resolve();
  await client.readUntil('0\r\n\r\n');
  const answer = await client.ask(get('/'));
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['x-a'], 'b');
  assert.equal(answer.headers['transfer-encoding'], 'chunked');
  assert.deepEqual(answer.chunks, [7, 2, 1]);
  assert.deepEqual(
    answer.body,
    Buffer.concat([Buffer.from('Grüße'), Buffer.from([0, 255]), Buffer.from('!')]),
  );
});

test('with a Content-Length of the app there are no chunks, and the length has to be right (RFC 9110 §8.6)', async (t) => {
  const seen: unknown[] = [];
  const { server, connect } = await startHandler(t, (req, res) => {
    res.header('Content-Length', 6);
    res.write('abc');
    if (req.path === '/right') res.end('def');
    if (req.path === '/less') res.end('de');
    if (req.path === '/more') res.write('defg');
    if (req.path === '/more-at-the-end') res.end('defg');
  });
  server.on('error', (error) => seen.push((error as { code?: unknown }).code));
  const client = await connect();
  const right = await client.ask(get('/right'));
  assert.equal(right.text, 'abcdef');
  assert.equal(right.headers['content-length'], '6');
  assert.equal((await client.ask(head('HEAD', '/less'), { head: true })).headers['content-length'], '6');
  for (const path of ['/less', '/more', '/more-at-the-end']) {
    const other = await connect();
    other.send(get(path));
    await once(other.socket, 'end');
    const received = other.unread.toString();
    assert.ok(
      received.endsWith('\r\n\r\nabc'),
      `${path}: nothing behind the bytes that were right: ${received}`,
    );
  }
  assert.deepEqual(seen, Array(3).fill('ERR_MILLRACE_HEADER_FRAMING'));
});

test('a first piece that is refused does not count: the next one may be the right one', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    res.header('Content-Length', 5);
    for (let n = 0; n < 2; n++) {
      assert.throws(() => res.write('toolong'), { message: /and the body has more: 7 so far/ });
    }
    res.write('hel');
    res.end('lo');
  });
  const client = await connect();
  assert.equal((await client.ask(get('/'))).text, 'hello');
  assert.equal((await client.ask(get('/'))).text, 'hello');
});

test('more than the Content-Length in the first piece is an ordinary error: nothing has been sent', async (t) => {
  const { connect, server } = await startHandler(t, (_req, res) => {
    res.header('Content-Length', 2);
    res.write('abc');
  });
  server.on('error', () => undefined);
  const client = await connect();
  assert.equal((await client.ask(get('/'))).status, 500);
  assert.equal((await client.ask(get('/'))).status, 500);
});

test('a wrong Content-Length beside trailers is refused ahead of the head, too', async (t) => {
  const bodies = ['toolong', 'shor', ''];
  const codes: unknown[] = [];
  const { server, connect } = await startHandler(t, (req, res) => {
    res.header('Content-Length', 5).trailers({ 'X-Sum': '1' }).end(req.path.slice(1));
  });
  server.on('error', (error) => codes.push((error as { code?: unknown }).code));
  const client = await connect();
  for (const body of bodies) assert.equal((await client.ask(get(`/${body}`))).status, 500);
  assert.equal((await client.ask(get('/right'))).text, 'right');
  assert.deepEqual(
    codes,
    bodies.map(() => 'ERR_MILLRACE_HEADER_FRAMING'),
  );
});

test('an HTTP/1.0 client gets the pieces as they are, until the connection ends (RFC 9112 §6.3)', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    res.write('abc');
    res.trailers({ 'X-Sum': '1' }).end('def');
  });
  const client = await connect();
  client.send(OLD);
  await once(client.socket, 'end');
  const received = client.unread.toString();
  assert.match(received, /\r\nConnection: close\r\n/);
  assert.doesNotMatch(received, /Transfer-Encoding|Content-Length|X-Sum/);
  assert.ok(received.endsWith('\r\n\r\nabcdef'));
});

test('answers to HEAD, and codes without content, are sent without the pieces', async (t) => {
  const { connect } = await startHandler(t, (req, res) => {
    if (req.path !== '/') res.status(Number(req.path.slice(1)));
    res.write('abc');
    res.end('def');
  });
  const client = await connect();
  const answer = await client.ask(head('HEAD', '/'), { head: true });
  assert.equal(answer.status, 200);
  assert.equal((await client.ask(get('/204'))).status, 204);
  assert.equal((await client.ask(get('/304'))).status, 304);
  assert.equal((await client.ask(get('/'))).text, 'abcdef');
});

for (const way of ['pieces', 'trailers', 'whole']) {
  for (const { status, given, sent } of [
    { status: 204, given: undefined, sent: undefined },
    { status: 205, given: undefined, sent: '0' },
    { status: 205, given: 0, sent: '0' },
    { status: 304, given: undefined, sent: undefined },
    { status: 304, given: 5, sent: '5' },
  ]) {
    const length = given === undefined ? 'no Content-Length' : `a Content-Length of ${String(given)}`;
    test(`an answer ${String(status)} with ${length} has no content (RFC 9110 §6.4.1): ${way}`, async (t) => {
      const { connect } = await startHandler(t, (_req, res) => {
        res.status(status);
        if (given !== undefined) res.header('Content-Length', given);
        if (way === 'trailers') res.trailers({ 'X-Sum': '1' });
        if (way === 'pieces') res.write('abc');
        res.end('def');
      });
      const client = await connect();
      for (const request of [get('/'), get('/'), head('HEAD', '/'), OLD]) {
        const answer = await client.ask(request, { head: request.startsWith('HEAD') });
        assert.deepEqual([answer.status, answer.text], [status, '']);
        assert.equal(answer.headers['content-length'], sent);
        assert.equal(answer.headers['transfer-encoding'], undefined);
      }
      await client.stillServes(get('/'));
    });
  }
}

test('trailers follow the body; what may not be one, or cannot be sent, throws (RFC 9110 §6.5.1)', async (t) => {
  const { connect } = await startHandler(t, (req, res) => {
    for (const name of [
      'Content-Length',
      'Transfer-Encoding',
      'Set-Cookie',
      'Host',
      'Connection',
      'Content-Type',
    ]) {
      assert.throws(() => res.trailers({ [name]: '1' }), { code: 'ERR_MILLRACE_HEADER_FRAMING' }, name);
    }
    assert.throws(() => res.trailers({ 'X-A': 'a\r\nb' }), { code: 'ERR_MILLRACE_HEADER_VALUE' });
    assert.throws(() => res.trailers({ 'X A': 'a' }), { code: 'ERR_MILLRACE_HEADER_NAME' });
    res.header('Trailer', 'X-Sum');
    if (req.path === '/whole') {
      res.trailers({ 'X-Sum': 7, 'X-None': [], 'X-List': ['a', 'b'] }).json([1]);
      return;
    }
    res.write('abc');
    res.trailers({ 'X-Sum': 7, 'X-List': ['a', 'b'] });
    res.end();
  });
  const client = await connect();
  for (const [path, text] of [
    ['/whole', '[1]'],
    ['/pieces', 'abc'],
  ] as const) {
    const answer = await client.ask(get(path));
    assert.equal(answer.text, text);
    assert.equal(answer.headers['trailer'], 'X-Sum');
    assert.deepEqual(answer.trailers, [
      ['X-Sum', '7'],
      ['X-List', 'a'],
      ['X-List', 'b'],
    ]);
    if (path === '/whole') assert.equal(answer.headers['content-type'], 'application/json');
  }
});

test('early hints come ahead of the answer, to HTTP/1.1 clients only (RFC 8297)', async (t) => {
  const { connect } = await startHandler(t, async (_req, res) => {
    res.earlyHints({ Link: ['</a.css>; rel=preload', '</b.js>; rel=preload'] });
    assert.throws(() => res.earlyHints({ Link: 'a\nb' }), { code: 'ERR_MILLRACE_HEADER_VALUE' });
    assert.throws(() => res.earlyHints({ 'Content-Length': '3' }), { code: 'ERR_MILLRACE_HEADER_FRAMING' });
    await delay(1);
    res.end('done');
    assert.throws(() => res.earlyHints({ Link: 'x' }), { code: 'ERR_MILLRACE_HEADERS_SENT' });
  });
  const client = await connect();
  client.send(get('/1') + get('/2'));
  for (const answer of await client.answers(2)) {
    assert.deepEqual(answer.interim, [103]);
    assert.deepEqual(answer.hints, [
      ['Link', '</a.css>; rel=preload'],
      ['Link', '</b.js>; rel=preload'],
    ]);
    assert.equal(answer.text, 'done');
  }
  assert.deepEqual((await client.ask(OLD)).interim, []);
});

test('pipelined answers in pieces leave in the order of the requests, whoever is written first', async (t) => {
  const held = new HeldRequests();
  const { connect } = await startHandler(t, held.handler);
  const client = await connect();
  client.send(get('/1') + get('/2') + get('/3'));
  await held.hasStarted('/1', '/2', '/3');
  const [one, two, three] = [held.response('/1'), held.response('/2'), held.response('/3')];
  three.write('3a');
  two.write('2a');
  three.end('3b');
  await delay(5);
  one.write('1a');
  two.write('2b');
  one.end('1b');
  await delay(5);
  two.write('2c');
  two.end();
  const answers = await client.answers(3);
  assert.deepEqual(
    answers.map(({ text }) => text),
    ['1a1b', '2a2b2c', '3a3b'],
  );
});

test('a handler that throws after its first piece ends the connection without the last chunk', async (t) => {
  const errors: unknown[] = [];
  const { server, connect } = await startHandler(t, async (req, res) => {
    res.write('abc');
    await delay(1);
    if (req.path === '/throws') throw new Error('in the middle');
    res.end();
  });
  server.on('error', (error) => errors.push((error as Error).message));
  const client = await connect();
  client.send(get('/fine') + get('/throws') + get('/fine'));
  assert.equal((await client.answer()).text, 'abc');
  await once(client.socket, 'end');
  assert.ok(
    client.unread.toString().endsWith('\r\n\r\n3\r\nabc\r\n'),
    'no last chunk, and nothing behind it',
  );
  assert.deepEqual(errors, ['in the middle']);
  assert.equal((await (await connect()).ask(get('/fine'))).text, 'abc');
});

test('an HTTP/1.0 client can tell half an answer from a whole one: the connection is reset', async (t) => {
  const isRead = deferred();
  const { server, connect } = await startHandler(t, async (_req, res) => {
    res.write('abc');
    await isRead.promise; // a reset throws away what the client has not read
    throw new Error('in the middle');
  });
  server.on('error', () => undefined);
  const client = await connect();
  client.send(OLD);
  await client.readUntil('abc');
  isRead.resolve();
  assert.equal(await client.ended(), 'reset');
});

test('an answer to HTTP/1.0 that fails takes none with it that is still to come ahead of it', async (t) => {
  const ahead = deferred();
  const errors: unknown[] = [];
  const { server, connect } = await startServer(t, {}, (s) => {
    s.get('/later', async (_req, res) => {
      await ahead.promise;
      res.end('later');
    });
    s.get('/half', (_req, res) => {
      res.write('half');
      throw new Error('in the middle');
    });
  });
  server.on('error', (error) => errors.push(error));
  const client = await connect();
  client.send(OLD.replace('/', '/later') + OLD.replace('/', '/half') + OLD);
  await until('it has failed', () => errors.length === 1);
  ahead.resolve();
  assert.equal((await client.answer()).text, 'later');
  const answer = await client.answer(); // nothing of the half had been sent
  assert.deepEqual([answer.status, answer.headers['connection']], [500, 'close']);
  assert.equal(await client.ended(), 'fin');
});

test('write() says when to wait, drained() when to go on, and every byte arrives', async (t) => {
  const PIECE = 64 * 1024;
  const PIECES = 400;
  const sums: string[] = [];
  let waits = 0;
  let most = 0;
  const { server, connect } = await startHandler(
    t,
    async (_req, res) => {
      const sum = createHash('sha256');
      for (let n = 0; n < PIECES; n++) {
        const piece = Buffer.alloc(PIECE, n);
        sum.update(piece);
        if (res.write(piece)) continue;
        waits++;
        most = Math.max(most, server.stats().bytes.buffered);
        await res.drained();
      }
      sums.push(sum.digest('hex'));
      res.end();
    },
    { limits: { unsentBytes: 256 * 1024 } },
  );
  const client = await connect();
  client.send(get('/'));
  client.socket.pause();
  await until('the handler waits', () => waits > 0);
  // The kernel takes some megabytes; then nobody reads, and nothing goes on.
  for (let before = 0; before !== waits;) {
    before = waits;
    await delay(100);
  }
  assert.deepEqual(sums, []);
  client.socket.resume();
  const { body } = await client.answer();
  assert.equal(body.length, PIECE * PIECES);
  assert.equal(createHash('sha256').update(body).digest('hex'), sums[0]);
  assert.ok(waits > 10, `${String(waits)} waits`);
  assert.ok(most < 4 * 256 * 1024, `${String(most)} bytes held at most`);
});

test('an answer in pieces holds no more than its window while older ones are held', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startHandler(t, held.handler, { limits: { unsentBytes: 64 * 1024 } });
  const client = await connect();
  client.send(get('/1') + get('/2'));
  await held.hasStarted('/1', '/2');
  const two = held.response('/2');
  let wrote = 0;
  while (two.write(Buffer.alloc(16 * 1024, 'x'))) wrote++;
  assert.equal(wrote, 3);
  const room = two.drained();
  await delay(20);
  held.answer('/1');
  await room;
  two.end('y');
  const [one, answer] = await client.answers(2);
  assert.equal(one!.text, '/1');
  assert.equal(answer!.body.length, 4 * 16 * 1024 + 1);
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('a client that goes ends what waits for it: drained(), signal, pipe() and its source', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startHandler(t, held.handler, { limits: { unsentBytes: 1024 } });
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push(error));
  const client = await connect();
  client.send(get('/waits') + get('/pipes') + get('/watches'));
  await held.hasStarted('/waits', '/pipes', '/watches');
  const response = held.response('/waits');
  const { signal } = held.request('/watches');
  assert.equal(signal, held.request('/watches').signal);
  // More than the sockets' buffers take, and nobody reads.
  client.socket.pause();
  assert.equal(response.write(Buffer.alloc(32 * 1024 * 1024)), false);
  const source = new Readable({ read: () => undefined });
  const drained = assert.rejects(response.drained(), { code: 'ERR_MILLRACE_ABORTED' });
  // The second answer waits behind the first, so its source is never asked for more.
  const piped = assert.rejects(held.response('/pipes').pipe(source), { code: 'ERR_MILLRACE_ABORTED' });
  assert.equal(signal.aborted, false);
  const aborted = once(signal, 'abort');
  client.reset();
  await Promise.all([aborted, piped]);
  assert.equal((signal.reason as { code?: unknown }).code, 'ERR_MILLRACE_ABORTED');
  assert.equal(source.destroyed, true);
  assert.equal(response.write('x'), false);
  response.end();
  await until('the connection is gone', () => server.stats().connections.open === 0);
  await drained;
  assert.deepEqual(errors, []);
});

test('a handler that begins to stream when its client has gone, and another one is in its place, disturbs nobody', async (t) => {
  const go = deferred();
  const body = Buffer.alloc(4 * 1024 * 1024, 'abcdefghijk');
  const old = deferred<unknown>();
  const { server, connect } = await startServer(t, {}, (made) => {
    made.get('/old', async (_req, res) => {
      await go.promise;
      res.write('for nobody');
      while (res.write(Buffer.alloc(100_000)));
      await res.drained().catch(old.resolve);
    });
    made.get('/new', (_req, res) => {
      res.end(body);
    });
  });
  const gone = await connect();
  gone.send(get('/old'));
  await untilRunning(server);
  gone.reset();
  await until('it has gone', () => server.stats().connections.open === 0);

  // It gets the exchange that has just become free, and its answer waits for a client who does not read.
  const client = await connect();
  client.socket.pause();
  client.send(get('/new'));
  await until('its answer has begun', () => server.stats().bytes.sent > 0);
  go.resolve();
  assert.equal(((await old.promise) as { code?: unknown }).code, 'ERR_MILLRACE_ABORTED');
  client.socket.resume();
  assert.ok((await client.answer()).body.equals(body));
});

test('a signal asked for after the client has gone is aborted; after the answer it never is', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startHandler(t, held.handler);
  const client = await connect();
  client.send(get('/1') + get('/2'));
  await held.hasStarted('/1', '/2');
  const answered = held.request('/1').signal;
  held.answer('/1');
  await client.answer();
  client.reset();
  await until('the connection is gone', () => server.stats().connections.open === 0);
  const { signal } = held.request('/2');
  await until('it is told', () => signal.aborted);
  await delay(5);
  assert.equal(answered.aborted, false);
  assert.equal(held.request('/1').signal, answered, 'the same before and after the answer');
});

test('a handler that is answered for by timeouts.handlerMs is told through its signal', async (t) => {
  const reasons: unknown[] = [];
  const { connect } = await startHandler(
    t,
    async (req, res) => {
      await once(req.signal, 'abort');
      reasons.push((req.signal.reason as { code?: unknown }).code);
      res.end('too late');
    },
    { timeouts: { handlerMs: 50 } },
  );
  const client = await connect();
  assert.equal((await client.ask(get('/'))).status, 503);
  assert.equal((await client.ask(get('/'))).status, 503);
  await until('both are told', () => reasons.length === 2);
  assert.deepEqual(reasons, Array(2).fill('ERR_MILLRACE_ABORTED'));
});

test('what a handler rejects with because of its signal is not reported', async (t) => {
  const { server, connect } = await startHandler(t, async (req, res) => {
    res.write('a');
    await delay(60_000, undefined, { signal: req.signal });
  });
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push(error));
  for (let n = 0; n < 3; n++) {
    const client = await connect();
    client.send(get('/'));
    await client.readUntil('a\r\n');
    client.reset();
    await until('the connection is gone', () => server.stats().connections.open === 0);
  }
  await delay(20);
  assert.deepEqual(errors, []);
});

test('an answer that has begun is not cut by timeouts.handlerMs', async (t) => {
  const { connect } = await startHandler(
    t,
    async (_req, res) => {
      res.write('a');
      await delay(250);
      res.end('b');
    },
    { timeouts: { handlerMs: 50 } },
  );
  assert.equal((await (await connect()).ask(get('/'))).text, 'ab');
});

test('many connections stream at once, each its own', async (t) => {
  const { connect } = await startServer(t, {}, (server) => {
    server.get('/:n', async (req, res) => {
      for (let i = 0; i < 50; i++) {
        if (!res.write(`${req.params['n']!}.`)) await res.drained();
        if (i % 10 === 0) await delay(1);
      }
      res.end();
    });
  });
  await Promise.all(
    Array.from({ length: 50 }, async (_, n) => {
      const client = await connect();
      client.send(get(`/${String(n)}`).repeat(2));
      for (const { text } of await client.answers(2)) assert.equal(text, `${String(n)}.`.repeat(50));
    }),
  );
});
