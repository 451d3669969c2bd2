// What handlers learn of clients that go, or may have gone, and that nothing of it harms the process or anybody else. An
// uncaught error or an unhandled rejection fails these tests by itself.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { Readable, Writable } from 'node:stream';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { AbortedError, type Handler, type HttpRequest, type HttpResponse } from 'millrace';

import { HeldRequests } from '../helpers/held-requests.js';
import { deferred, until } from '../helpers/promises.js';
import { get, head, post } from '../helpers/requests.js';
import { startHandler, startServer, untilRunning } from '../helpers/server.js';

const CHUNKED = { 'Transfer-Encoding': 'chunked' };
const MIB = 1024 * 1024;

/** What a handler that waits for ever waits for. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

const WATCHED_BEFORE: Readonly<Record<string, (response: HttpResponse) => unknown>> = {
  'asked for before': () => undefined,
  'asked for after it, of an answer that has begun': (response) => response.write('begun '),
};

for (const [name, begin] of Object.entries(WATCHED_BEFORE)) {
  test(`signal is aborted when the client ends its side, and what is answered still reaches it: ${name}`, async (t) => {
    const held = new HeldRequests();
    const { connect } = await startHandler(t, held.handler);
    const client = await connect({ allowHalfOpen: true });
    client.send(get('/a'));
    await held.hasStarted('/a');
    const isEarly = name === 'asked for before';
    if (isEarly) assert.equal(held.request('/a').signal.aborted, false);
    begin(held.response('/a'));
    client.finish();
    if (!isEarly) await delay(20);
    const { signal } = held.request('/a');
    await until('it is aborted', () => signal.aborted);
    assert.ok(signal.reason instanceof AbortedError);
    assert.equal(held.response('/a').aborted, false);
    held.answer('/a');
    assert.match((await client.answer()).text, /^(begun )?\/a$/);
    assert.equal(await client.ended(), 'fin');
  });
}

/** What keeps the server from reading on, while the handler of /a waits. */
const UNREAD: Readonly<Record<string, readonly string[]>> = {
  'a body that came with its head': [post('/a', 'x')],
  'a body that came later, and nobody reads': [head('POST', '/a', { 'Content-Length': '2' }), 'xy'],
  'a large body that nobody reads': [head('POST', '/a', { 'Content-Length': '300000' }), 'x'.repeat(300_000)],
  'an unsafe request behind it': [get('/a'), post('/b', 'x')],
  'a request behind an unsafe one': [post('/a', ''), get('/b')],
  'more requests than may run side by side': [get('/a') + get('/b').repeat(100)],
};

for (const [name, parts] of Object.entries(UNREAD)) {
  test(`signal is aborted when the client ends its side behind what is not read: ${name}`, async (t) => {
    const held = new HeldRequests();
    const handler: Handler = (req, res) => {
      if (req.path === '/b') res.end('b');
      else void held.handler(req, res);
    };
    const { server, connect } = await startHandler(t, handler);
    const client = await connect({ allowHalfOpen: true });
    for (const [index, part] of parts.entries()) {
      if (index > 0) await held.hasStarted('/a');
      client.send(part);
    }
    await held.hasStarted('/a');
    const { signal } = held.request('/a');
    client.finish();
    await until('it is aborted', () => signal.aborted);
    held.answer('/a');
    assert.equal((await client.answer()).text, '/a');
    client.destroy();
    await until('it has gone', () => server.stats().connections.open === 0);
  });
}

test('signal is not aborted while a body is read that came ahead of the client’s FIN', async (t) => {
  const [begun, mayGoOn] = [deferred<AbortSignal>(), deferred<undefined>()];
  const { connect } = await startHandler(t, async (req, res) => {
    const { signal } = req;
    let bytes = 0;
    for await (const piece of req.body) {
      if (bytes === 0) {
        begun.resolve(signal);
        await mayGoOn.promise;
      }
      bytes += piece.length;
    }
    await until('it is aborted', () => signal.aborted);
    res.end(String(bytes));
  });
  const client = await connect({ allowHalfOpen: true });
  client.send(`${head('POST', '/', { 'Content-Length': '6' })}abc`);
  const signal = await begun.promise;
  client.send('def').finish();
  await delay(100);
  assert.equal(signal.aborted, false);
  mayGoOn.resolve(undefined);
  assert.equal((await client.answer()).text, '6');
});

