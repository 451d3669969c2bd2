// pipe(): what it takes, what goes over the wire, and what becomes of the source.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs';
import { Duplex, Readable, Writable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { AbortedError, type HttpResponse } from 'millrace';

import { until } from '../helpers/promises.js';
import { get, head } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';

type Source = Parameters<HttpResponse['pipe']>[0];

/** As the DOM's types have it before TypeScript 6, for what `fetch` gives. */
type WithoutIterator = Omit<ReadableStream<Uint8Array>, 'values' | typeof Symbol.asyncIterator>;

const SOURCES: Readonly<Record<string, () => Source>> = {
  'a Readable': () => Readable.from(['ab', Buffer.from('cd'), 'ef']),
  'a Readable that has read ahead': () => readAhead('ab', 'cd', 'ef'),
  'a Readable that was paused': () => readAhead('ab', 'cd', 'ef').pause(),
  'a Readable that somebody else reads as well': () =>
    readAhead('ab', 'cd', 'ef').on('data', () => undefined),
  'a Readable with a listener for readable': () =>
    Readable.from(['ab', 'cd', 'ef']).on('readable', () => undefined),
  'a Duplex whose other side stays open': () => {
    const both = new Duplex({ read: () => undefined, write: () => undefined });
    for (const chunk of ['ab', 'cd', 'ef', null]) both.push(chunk);
    return both;
  },
  'a ReadableStream': webStream,
  'a ReadableStream whose type has no iterator': (): WithoutIterator => webStream(),
  'an async generator': async function* () {
    for (const chunk of ['ab', 'cd', 'ef']) {
      await delay(1);
      yield chunk;
    }
  },
  'an iterator that has neither return() nor throw()': () => {
    const pieces = ['ab', 'cd', 'ef'];
    const next = (): Promise<IteratorResult<string>> => {
      const value = pieces.shift();
      return Promise.resolve(value === undefined ? { value, done: true } : { value, done: false });
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  },
  'a stream of another package': () => {
    const own = Readable.from(['ab', 'cd', 'ef']);
    return {
      [Symbol.asyncIterator]: () => own[Symbol.asyncIterator](),
      destroy: () => own.destroy(),
    } as never;
  },
};

for (const [what, source] of Object.entries(SOURCES)) {
  test(`pipe() sends all that ${what} gives, and ends`, async (t) => {
    const { connect } = await startHandler(t, async (_req, res) => {
      await res.pipe(source());
      assert.equal(res.finished, true);
    });
    const client = await connect();
    for (let n = 0; n < 3; n++) {
      const answer = await client.ask(get('/'));
      assert.equal(answer.text, 'abcdef');
      assert.deepEqual(answer.chunks, [2, 2, 2]);
    }
  });
}

function webStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of ['ab', 'cd', 'ef']) controller.enqueue(Buffer.from(chunk));
      controller.close();
    },
  });
}

/** Its pieces are there before anybody asks for one. */
function readAhead(...chunks: string[]): Readable {
  const source = new Readable({ read: () => undefined });
  for (const chunk of chunks) source.push(chunk);
  source.push(null);
  return source;
}

