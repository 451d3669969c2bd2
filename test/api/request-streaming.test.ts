// Request bodies that do not come with their head: how they are read, what holds the client back, and what becomes of
// those that nobody reads, or that never become whole.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { test } from 'node:test';

import type { Handler, HttpRequest } from 'millrace';

import { HeldRequests } from '../helpers/held-requests.js';
import { deferred, until } from '../helpers/promises.js';
import { chunked, get, head, post, postChunked } from '../helpers/requests.js';
import { startHandler, startServer, untilRunning } from '../helpers/server.js';

const EXPECT = { Expect: '100-continue' };
const CHUNKED = { 'Transfer-Encoding': 'chunked' };
const MIB = 1024 * 1024;

async function collect(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Every way to read a body to its end. */
const READERS: Readonly<Record<string, (request: HttpRequest) => Promise<Buffer>>> = {
  body: (request) => collect(request.body),
  'stream()': (request) => collect(request.stream()),
  'buffer()': (request) => request.buffer(),
  'text()': async (request) => Buffer.from(await request.text()),
};

function textOf(length: number): string {
  let text = '';
  for (let n = 0; text.length < length; n++) text += `${String(n)},`;
  return text.slice(0, length);
}

const SIZES = [0, 1, 100, 16 * 1024, 65_536, 65_537, 300_000, MIB];

for (const [name, read] of Object.entries(READERS)) {
  test(`${name} gives bodies of every size, that came whole or in parts, by length and in chunks`, async (t) => {
    const { connect } = await startHandler(t, async (req, res) => {
      res.end(await read(req));
    });
    const client = await connect();
    for (const size of SIZES) {
      const text = textOf(size);
      const pieces = text.match(/.{1,5000}/gs) ?? [];
      for (const request of [post('/', text), postChunked('/', pieces)]) {
        assert.ok((await client.ask(request)).text === text, `whole, ${String(size)} bytes`);
        const cut = request.indexOf('\r\n\r\n') + 4;
        client.send(request.slice(0, cut));
        await delay(2);
        client.send(request.slice(cut));
        assert.ok((await client.answer()).text === text, `head first, ${String(size)} bytes`);
      }
    }
  });
}

const WINDOW = 256 * 1024;
const SIZES_AROUND_WINDOWS = [1, 2, 3, 4, 9].flatMap((n) => [n * WINDOW - 1, n * WINDOW, n * WINDOW + 1]);

test('buffer() gives bodies of about so many windows, asked for at once or when one is full', async (t) => {
  const { server, connect } = await startHandler(
    t,
    async (req, res) => {
      if (req.path === '/late') await delay(5);
      const body = await req.buffer();
      res.text(`${String(body.length)} ${createHash('sha256').update(body).digest('hex')}`);
    },
    { limits: { bodyBytes: 10 * WINDOW } },
  );
  const client = await connect();
  for (const size of SIZES_AROUND_WINDOWS) {
    const body = textOf(size);
    const expected = `${String(size)} ${createHash('sha256').update(body).digest('hex')}`;
    const pieces = body.match(/.{1,70000}/gs) ?? [];
    for (const path of ['/', '/late']) {
      for (const request of [post(path, body), postChunked(path, pieces)]) {
        const cut = request.indexOf('\r\n\r\n') + 4;
        client.send(request.slice(0, cut));
        await delay(2);
        client.send(request.slice(cut));
        assert.equal((await client.answer()).text, expected);
      }
    }
  }
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('a handler is called, and pieces are given, while the body still comes', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    for await (const piece of req.body) res.write(piece.toString().toUpperCase());
    res.end('.');
  });
  const client = await connect();
  client.send(head('POST', '/', CHUNKED));
  for (const word of ['one', 'two', 'three']) {
    client.send(`${word.length.toString(16)}\r\n${word}\r\n`);
    await client.readUntil(`${word.toUpperCase()}\r\n`);
  }
  client.send('0\r\n\r\n');
  await client.readUntil('.\r\n0\r\n\r\n');
  assert.equal((await client.stillServes(post('/', 'x'))).text, 'X.');
});