/** Ways to ask for no more of a body of which something has been read. */
const LEFT: Readonly<Record<string, (req: HttpRequest) => Promise<unknown>>> = {
  'a loop that was left': async (req) => {
    for await (const piece of req.body) return piece;
    return undefined;
  },
  'a stream that was destroyed': async (req) => {
    const stream = req.stream();
    await once(stream, 'data');
    stream.destroy();
  },
  'a loop over what is decompressed, that was left': async (req) => {
    for await (const piece of req.body) return piece;
    return undefined;
  },
};

for (const [name, read] of Object.entries(LEFT)) {
  test(`signal is aborted when the client ends its side behind a body that has no reader any more: ${name}`, async (t) => {
    const begun = deferred<AbortSignal>();
    const { connect } = await startHandler(
      t,
      async (req, res) => {
        await read(req);
        begun.resolve(req.signal);
        await until('it is aborted', () => req.signal.aborted);
        res.end('left');
      },
      { decompression: true },
    );
    const client = await connect({ allowHalfOpen: true });
    const isGzip = name.includes('decompressed');
    const body = isGzip ? gzipSync(randomBytes(400_000)) : Buffer.alloc(400_000);
    const fields = { 'Content-Length': String(body.length), ...(isGzip && { 'Content-Encoding': 'gzip' }) };
    client
      .send(head('POST', '/', fields))
      .send(body)
      .finish();
    await begun.promise;
    assert.equal((await client.answer()).text, 'left');
  });
}

test('a handler that writes for ever in answer to HEAD is told when the client ends its side', async (t) => {
  const outcome = deferred<unknown>();
  const { server, connect } = await startHandler(t, async (req, res) => {
    if (req.method !== 'HEAD') {
      res.end('behind it');
      return;
    }
    try {
      for (;;) {
        if (!res.write('piece')) await res.drained();
        await turn();
      }
    } catch (error) {
      outcome.resolve(error);
      assert.equal(res.write('x'), false);
      res.end();
      return;
    }
  });
  const client = await connect({ allowHalfOpen: true });
  client.send(head('HEAD', '/', {}) + get('/'));
  assert.equal((await client.answer({ head: true })).status, 200);
  client.finish();
  assert.ok((await outcome.promise) instanceof AbortedError);
  assert.equal((await client.answer()).text, 'behind it');
  assert.equal(await client.ended(), 'fin');
  await until('it has gone', () => server.stats().connections.open === 0);
});

test('a signal that is asked for after the client has ended its side is aborted', async (t) => {
  const held = new HeldRequests();
  const { connect } = await startHandler(t, held.handler);
  const client = await connect({ allowHalfOpen: true });
  client.send(get('/a') + get('/b'));
  await held.hasStarted('/a', '/b');
  client.finish();
  for (const path of ['/b', '/a']) {
    const { signal } = held.request(path);
    await until('it is aborted', () => signal.aborted);
  }
  held.answer('/b');
  held.answer('/a');
  assert.deepEqual(
    (await client.answers(2)).map(({ text }) => text),
    ['/a', '/b'],
  );
});

test('so is one that is asked for while a file is looked for, or when there was none', async (t) => {
  const held = new HeldRequests();
  const { connect } = await startHandler(t, held.handler);
  const client = await connect({ allowHalfOpen: true });
  client.send(get('/other') + get('/during') + get('/after'));
  await held.hasStarted('/other', '/during', '/after');
  client.finish();
  await until('that is known', () => held.request('/other').signal.aborted);
  const noFile = async (path: string): Promise<void> => {
    await assert.rejects(held.response(path).sendFile('/there is no such file'), { name: 'FileError' });
  };
  const looked = noFile('/during');
  const { signal } = held.request('/during');
  await looked;
  await until('it is aborted', () => signal.aborted);
  await noFile('/after');
  await until('it is aborted', () => held.request('/after').signal.aborted);
  for (const path of ['/other', '/during', '/after']) held.answer(path);
  assert.deepEqual(
    (await client.answers(3)).map(({ text }) => text),
    ['/other', '/during', '/after'],
  );
});

test('a handler that gives up because its signal was aborted is no error, and its client gets 500', async (t) => {
  const { server, connect } = await startHandler(t, async (req, res) => {
    await delay(60_000, undefined, { signal: req.signal });
    res.end();
  });
  server.on('error', (error: unknown) => assert.fail(String(error)));
  const client = await connect({ allowHalfOpen: true });
  client.send(get('/'));
  await untilRunning(server);
  client.finish();
  assert.equal((await client.answer()).status, 500);
});