test('a Duplex that has been piped is destroyed: nobody else ends its other side', async (t) => {
  const sources: Duplex[] = [];
  const { connect } = await startHandler(t, async (_req, res) => {
    const both = new Duplex({ read: () => undefined, write: () => undefined });
    sources.push(both);
    both.push('abc');
    both.push(null);
    await res.pipe(both);
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'abc');
  assert.equal(sources[0]?.destroyed, true);
});

test('what cannot even be begun to read is a source that fails: 500', async (t) => {
  const locked = new ReadableStream();
  locked.getReader();
  const sources: Readonly<Record<string, Source>> = {
    ERR_INVALID_STATE: locked,
    ENOPIECES: {
      [Symbol.asyncIterator]: () => {
        throw Object.assign(new Error('no pieces'), { code: 'ENOPIECES' });
      },
    },
  };
  const { connect } = await startHandler(t, (req, res) =>
    assert.rejects(res.pipe(sources[req.path.slice(1)]!), { code: req.path.slice(1) }),
  );
  const client = await connect();
  for (const code of Object.keys(sources)) assert.equal((await client.ask(get(`/${code}`))).status, 500);
});

test('a source that gives less than the Content-Length fails before its first piece, too', async (t) => {
  const { connect } = await startHandler(t, (_req, res) =>
    assert.rejects(res.header('Content-Length', 5).pipe(readAhead()), {
      code: 'ERR_MILLRACE_HEADER_FRAMING',
    }),
  );
  assert.equal((await (await connect()).ask(get('/'))).status, 500);
});

test('an answer is given when its source ends, not when that has been closed', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    const source = new Readable({ read: () => undefined, destroy: () => undefined });
    source.push('abc');
    source.push(null);
    return res.pipe(source);
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'abc');
});

test('a descriptor that a source is told to leave open stays open', async (t) => {
  const fd = openSync(import.meta.filename, 'r');
  t.after(() => {
    closeSync(fd);
  });
  const { connect } = await startHandler(t, (_req, res) =>
    res.pipe(createReadStream('', { fd, autoClose: false, start: 0, end: 9 })),
  );
  const client = await connect();
  for (let n = 0; n < 3; n++) assert.equal((await client.ask(get('/'))).text.length, 10);
  assert.ok(fstatSync(fd).size > 10);
});

/** Sources without an end, and whether they have been told to end. */
function endless(ended: () => void): Readonly<Record<string, () => Source>> {
  return {
    Readable: () =>
      new Readable({
        read() {
          setImmediate(() => this.push('piece'));
        },
        destroy(_error, done) {
          ended();
          done(null);
        },
      }),
    ReadableStream: () =>
      new ReadableStream({
        pull: (controller) => {
          controller.enqueue('piece');
          return delay(1);
        },
        cancel: ended,
      }),
    generator: async function* () {
      try {
        for (;;) yield await delay(1, 'piece');
      } finally {
        ended();
      }
    },
  };
}

for (const [name, why] of [
  ['HEAD', 'an answer to HEAD'],
  ['GET', 'an answer 204'],
] as const) {
  test(`of a source only the first piece is awaited for ${why} (RFC 9110 §9.3.2, §15.3.5)`, async (t) => {
    let ends = 0;
    const sources = endless(() => ends++);
    const { connect } = await startHandler(t, async (req, res) => {
      if (name === 'GET') res.status(204);
      await res.pipe(sources[req.path.slice(1)]!());
      assert.equal(res.finished, true);
    });
    const client = await connect();
    for (const [index, kind] of Object.keys(sources).entries()) {
      const answer = await client.ask(head(name, `/${kind}`, {}), { head: true });
      assert.equal(answer.status, name === 'GET' ? 204 : 200);
      await until(`the ${kind} has ended`, () => ends === index + 1);
    }
  });
}

test('to HEAD a source that fails is 500, as it would be to GET', async (t) => {
  const { server, connect } = await startHandler(t, (_req, res) => res.pipe(createReadStream('/nowhere')));
  server.on('error', () => undefined);
  assert.equal((await (await connect()).ask(head('HEAD', '/', {}), { head: true })).status, 500);
});

for (const [how, end] of Object.entries<(res: HttpResponse) => void>({
  'its handler fails': () => {
    throw new Error('something else');
  },
  'its handler ends the answer': (res) => {
    res.end();
  },
})) {
  for (const begun of [false, true]) {
    test(`pipe() is over when ${how} ${begun ? 'behind' : 'ahead of'} the first piece`, async (t) => {
      const sources: Readable[] = [];
      const results: unknown[] = [];
      const { server, connect } = await startHandler(t, async (_req, res) => {
        const source = new Readable({ read: () => undefined });
        sources.push(source);
        const piped = res.pipe(source); // may be left alone
        piped.catch((error: unknown) => results.push(error));
        if (begun) source.push('piece');
        await delay(5);
        end(res);
      });
      server.on('error', () => undefined);
      const client = await connect();
      client.send(get('/'));
      await until('the source has ended', () => sources[0]?.destroyed === true);
      await until('pipe() has, too', () => results.length === 1);
      assert.ok(results[0] instanceof AbortedError);
    });
  }
}