test('json() of a body that comes in parts, and what is not JSON is 400', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    res.json(await req.json());
  });
  const client = await connect();
  for (const [text, status] of [
    ['{"a":1}', 200],
    ['{"a":', 400],
  ] as const) {
    client.send(head('POST', '/', { 'Content-Length': String(text.length) }));
    await delay(5);
    client.send(text);
    assert.equal((await client.answer()).status, status);
  }
});

test('a body is given whole as often as you like, and in pieces once', async (t) => {
  const used = { code: 'ERR_MILLRACE_BODY_USED' };
  const { connect } = await startHandler(t, async (req, res) => {
    if (req.path === '/whole') {
      const first = await req.buffer();
      assert.equal(await req.buffer(), first);
      assert.equal(await req.text(), 'body');
      assert.equal((await collect(req.body)).toString(), 'body');
      await assert.rejects(req.buffer(), used);
    } else {
      assert.equal((await collect(req.body)).toString(), 'body');
      await assert.rejects(collect(req.body), used);
      await assert.rejects(req.buffer(), used);
      await assert.rejects(req.text(), used);
      await assert.rejects(req.json(), used);
    }
    res.end('right');
  });
  const client = await connect();
  for (const path of ['/whole', '/pieces']) {
    assert.equal((await client.ask(post(path, 'body'))).text, 'right');
    client.send(head('POST', path, { 'Content-Length': '4' }));
    await delay(5);
    assert.equal((await client.ask('body')).text, 'right');
  }
});

test('a request without a body has none in any way', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    assert.equal((await collect(req.body)).length, 0);
    assert.equal((await req.buffer()).length, 0);
    assert.equal(await req.text(), '');
    assert.deepEqual({ ...req.trailers }, {});
    res.end('right');
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'right');
});

test('trailers are there when the body has been read (RFC 9110 §6.5)', async (t) => {
  const before: unknown[] = [];
  const { connect } = await startHandler(t, async (req, res) => {
    before.push({ ...req.trailers });
    const text = await (req.path === '/whole' ? req.text() : collect(req.body));
    res.json({ text: text.toString(), trailers: req.trailers, header: req.header('x-sum') ?? null });
  });
  const client = await connect();
  const request = (path: string): string =>
    `${head('POST', path, CHUNKED)}3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-SUM:  2 \r\nContent-Length: 7\r\n\r\n`;
  for (const path of ['/whole', '/pieces']) {
    const expected = {
      text: 'abc',
      trailers: { 'x-sum': '1, 2', 'content-length': '7' },
      header: null,
    };
    assert.deepEqual(JSON.parse((await client.ask(request(path))).text), expected);
    const [first, second] = [request(path).slice(0, -20), request(path).slice(-20)];
    client.send(first);
    await delay(5);
    assert.deepEqual(JSON.parse((await client.ask(second)).text), expected);
  }
  assert.deepEqual(before, [{}, {}, {}, {}]);
});

test('of a trailer value only spaces and tabs are white space (RFC 9110 §5.6.3)', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    await req.buffer();
    res.json(req.trailers);
  });
  const lines = 'X-A:\t \xa0a b\xa0 \t\r\nX-B: \t \r\nX-C:\r\n';
  const request = `${head('POST', '/', CHUNKED)}0\r\n${lines}\r\n`;
  const answer = await (await connect()).ask(Buffer.from(request, 'latin1'));
  assert.deepEqual(JSON.parse(answer.text), { 'x-a': '\xa0a b\xa0', 'x-b': '', 'x-c': '' });
});

