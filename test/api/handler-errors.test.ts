import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { format, inspect } from 'node:util';

import { AbortedError, type ErrorContext, type Handler, type HttpResponse } from 'millrace';

import { get, post } from '../helpers/requests.js';
import { deferred, until } from '../helpers/promises.js';
import { startHandler, untilRunning } from '../helpers/server.js';
import { catchUncaught } from '../helpers/uncaught.js';

const SECRET = 'password hunter2';

const FAILURES: Readonly<Record<string, Handler>> = {
  'throws at once': () => {
    throw new Error(SECRET);
  },
  'throws in an async function, before any await': async () => {
    await Promise.reject(new Error(SECRET));
  },
  'rejects after an await': async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error(SECRET);
  },
  'gives a thenable that rejects': () => ({
    then: (_: unknown, reject: (error: Error) => void) => {
      reject(new Error(SECRET));
    },
  }),
  'throws after it has set a status and fields': (_req, res) => {
    res.status(201).header('X-Secret', SECRET).header('Content-Type', 'text/html');
    throw new Error(SECRET);
  },
};

for (const [what, handler] of Object.entries(FAILURES)) {
  test(`a handler that ${what} answers 500 without the message, and is an error event`, async (t) => {
    const { server, connect } = await startHandler(t, handler);
    const events: [unknown, ErrorContext][] = [];
    server.on('error', (error, context) => events.push([error, context]));
    const client = await connect();
    const answer = await client.ask(post('/some/path?query', 'body'));
    assert.equal(answer.status, 500);
    assert.equal(answer.text, 'Internal Server Error');
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    assert.ok(!JSON.stringify(answer).includes('hunter2'));
    assert.equal((await client.stillServes(get('/'))).status, 500, 'the connection lives on');
    const [[error, context] = []] = events;
    assert.equal((error as Error).message, SECRET);
    assert.deepEqual(context, { method: 'POST', path: '/some/path' });
    assert.equal(events.length, 2);
  });

  test(`without a listener, what a handler that ${what} threw is written to stderr with method and path`, async (t) => {
    const complaints = t.mock.method(console, 'error', () => undefined);
    const { connect } = await startHandler(t, handler);
    assert.equal((await (await connect()).ask(get('/a/b'))).status, 500);
    assert.equal(complaints.mock.callCount(), 1);
    const [text, error] = complaints.mock.calls[0]!.arguments as unknown[];
    assert.match(String(text), /GET \/a\/b/);
    assert.equal((error as Error).message, SECRET);
  });
}

for (const begun of [true, false]) {
  test(`a failure ends the answer, which has ${begun ? '' : 'not '}begun: finished, but not aborted`, async (t) => {
    let response: HttpResponse | undefined;
    const { server, connect } = await startHandler(t, (_req, res) => {
      response = res;
      if (begun) res.write('abc');
      throw new Error('in the middle');
    });
    const failed = once(server, 'error');
    (await connect()).send(get('/'));
    await failed;
    assert.deepEqual([response!.finished, response!.aborted], [true, false]);
    assert.throws(() => response!.write('x'), { code: 'ERR_MILLRACE_RESPONSE_ENDED' });
  });
}

const AFTERWARDS: Readonly<Record<string, (res: HttpResponse) => unknown>> = {
  'throws after its answer': (res) => {
    res.end('answered');
    throw new Error('afterwards');
  },
  'rejects after its answer': async (res) => {
    res.end('answered');
    await Promise.reject(new Error('afterwards'));
  },
  'rejects long after its answer': async (res) => {
    res.end('answered');
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw new Error('afterwards');
  },
  'ends twice': (res) => {
    res.end('answered');
    res.end('again');
  },
};

for (const [what, use] of Object.entries(AFTERWARDS)) {
  test(`a handler that ${what} has answered, and is an error event all the same`, async (t) => {
    const { server, connect } = await startHandler(t, (_req, res) => use(res));
    const failed = once(server, 'error');
    const client = await connect();
    assert.equal((await client.ask(get('/'))).text, 'answered');
    const [error] = (await failed) as [Error];
    assert.match(error.message, /afterwards|ended already/);
    assert.equal((await client.stillServes(get('/'))).text, 'answered');
  });
}

const THROWN: readonly unknown[] = [undefined, null, 0, '', 'text', Symbol('s'), {}, Object.create(null)];

for (const value of THROWN) {
  test(`whatever a handler throws is the event's error, also ${typeof value} ${Object.prototype.toString.call(value)}`, async (t) => {
    const { server, connect } = await startHandler(t, (req) => {
      if (req.path === '/throw') throw value;
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the same
      return Promise.reject(value);
    });
    const errors: unknown[] = [];
    server.on('error', (error) => errors.push(error));
    const client = await connect();
    assert.equal((await client.ask(get('/throw'))).status, 500);
    assert.equal((await client.ask(get('/reject'))).status, 500);
    assert.equal(errors.length, 2);
    assert.equal(errors[0], value);
    assert.equal(errors[1], value);
  });
}

test('of a handler that throws among others, only its own request is answered 500', async (t) => {
  const { server, connect } = await startHandler(t, (req, res) => {
    if (req.path === '/bad') throw new Error('bad');
    res.end(req.path);
  });
  server.on('error', () => undefined);
  const client = await connect();
  client.send(['/1', '/bad', '/2', '/bad', '/3'].map((path) => get(path)).join(''));
  const answers = await client.answers(5);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 500, 200, 500, 200],
  );
  assert.deepEqual(
    answers.map(({ text }) => text).filter((text) => text.startsWith('/')),
    ['/1', '/2', '/3'],
  );
});