test("another request's AbortedError is a failure like any other", async (t) => {
  const shared = deferred();
  const held = new HeldRequests();
  const { server, connect } = await startServer(
    t,
    {},
    (made) => made.get('/b', () => shared.promise),
    held.handler,
  );
  const errors: unknown[] = [];
  server.on('error', (error: unknown) => errors.push(error));
  const [a, b] = [await connect(), await connect()];
  a.send(get('/a'));
  await held.hasStarted('/a');
  held.request('/a').signal.addEventListener('abort', () => {
    shared.reject(new AbortedError());
  });
  b.send(get('/b'));
  await untilRunning(server, 2);
  a.reset();
  assert.equal((await b.answer()).status, 500);
  assert.equal(errors.length, 1);
});

test('what nobody awaits any more may be aborted', async (t) => {
  const calls: Readonly<Record<string, (response: HttpResponse, body: () => Promise<unknown>) => unknown>> = {
    buffer: (_res, body) => body(),
    drained: (res) => {
      while (res.write(Buffer.alloc(100_000)));
      void res.drained();
    },
    pipe: (res) => {
      void res.pipe(new Readable({ read: () => undefined }));
    },
  };
  for (const [name, call] of Object.entries(calls)) {
    for (const read of ['buffer', 'text', 'json'] as const) {
      if (name !== 'buffer' && read !== 'buffer') continue;
      const called = deferred();
      const { server, connect } = await startHandler(t, (req, res) => {
        call(res, () => req[read]());
        called.resolve();
        return never();
      });
      const client = await connect();
      client.socket.pause();
      client.send(head('POST', '/', CHUNKED) + '1\r\nx\r\n');
      await called.promise;
      client.reset();
      await until(`${name} ${read}: it has gone`, () => server.stats().connections.open === 0);
      await turn();
    }
  }
});

test('stream().pipe() ends without an error when the client goes, unless somebody listens for one', async (t) => {
  for (const listens of [false, true]) {
    const [begun, closed] = [deferred(), deferred<unknown>()];
    const { connect } = await startHandler(t, (req) => {
      const stream = req.stream();
      let seen: unknown = 'no error';
      if (listens) stream.on('error', (error) => (seen = error));
      stream.on('close', () => {
        closed.resolve(seen);
      });
      stream.pipe(
        new Writable({
          write: (_chunk, _encoding, done: () => void) => {
            begun.resolve();
            done();
          },
        }),
      );
      return never();
    });
    const client = await connect();
    client.send(head('POST', '/', CHUNKED) + '5\r\nhello\r\n');
    await begun.promise; // a reset takes with it what has not been read
    client.reset();
    const seen = await closed.promise;
    if (listens) assert.ok(seen instanceof AbortedError);
    else assert.equal(seen, 'no error');
  }
});

test('signal, looked at after end() of a large body, changes nothing of the answer', async (t) => {
  const body = Buffer.alloc(3 * MIB, 'abcdefghijklm');
  const { connect } = await startHandler(t, (req, res) => {
    res.end(body);
    assert.equal(req.signal.aborted, false);
  });
  const client = await connect();
  assert.ok((await client.ask(get('/'))).body.equals(body));
});

test('a source that is piped is told when the client goes', async (t) => {
  const told = { return: 0, destroy: 0, lateReturn: 0 };
  const outcomes: unknown[] = [];
  /** Gives a piece, and then nothing more. */
  function iterator(): AsyncIterator<string> {
    const first = Promise.resolve({ value: 'a', done: false } as const);
    let given = 0;
    return { next: () => (given++ === 0 ? first : never()) };
  }
  const sources: Readonly<Record<string, AsyncIterable<string>>> = {
    '/return': {
      [Symbol.asyncIterator]: () => ({
        ...iterator(),
        return: () => {
          told.return++;
          return Promise.reject(new Error('could not be closed'));
        },
      }),
    },
    '/throws': {
      [Symbol.asyncIterator]: () => ({
        ...iterator(),
        return: () => {
          told.lateReturn++;
          throw new Error('could not be closed at all');
        },
      }),
    },
    '/destroy': { [Symbol.asyncIterator]: iterator, destroy: () => told.destroy++ } as AsyncIterable<string>,
    '/neither': { [Symbol.asyncIterator]: iterator },
  };
  const { connect } = await startHandler(t, async (req, res) => {
    await res.pipe(sources[req.path]!).catch((error: unknown) => outcomes.push(error));
  });
  for (const path of Object.keys(sources)) {
    const client = await connect();
    client.send(get(path));
    await client.readUntil('a\r\n');
    client.reset();
  }
  await until('all have been told', () => outcomes.length === 4);
  assert.deepEqual(told, { return: 1, destroy: 1, lateReturn: 1 });
  assert.ok(outcomes.every((error) => error instanceof AbortedError));
});