test('a body that is not read holds the client back, and arrives whole when it is', async (t) => {
  const SIZE = 64 * MIB;
  const go = deferred();
  const hash = createHash('sha1');
  const { server, connect } = await startHandler(
    t,
    async (req, res) => {
      await go.promise;
      for await (const piece of req.body) hash.update(piece);
      res.end(hash.digest('hex'));
    },
    { limits: { bodyBytes: SIZE } },
  );
  const client = await connect();
  client.send(head('POST', '/', { 'Content-Length': String(SIZE) }));
  const block = Buffer.from(textOf(MIB));
  for (let n = 0; n < SIZE / MIB; n++) client.send(block);
  let received = -1;
  for (let now = 0; now !== received; now = server.stats().bytes.received) {
    received = now;
    await delay(100);
  }
  assert.ok(server.stats().bytes.buffered < MIB, `${String(server.stats().bytes.buffered)} bytes are held`);
  assert.ok(received < 2 * MIB, `${String(received)} bytes have been taken`);
  go.resolve();
  const expected = createHash('sha1');
  for (let n = 0; n < SIZE / MIB; n++) expected.update(block);
  assert.equal((await client.answer()).text, expected.digest('hex'));
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('a body can be passed on as a stream, and back', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    await res.pipe(req.stream());
  });
  const client = await connect();
  const text = textOf(500_000);
  for (let n = 0; n < 3; n++) assert.ok((await client.ask(post('/', text))).text === text);
});

// --- 100 Continue

test('100 Continue is sent at the first read, whichever it is, and once (RFC 9110 §10.1.1)', async (t) => {
  for (const read of Object.values(READERS)) {
    const go = deferred();
    const { connect } = await startHandler(t, async (req, res) => {
      await go.promise;
      res.end(await read(req));
    });
    const client = await connect();
    client.send(head('POST', '/', { ...EXPECT, 'Content-Length': '5' }));
    await delay(20);
    assert.equal(client.unread.toString(), '');
    go.resolve();
    assert.equal(await client.readUntil('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('he');
    await delay(5);
    assert.equal((await client.ask('llo')).text, 'hello');
    assert.equal((await client.stillServes(post('/', 'next'))).text, 'next');
  }
});

test('a client that does not wait for its 100 Continue gets none', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    await delay(20);
    res.end(await req.buffer());
  });
  const client = await connect();
  client.send(head('POST', '/', { ...EXPECT, 'Content-Length': '5' }));
  await delay(5);
  client.send('hello');
  const answer = await client.answer();
  assert.equal(answer.status, 200);
  assert.equal(answer.text, 'hello');
});

test('an answer without a read ends the connection of a client that waits to be asked', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    res.status(403).end('no');
  });
  const client = await connect();
  const answer = await client.ask(head('POST', '/', { ...EXPECT, 'Content-Length': '5' }));
  assert.equal(answer.status, 403);
  assert.equal(answer.headers['connection'], 'close');
  assert.equal(await client.ended(), 'fin');
});

test('an answer in pieces without a read says that it ends the connection, too (RFC 9112 §9.3)', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    res.status(403);
    if (req.path === '/piped') {
      await res.pipe(Readable.from(['n', 'o']));
      return;
    }
    res.write('n');
    await delay(5);
    res.end('o');
  });
  for (const path of ['/written', '/piped']) {
    for (const fields of [{ ...EXPECT, 'Content-Length': '5' }, { 'Content-Length': String(MIB) }]) {
      const client = await connect();
      const answer = await client.ask(head('POST', path, fields));
      assert.deepEqual([answer.status, answer.text, answer.headers['connection']], [403, 'no', 'close']);
      assert.equal(await client.ended(), 'fin');
    }
  }
});

test('an answer in pieces that begins while much of the body is still being read does not', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    const body = READERS[req.path.slice(1)]!(req);
    res.write('it is: ');
    res.end(String((await body).length));
  });
  for (const reader of ['body', 'buffer()', 'text()']) {
    const client = await connect();
    client.send(head('POST', `/${reader}`, { 'Content-Length': String(MIB) }));
    const answer = await client.ask('x'.repeat(MIB));
    assert.deepEqual([answer.text, answer.headers['connection']], [`it is: ${String(MIB)}`, undefined]);
    assert.equal((await client.stillServes(post(`/${reader}`, 'next'))).text, 'it is: 4');
  }
});