test('a handler that returns something that is no promise has done nothing wrong', async (t) => {
  const { server, connect } = await startHandler(t, (_req, res) => {
    res.end('ok');
    return 7;
  });
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push(error));
  assert.equal((await (await connect()).ask(get('/'))).text, 'ok');
  assert.deepEqual(errors, []);
});

test('an async handler that resolves without an answer leaves the request waiting, and the answer may come later', async (t) => {
  const held: HttpResponse[] = [];
  const { connect } = await startHandler(t, async (_req, res) => {
    await Promise.resolve();
    held.push(res);
    setImmediate(() => {
      res.end('later');
    });
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'later');
  assert.equal(held.length, 1);
});

/** Errors that throw when somebody looks at them. */
const UNSIGHTLY: Readonly<Record<string, () => unknown>> = {
  'cannot be shown': () => ({
    [inspect.custom]: () => {
      throw new Error('not to be shown');
    },
  }),
  'has a cause that cannot be read': () =>
    Object.defineProperty(new Error('without a cause'), 'cause', {
      get: () => {
        throw new Error('no cause');
      },
    }),
  'has a code that cannot be read': () => ({
    get code() {
      throw new Error('no code');
    },
  }),
};

for (const [what, make] of Object.entries(UNSIGHTLY)) {
  for (const listens of [false, true]) {
    test(`an error that ${what} is 500 like any other, ${listens ? 'with' : 'without'} a listener`, async (t) => {
      const complaints = t.mock.method(console, 'error', (...args: unknown[]) => {
        format(...args); // as console.error() does
      });
      const { server, connect } = await startHandler(t, (req, res) => {
        if (req.path === '/throw') throw make();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the same
        if (req.path === '/reject') return Promise.reject(make());
        res.end('ok');
        return undefined;
      });
      let events = 0;
      if (listens) server.on('error', () => events++);
      const client = await connect();
      for (const path of ['/throw', '/reject']) assert.equal((await client.ask(get(path))).status, 500);
      assert.equal((await client.ask(get('/'))).text, 'ok');
      assert.ok(listens ? events === 2 : complaints.mock.callCount() >= 2);
    });
  }
}

test('a source whose destroy() throws when its client goes is an uncaught error, and others are served', async (t) => {
  const uncaught = catchUncaught(t);
  const source = new Readable({ read: () => undefined });
  source.destroy = () => {
    throw new Error('of destroy()');
  };
  let outcome: unknown;
  const { connect } = await startHandler(t, async (req, res) => {
    if (req.path === '/other') {
      res.end('served');
      return;
    }
    source.push('a');
    return res.pipe(source).catch((error: unknown) => (outcome = error));
  });
  const client = await connect();
  client.send(get('/'));
  await client.readUntil('a\r\n');
  client.reset();
  await until('it is told', () => uncaught.length === 1);
  assert.equal(uncaught[0]?.message, 'of destroy()');
  await until('pipe() has rejected', () => outcome !== undefined);
  assert.ok(outcome instanceof AbortedError);
  assert.equal((await (await connect()).ask(get('/other'))).text, 'served');
});

test('nor does it cost those behind it their answers when its own handler fails', async (t) => {
  const uncaught = catchUncaught(t);
  const { server, connect } = await startHandler(t, (req, res) => {
    if (req.path !== '/bad') {
      res.end('served');
      return;
    }
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
      destroy: () => {
        throw new Error('of destroy()');
      },
    };
    void res.pipe(source);
    throw new Error('of the handler');
  });
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push((error as Error).message));
  const client = await connect();
  client.send(get('/bad') + get('/good').repeat(20));
  const statuses = (await client.answers(21)).map(({ status }) => status);
  assert.deepEqual(statuses, [500, ...Array.from({ length: 20 }, () => 200)]);
  await until('it is told', () => uncaught.length === 1);
  assert.equal(uncaught[0]?.message, 'of destroy()');
  assert.deepEqual(errors, ['of the handler']);
});

test("a listener's own mistake is an uncaught error, and the requests beside it are answered", async (t) => {
  const uncaught = catchUncaught(t);
  const { server, connect } = await startHandler(t, (req, res) => {
    if (req.path === '/bad') throw new Error('bad');
    res.end('good');
  });
  server.on('error', () => {
    throw new Error('of the listener');
  });
  const client = await connect();
  client.send(get('/bad') + get('/good'));
  const statuses = (await client.answers(2)).map(({ status }) => status);
  assert.deepEqual(statuses, [500, 200]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    uncaught.map(({ message }) => message),
    ['of the listener'],
  );
});

test('what a handler does after its client has gone is not an error', async (t) => {
  const errors: unknown[] = [];
  const done = deferred();
  const { server, connect } = await startHandler(t, async (_req, res) => {
    await until('the client has gone', () => res.aborted);
    res.json({ for: 'nobody' });
    done.resolve();
  });
  server.on('error', (error) => errors.push(error));
  const client = await connect();
  client.send(get('/'));
  await untilRunning(server);
  client.reset();
  await done.promise;
  assert.deepEqual(errors, []);
});
