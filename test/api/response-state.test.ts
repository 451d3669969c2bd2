import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { HttpResponse } from 'millrace';

import type { Answer } from '../helpers/answer-reader.js';
import { deferred, until } from '../helpers/promises.js';
import { get, post } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';

/** Runs `use` in a handler, and gives the answer. Fails with whatever `use` throws. */
async function inHandler(t: TestContext, use: (res: HttpResponse) => void): Promise<Answer> {
  const failures: unknown[] = [];
  const { server, connect } = await startHandler(t, (_req, res) => {
    use(res);
  });
  server.on('error', (error) => failures.push(error));
  const answer = await (await connect()).ask(get('/'));
  assert.deepEqual(failures, []);
  return answer;
}

test('headersSent and finished say whether the answer has been given', async (t) => {
  await inHandler(t, (res) => {
    assert.deepEqual([res.headersSent, res.finished, res.aborted], [false, false, false]);
    res.status(201).header('X-A', '1');
    assert.deepEqual([res.headersSent, res.finished, res.aborted], [false, false, false]);
    res.end();
    assert.deepEqual([res.headersSent, res.finished, res.aborted], [true, true, false]);
  });
});

test('what has been set for an answer can be read', async (t) => {
  const answer = await inHandler(t, (res) => {
    assert.deepEqual([res.statusCode, res.getHeader('X-A')], [200, undefined]);
    res
      .status(201)
      .header('X-A', 1)
      .append('X-A', '2')
      .header('X-B', 'b')
      .header('X-C', 'c')
      .removeHeader('x-c');
    assert.deepEqual(
      ['x-a', 'X-B', 'X-C'].map((name) => res.getHeader(name)),
      [['1', '2'], 'b', undefined],
    );
    assert.throws(() => res.getHeader(1 as unknown as string), { code: 'ERR_MILLRACE_HEADER_NAME' });
    res.end();
    assert.deepEqual([res.statusCode, res.getHeader('X-B')], [201, 'b']);
  });
  assert.equal(answer.status, 201);
});

test('statusCode may be assigned, which is status()', async (t) => {
  const answer = await inHandler(t, (res) => {
    res.statusCode = 404;
    assert.throws(() => (res.statusCode = 1000), { code: 'ERR_MILLRACE_STATUS' });
    assert.equal(res.statusCode, 404);
    res.end();
    assert.throws(() => (res.statusCode = 200), { code: 'ERR_MILLRACE_HEADERS_SENT' });
  });
  assert.equal(answer.status, 404);
});

test('statusCode of a handler that failed is that of its answer', async (t) => {
  const { promise, resolve } = deferred<HttpResponse>();
  const { server, connect } = await startHandler(t, (_req, res) => {
    resolve(res.status(201).header('X-A', '1'));
    throw new Error('not today');
  });
  server.on('error', () => undefined);
  assert.equal((await (await connect()).ask(get('/'))).status, 500);
  const res = await promise;
  assert.deepEqual([res.statusCode, res.getHeader('X-A')], [500, undefined]);
});

const SECOND_ANSWERS: Readonly<Record<string, (res: HttpResponse) => void>> = {
  'end()': (res) => {
    res.end();
  },
  'json()': (res) => {
    res.json(1);
  },
  'text()': (res) => {
    res.text('x');
  },
  'html()': (res) => {
    res.html('x');
  },
  'redirect()': (res) => {
    res.redirect('/');
  },
};

for (const [call, again] of Object.entries(SECOND_ANSWERS)) {
  test(`a second answer by ${call} is an error, and the first one is what leaves`, async (t) => {
    const answer = await inHandler(t, (res) => {
      res.status(201).end('first');
      assert.throws(
        () => {
          again(res);
        },
        { name: 'StateError', code: 'ERR_MILLRACE_RESPONSE_ENDED' },
      );
    });
    assert.deepEqual([answer.status, answer.text], [201, 'first']);
  });
}

const TOO_LATE: Readonly<Record<string, (res: HttpResponse) => unknown>> = {
  'status()': (res) => res.status(500),
  'header()': (res) => res.header('X-A', '1'),
  'append()': (res) => res.append('X-A', '1'),
  'removeHeader()': (res) => res.removeHeader('X-A'),
};

for (const [call, use] of Object.entries(TOO_LATE)) {
  test(`${call} after the answer is an error`, async (t) => {
    const answer = await inHandler(t, (res) => {
      res.end('first');
      assert.throws(() => use(res), { name: 'StateError', code: 'ERR_MILLRACE_HEADERS_SENT' });
    });
    assert.equal(answer.headers['x-a'], undefined);
  });
}

test('an answer can be given long after the handler has returned', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    setTimeout(() => {
      res.end('late');
    }, 20);
  });
  const client = await connect();
  assert.equal((await client.ask(get('/'))).text, 'late');
  assert.equal((await client.ask(post('/', 'x'))).text, 'late');
});

test('aborted says that the client has gone, and an answer then disturbs nobody', async (t) => {
  const arrived = deferred<HttpResponse>();
  const { server, connect } = await startHandler(t, (req, res) => {
    if (req.path === '/hold') arrived.resolve(res);
    else res.end('served');
  });
  const client = await connect();
  client.send(get('/hold'));
  const other = await connect();
  const response = await arrived.promise;
  assert.equal(response.aborted, false);
  client.reset();
  await until('the response knows of it', () => response.aborted);
  assert.equal(response.finished, false);
  response.header('X-A', '1').end('for nobody');
  assert.equal(response.finished, true);
  assert.equal((await other.ask(get('/'))).text, 'served');
  assert.equal(server.stats().connections.open, 1);
});