test('who reads and answers in one breath asks for the body ahead of the answer', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    const body = READERS[req.path.slice(1)]!(req);
    res.write('it is: ');
    res.end(await body);
  });
  for (const reader of ['body', 'buffer()', 'text()']) {
    const client = await connect();
    client.send(head('POST', `/${reader}`, { ...EXPECT, 'Content-Length': '5' }));
    assert.equal(await client.readUntil('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n', reader);
    const answer = await client.ask('hello');
    assert.deepEqual([answer.text, answer.headers['connection']], ['it is: hello', undefined]);
    assert.equal((await client.stillServes(post(`/${reader}`, 'next'))).text, 'it is: next');
  }
});

/** Each begins to answer before it is known whether the body will be read. */
const BEGINNINGS: Readonly<Record<string, Handler>> = {
  'in pieces': (_req, res) => {
    res.write('be');
    res.end('gun');
  },
  'from a source': (_req, res) => res.pipe(Readable.from(['begun'])),
  'with a large body': (_req, res) => {
    res.end('x'.repeat(MIB));
  },
  'and then reads': async (req, res) => {
    res.write('begun');
    res.end(await req.buffer());
  },
};

for (const [how, handler] of Object.entries(BEGINNINGS)) {
  test(`an answer ${how} instead of 100 Continue says that it ends the connection (RFC 9110 §10.1.1)`, async (t) => {
    const { connect } = await startHandler(t, handler);
    const client = await connect();
    client.send(head('POST', '/', { ...EXPECT, 'Content-Length': '5' }));
    await client.receive(1); // there is no 100 from here on
    client.send('hello');
    const answer = await client.answer();
    assert.equal(answer.headers['connection'], 'close');
    assert.equal(answer.text.endsWith('hello'), how === 'and then reads');
    assert.equal(await client.ended(), 'fin');
  });
}

test('waiting to be asked is not slow: bodyMs does not run', async (t) => {
  const { connect } = await startHandler(
    t,
    async (req, res) => {
      await delay(500);
      res.end(await req.buffer());
    },
    { timeouts: { bodyMs: 100 } },
  );
  const client = await connect();
  client.send(head('POST', '/', { ...EXPECT, 'Content-Length': '5' }));
  await client.readUntil('100 Continue\r\n\r\n');
  assert.equal((await client.ask('hello')).text, 'hello');
});

// --- bodies that nobody reads

const ignore: Handler = (req, res) => {
  res.end(req.path);
};

test('an answer may come before the body; what little is left of it is thrown away (RFC 9112 §9.3)', async (t) => {
  const { connect } = await startHandler(t, ignore);
  for (const [first, rest] of [
    [head('POST', '/', { 'Content-Length': '20000' }), 'x'.repeat(20_000)],
    [head('POST', '/', CHUNKED), chunked(['GET /evil HTTP/1.1\r\nHost: h\r\n\r\n', 'y'.repeat(100)])],
  ] as const) {
    const client = await connect();
    const answer = await client.ask(first);
    assert.equal(answer.text, '/');
    assert.equal(answer.headers['connection'], undefined);
    assert.equal((await client.stillServes(rest + get('/next'))).text, '/next');
  }
});

test('with much of the body left the answer ends the connection, and the client gets it (RFC 9112 §9.6)', async (t) => {
  const { connect } = await startHandler(t, ignore, { limits: { bodyBytes: 8 * MIB } });
  for (let n = 0; n < 5; n++) {
    const client = await connect();
    client.send(head('POST', '/', { 'Content-Length': String(4 * MIB) })).send('x'.repeat(2 * MIB));
    const answer = await client.answer();
    assert.equal(answer.text, '/');
    assert.equal(answer.headers['connection'], 'close');
    client.send('x'.repeat(MIB));
    assert.equal(await client.ended(), 'fin');
  }
});