test('pipe() rejects when the client goes, also from a source that waits for something itself', async (t) => {
  const outcome = deferred<unknown>();
  const { connect } = await startHandler(t, async (_req, res) => {
    async function* source(): AsyncGenerator<string> {
      yield 'a';
      await never();
    }
    await res.pipe(source()).catch(outcome.resolve);
  });
  const client = await connect();
  client.send(get('/'));
  await client.readUntil('a\r\n');
  client.reset();
  assert.ok((await outcome.promise) instanceof AbortedError);
});

test('a body whose memory the app gives away while it is sent ends the connection, and nothing else', async (t) => {
  const { server, connect } = await startHandler(t, (_req, res) => {
    const body = new Uint8Array(20 * MIB);
    res.end(body);
    structuredClone(body, { transfer: [body.buffer] });
  });
  const client = await connect();
  client.send(get('/'));
  await until('the connection has ended', () => client.isEnded);
  assert.ok(client.unreadBytes < 20 * MIB);
  await until('it has gone', () => server.stats().connections.open === 0);
});

test('an upgrade handler that fails leaves no open socket behind', async (t) => {
  for (const isAsync of [false, true]) {
    const closed = deferred();
    const { server, connect } = await startServer(t, {}, (made) => {
      made.upgrade('/', (_req, socket) => {
        socket.on('close', closed.resolve);
        if (isAsync) return Promise.reject(new Error('mine'));
        throw new Error('mine');
      });
    });
    const failed = once(server, 'error');
    const client = await connect();
    client.send(get('/', { Connection: 'Upgrade', Upgrade: 'x' }));
    await closed.promise;
    assert.equal(((await failed) as [Error])[0].message, 'mine');
    await until('the connection has ended', () => client.isEnded);
  }
});

test('an upgraded socket that ends while something is on its way to it drops that', async (t) => {
  const sockets: Duplex[] = [];
  const { server, connect } = await startServer(t, {}, (made) => {
    made.upgrade('/', (_req, socket) => {
      sockets.push(socket);
      socket.on('data', () => {
        for (const other of sockets) other.end();
      });
    });
  });
  const clients = [await connect(), await connect()];
  for (const client of clients) client.send(get('/', { Connection: 'Upgrade', Upgrade: 'x' }));
  await until('both are there', () => sockets.length === 2);
  for (const client of clients) client.send('something');
  // Both have come before this thread looks.
  const end = performance.now() + 50;
  while (performance.now() < end);
  await until('both have gone', () => server.stats().connections.open === 0);
});

test('after the end of close() everything that waits for a client is told', async (t) => {
  const go = deferred();
  const outcomes: unknown[] = [];
  const { server, connect } = await startHandler(t, async (req, res) => {
    const early = req.signal;
    await go.promise;
    assert.equal(early.aborted, true);
    outcomes.push(await req.buffer().catch((error: unknown) => error));
    while (res.write(Buffer.alloc(100_000)));
    outcomes.push(await res.drained().catch((error: unknown) => error));
    outcomes.push(res.aborted);
  });
  const client = await connect();
  client.send(head('POST', '/', CHUNKED) + '1\r\nx\r\n');
  await untilRunning(server);
  await server.close({ graceMs: 0 });
  go.resolve();
  await until('all are told', () => outcomes.length === 3);
  assert.ok(outcomes[0] instanceof AbortedError && outcomes[1] instanceof AbortedError);
  assert.equal(outcomes[2], true);
});

test('handlerMs does not run while the body is on its way', async (t) => {
  const { connect } = await startHandler(
    t,
    async (req, res) => {
      res.end(String((await req.buffer()).length));
    },
    { timeouts: { handlerMs: 1_000 } },
  );
  const client = await connect();
  const request = post('/', 'x'.repeat(8));
  client.send(request.slice(0, -8));
  for (let n = 0; n < 8; n++) {
    await delay(200);
    client.send('x');
  }
  const answer = await client.answer();
  assert.equal(answer.status, 200);
  assert.equal(answer.text, '8');
});