test('a pipe() that nobody awaits is no unhandled rejection when its handler fails', async (t) => {
  const source = new Readable({ read: () => undefined });
  const { server, connect } = await startHandler(t, async (_req, res) => {
    const piped = res.pipe(source);
    await delay(5);
    if (source.readable) throw new Error('the query failed');
    await piped;
  });
  server.on('error', () => undefined);
  assert.equal((await (await connect()).ask(get('/'))).status, 500);
  source.push('late');
  await delay(20); // an unhandled rejection fails the test
  assert.equal(source.destroyed, true);
});

test('a second pipe(), or one behind the end, is refused, and its source ends', async (t) => {
  const ended: string[] = [];
  const source = (name: string): Readable =>
    readAhead(name).on('close', () => {
      ended.push(name);
    });
  const { connect } = await startHandler(t, async (_req, res) => {
    const own = source('first');
    const first = res.pipe(own);
    await assert.rejects(res.pipe(source('second')), {
      code: 'ERR_MILLRACE_RESPONSE_ENDED',
      message: /^pipe\(\) is at work/,
    });
    // Its own source again is refused, too, and goes on.
    await assert.rejects(res.pipe(own), { code: 'ERR_MILLRACE_RESPONSE_ENDED' });
    await first;
    await assert.rejects(res.pipe(source('third')), { code: 'ERR_MILLRACE_RESPONSE_ENDED' });
    const locked = new ReadableStream();
    locked.getReader();
    await assert.rejects(res.pipe(locked), { code: 'ERR_MILLRACE_RESPONSE_ENDED' });
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'first');
  await until('all have ended', () => ended.length === 3);
});

test('pipe() holds its source back while the client takes nothing', async (t) => {
  const PIECE = Buffer.alloc(64 * 1024, 'p');
  const PIECES = 400;
  let given = 0;
  const sources: Readonly<Record<string, () => Source>> = {
    '/readable': () =>
      new Readable({
        read() {
          this.push(given++ < PIECES ? PIECE : null);
        },
      }),
    '/web': () =>
      new ReadableStream({
        pull(controller) {
          if (given++ < PIECES) controller.enqueue(PIECE);
          else controller.close();
        },
      }),
    '/generator': async function* () {
      for (; given < PIECES; given++) yield await Promise.resolve(PIECE);
    },
  };
  const { connect } = await startHandler(t, (req, res) =>
    // With a length the test's client need not take it apart.
    res.header('Content-Length', PIECES * PIECE.length).pipe(sources[req.path]!()),
  );
  for (const path of Object.keys(sources)) {
    given = 0;
    const client = await connect();
    client.socket.pause();
    client.send(get(path));
    // What the sockets, the server and the source itself hold is some megabytes; then nothing moves.
    let before = -1;
    while (given !== before || given === 0) {
      before = given;
      await delay(100);
    }
    assert.ok(given < PIECES, `${path}: all has been taken`);
    client.socket.resume();
    const answer = await client.answer();
    assert.equal(answer.body.length, PIECES * PIECE.length, path);
    client.socket.destroy();
  }
});

test('a Readable that is piped to somebody quick as well waits for the client all the same', async (t) => {
  const PIECE = Buffer.alloc(64 * 1024);
  let given = 0;
  let sunk = 0;
  const { connect } = await startHandler(t, (_req, res) => {
    const source = new Readable({
      read() {
        this.push(++given > 2000 ? null : PIECE);
      },
    });
    source.pipe(
      new Writable({
        highWaterMark: 1024,
        write(chunk: Buffer, _encoding, done) {
          sunk += chunk.length;
          setImmediate(done);
        },
      }),
    );
    return res.pipe(source).catch(() => undefined);
  });
  const client = await connect();
  client.socket.pause();
  client.send(get('/'));
  for (let before = -1; before !== given || given === 0;) {
    before = given;
    await delay(100);
  }
  assert.ok(given < 2000 && sunk > 0, `${String(given)} pieces of 64 KiB`);
});

test('a piece that cannot be sent ends its source, whatever it is', async (t) => {
  const ends: string[] = [];
  const sources: Readonly<Record<string, () => unknown>> = {
    '/readable': () =>
      Readable.from(['abc', 5, 'def']).on('close', () => {
        ends.push('/readable');
      }),
    '/web': () =>
      new ReadableStream({
        start: (controller) => {
          for (const piece of ['abc', 5]) controller.enqueue(piece);
        },
        cancel: () => {
          ends.push('/web');
        },
      }),
  };
  const errors: unknown[] = [];
  const { server, connect } = await startHandler(t, (req, res) =>
    callUntyped(res, 'pipe', sources[req.path]!()),
  );
  server.on('error', (error) => errors.push((error as { code?: unknown }).code));
  for (const path of Object.keys(sources)) {
    const client = await connect();
    client.send(get(path));
    await once(client.socket, 'end');
    assert.ok(client.unread.toString().endsWith('\r\n\r\n3\r\nabc\r\n'), `${path}: no last chunk`);
  }
  assert.deepEqual(ends, Object.keys(sources));
  assert.deepEqual(errors, ['ERR_MILLRACE_RESPONSE_BODY', 'ERR_MILLRACE_RESPONSE_BODY']);
});

test('pipe() rejects what is no source, and another answer is possible', async (t) => {
  const { connect } = await startHandler(t, async (_req, res) => {
    for (const source of ['abc', Buffer.from('abc'), new Uint8Array(3)]) {
      await assert.rejects(callUntyped(res, 'pipe', source) as Promise<void>, {
        name: 'ResponseError',
        code: 'ERR_MILLRACE_RESPONSE_BODY',
        message: /: use end\(\) for a whole body$/,
      });
    }
    for (const source of [undefined, null, 5, {}, () => 'x', Promise.resolve('x')]) {
      await assert.rejects(callUntyped(res, 'pipe', source) as Promise<void>, {
        code: 'ERR_MILLRACE_RESPONSE_BODY',
      });
    }
    await (callUntyped(res, 'pipe', ['ab', Buffer.from('c')]) as Promise<void>);
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'abc');
});

test('a generator whose piece cannot be sent comes to its end, and no further', async (t) => {
  const steps: unknown[] = [];
  const { connect } = await startHandler(t, async (_req, res) => {
    async function* pieces(): AsyncGenerator {
      try {
        await delay(1);
        yield 5;
        steps.push('went on');
      } finally {
        steps.push('ended');
      }
    }
    await (callUntyped(res, 'pipe', pieces()) as Promise<void>).catch((error: unknown) => {
      steps.push((error as { code: string }).code);
    });
  });
  assert.equal((await (await connect()).ask(get('/'))).status, 500);
  assert.deepEqual(steps, ['ended', 'ERR_MILLRACE_RESPONSE_BODY']);
});

test('a source that fails before its first chunk is answered 500, later the answer ends incomplete', async (t) => {
  const errors: unknown[] = [];
  const { server, connect } = await startHandler(t, async (req, res) => {
    await res.pipe(
      (async function* () {
        await delay(1);
        if (req.path === '/late') yield 'abc';
        throw new Error('the source is dry');
      })(),
    );
  });
  server.on('error', (error) => errors.push((error as Error).message));
  const client = await connect();
  assert.equal((await client.ask(get('/early'))).status, 500);
  client.send(get('/late'));
  await once(client.socket, 'end');
  assert.ok(client.unread.toString().endsWith('\r\n\r\n3\r\nabc\r\n'), 'no last chunk');
  assert.deepEqual(errors, ['the source is dry', 'the source is dry']);
});