test('endless chunks that nobody reads are not read for ever', async (t) => {
  const { connect } = await startHandler(t, ignore, { limits: { bodyBytes: 1024 * MIB } });
  const client = await connect();
  assert.equal((await client.ask(head('POST', '/', CHUNKED))).text, '/');
  client.send(`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(20));
  assert.equal(await client.ended(), 'fin');
});

test('a bad rest of a body that nobody reads ends the connection without a second answer', async (t) => {
  const { server, connect } = await startHandler(t, ignore);
  const client = await connect();
  assert.equal((await client.ask(head('POST', '/', CHUNKED))).text, '/');
  client.send(`zz\r\n${get('/evil')}`);
  assert.equal(await client.ended(), 'fin');
  assert.equal(client.unreadBytes, 0);
  assert.equal(server.stats().requests.answered, 1);
});

test('a handler that reads a part and answers leaves the rest', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    for await (const piece of req.body) {
      res.end(String(piece[0]));
      break;
    }
  });
  const client = await connect();
  client.send(head('POST', '/', { 'Content-Length': '10' }));
  await delay(5);
  assert.equal((await client.ask('a')).text, '97');
  assert.equal((await client.stillServes(`123456789${post('/', 'b')}`)).text, '98');
});

test('reading on after the answer is refused, not left hanging', async (t) => {
  const failed = deferred<unknown>();
  const { connect } = await startHandler(t, async (req, res) => {
    res.end('early');
    await req.buffer().then(
      () => {
        failed.resolve('read');
      },
      (error: unknown) => {
        failed.resolve((error as { code?: unknown }).code);
      },
    );
  });
  const client = await connect();
  assert.equal((await client.ask(head('POST', '/', { 'Content-Length': '10' }))).text, 'early');
  assert.equal(await failed.promise, 'ERR_MILLRACE_ABORTED');
});

// --- bodies that never become whole

const ENDS: Readonly<Record<string, { rest: string; status?: number; finish?: boolean; reset?: boolean }>> = {
  'a bad chunk': { rest: 'zz\r\n', status: 400 },
  'a chunk above the limit': { rest: 'ffffffff\r\n', status: 413 },
  'the end of the client': { rest: '', status: 400, finish: true },
  'a reset': { rest: '', reset: true },
  silence: { rest: '', status: 408 },
};

for (const [what, { rest, status, finish = false, reset = false }] of Object.entries(ENDS)) {
  for (const [name, read] of Object.entries(READERS)) {
    test(`${what} in the middle of a body makes ${name} reject, and the request's signal fire`, async (t) => {
      const failure = deferred<string>();
      const aborted = deferred();
      const { server, connect } = await startHandler(
        t,
        async (req, res) => {
          req.signal.addEventListener('abort', () => {
            aborted.resolve();
          });
          try {
            res.end(await read(req));
            failure.resolve('none');
          } catch (error) {
            failure.resolve((error as { code: string }).code);
            throw error;
          }
        },
        { timeouts: { bodyMs: 200 } },
      );
      server.on('error', (error) => {
        assert.fail(error as Error);
      });
      const client = await connect({ allowHalfOpen: true });
      client.send(`${head('POST', '/', CHUNKED)}3\r\nabc\r\n`);
      await untilRunning(server);
      if (rest !== '') client.send(rest);
      if (finish) client.finish();
      if (reset) client.reset();
      assert.equal(await failure.promise, 'ERR_MILLRACE_ABORTED');
      await aborted.promise;
      if (status !== undefined) {
        assert.equal((await client.answer()).status, status);
        assert.equal(await client.ended(), 'fin');
      }
      await until('nothing is left', () => server.stats().connections.open === 0);
      assert.equal(server.stats().bytes.buffered, 0);
    });
  }
}

test('a body that turns out bad cuts off an answer that has begun', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    for await (const piece of req.body) res.write(piece);
    res.end();
  });
  const client = await connect();
  client.send(`${head('POST', '/', CHUNKED)}3\r\nabc\r\n`);
  await client.readUntil('abc\r\n');
  client.send('zz\r\n');
  assert.equal(await client.ended(), 'fin');
  assert.equal(client.unread.toString(), ''); // in particular no last chunk
});

test('handlerMs answers 503 for a handler that reads for too long, and the rest is thrown away', async (t) => {
  const { server, connect } = await startServer(t, {}, (s) => {
    s.post('/', { handlerMs: 150 }, async (req, res) => {
      res.end(await req.buffer());
    });
  });
  const client = await connect();
  client.send(head('POST', '/', { 'Content-Length': '10' }));
  assert.equal((await client.answer()).status, 503);
  assert.equal((await client.stillServes(`0123456789${post('/', 'x')}`)).text, 'x');
  assert.equal(server.stats().requests.timedOut, 1);
});

test('requests behind a body wait for its answer, whoever reads how much of it', async (t) => {
  const held = new HeldRequests();
  const { connect } = await startHandler(t, held.handler);
  const client = await connect();
  client.send(head('POST', '/1', { 'Content-Length': '100000' }));
  client.send('x'.repeat(100_000) + get('/2') + get('/3'));
  await held.hasStarted('/1');
  await delay(20);
  assert.deepEqual(held.started, ['/1']);
  assert.equal((await held.request('/1').buffer()).length, 100_000);
  held.answer('/1');
  await held.hasStarted('/1', '/2', '/3');
  held.answer('/3');
  held.answer('/2');
  assert.deepEqual(
    (await client.answers(3)).map(({ text }) => text),
    ['/1', '/2', '/3'],
  );
});

test('close() waits for a body that is being read', async (t) => {
  const { server, connect } = await startHandler(t, async (req, res) => {
    res.end(String((await collect(req.body)).length));
  });
  const client = await connect();
  client.send(head('POST', '/', { 'Content-Length': '6' }));
  client.send('abc');
  await untilRunning(server);
  const closing = server.close({ graceMs: 20_000 });
  await delay(20);
  assert.equal((await client.ask('def')).text, '6');
  assert.equal(await client.ended(), 'fin');
  assert.equal((await closing).aborted, 0);
});

test('close() does not wait for the rest of a body that nobody reads', async (t) => {
  const { server, connect } = await startHandler(t, ignore);
  const client = await connect();
  assert.equal((await client.ask(head('POST', '/', { 'Content-Length': '10' }))).text, '/');
  const closing = server.close({ graceMs: 20_000 });
  assert.equal(await client.ended(), 'fin');
  assert.equal((await closing).aborted, 0);
});

test('pipeline() of a request into an answer of another server', async (t) => {
  const chunks: Buffer[] = [];
  const { connect } = await startHandler(t, async (req, res) => {
    await pipeline(req.stream(), async function (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) chunks.push(chunk);
    });
    res.end('done');
  });
  const client = await connect();
  const text = textOf(200_000);
  assert.equal((await client.ask(postChunked('/', [text]))).text, 'done');
  assert.ok(Buffer.concat(chunks).toString() === text);
});

test('a body that turned out bad before it is read is refused to the reader, also while older answers are awaited', async (t) => {
  const held = new HeldRequests();
  const go = deferred();
  const outcome = deferred<unknown>();
  const { connect } = await startServer(
    t,
    {},
    (server) => {
      server.get('/late', async (req) => {
        await go.promise;
        await req.buffer().catch(outcome.resolve);
      });
    },
    held.handler,
  );
  const client = await connect();
  client.send(get('/a') + head('GET', '/late', { 'Transfer-Encoding': 'chunked' }));
  await held.hasStarted('/a');
  client.send('zz\r\n');
  // Round trips: the server has seen it.
  const other = await connect();
  other.send(get('/other'));
  await held.hasStarted('/a', '/other');
  go.resolve();
  assert.equal(((await outcome.promise) as { code?: unknown }).code, 'ERR_MILLRACE_ABORTED');
  held.answer('/a');
  assert.equal((await client.answer()).text, '/a');
  assert.equal((await client.answer()).status, 400);
});

test('a body that a canned answer leaves unread, and that turns out bad, is refused without content to HEAD', async (t) => {
  const { connect } = await startServer(t, {}, (server) => server.reply('HEAD', '/r', { body: 'canned' }));
  const client = await connect();
  client.send(head('HEAD', '/r', { 'Transfer-Encoding': 'chunked' }));
  const other = await connect();
  await other.ask(head('HEAD', '/r'), { head: true });
  client.send('zz\r\n');
  assert.equal((await client.answer({ head: true })).status, 400);
  assert.equal(await client.ended(), 'fin');
});
