import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import type { Handler } from 'millrace';

import { HeldRequests } from '../helpers/held-requests.js';
import { until } from '../helpers/promises.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { startHandler, startServer } from '../helpers/server.js';

const echoPath: Handler = (req, res) => {
  res.end(req.path);
};

interface PersistenceCase {
  readonly name: string;
  readonly request: string;
  /** What the answer says in its Connection field. */
  readonly says: string | undefined;
  readonly stays: boolean;
}

const PERSISTENCE: readonly PersistenceCase[] = [
  { name: 'HTTP/1.1 stays', request: get('/'), says: undefined, stays: true },
  {
    name: 'HTTP/1.1 with close ends',
    request: get('/', { Connection: 'close' }),
    says: 'close',
    stays: false,
  },
  { name: 'close in any case ends', request: get('/', { Connection: 'Close' }), says: 'close', stays: false },
  {
    name: 'close in a list ends',
    request: get('/', { Connection: 'x, close ,y' }),
    says: 'close',
    stays: false,
  },
  {
    name: 'close on a second line ends',
    request: get('/', { Connection: ['x', 'close'] }),
    says: 'close',
    stays: false,
  },
  {
    name: 'close beside keep-alive ends',
    request: get('/', { Connection: 'keep-alive, close' }),
    says: 'close',
    stays: false,
  },
  {
    name: 'HTTP/1.1 with keep-alive stays, without a word',
    request: get('/', { Connection: 'keep-alive' }),
    says: undefined,
    stays: true,
  },
  {
    name: 'an option that only begins with close stays',
    request: get('/', { Connection: 'closed' }),
    says: undefined,
    stays: true,
  },
  { name: 'HTTP/1.0 ends', request: 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', says: 'close', stays: false },
  {
    name: 'HTTP/1.0 with keep-alive stays, and is told so',
    request: 'GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n',
    says: 'keep-alive',
    stays: true,
  },
  {
    name: 'HTTP/1.0 with close beside keep-alive ends',
    request: 'GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n',
    says: 'close',
    stays: false,
  },
];

for (const path of ['/handler', '/native', '/nowhere']) {
  for (const { name, request, says, stays } of PERSISTENCE) {
    test(`a connection after ${path}: ${name} (RFC 9112 §9.3)`, async (t) => {
      const { connect } = await startServer(t, {}, (server) => {
        server.get('/handler', echoPath);
        server.reply('GET', '/native', { body: '/native' });
      });
      const client = await connect();
      const bytes = request.replace(' / ', ` ${path} `);
      for (let n = 0; n < (stays ? 3 : 1); n++) {
        const answer = await client.ask(bytes);
        assert.equal(answer.status, path === '/nowhere' ? 404 : 200);
        assert.equal(answer.headers['connection'], says);
      }
      if (!stays) assert.equal(await client.ended(), 'fin');
    });
  }
}

test('a handler that answers Connection: close ends an HTTP/1.0 connection that wanted to stay', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    res.header('Connection', 'close').end();
  });
  const client = await connect();
  const answer = await client.ask('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  assert.equal(answer.headers['connection'], 'close');
  assert.equal(await client.ended(), 'fin');
});

test('empty lines ahead of a request are skipped (RFC 9112 §2.2)', async (t) => {
  const { connect } = await startHandler(t, echoPath);
  const client = await connect();
  for (let n = 0; n < 3; n++) assert.equal((await client.ask(`\r\n${get('/a')}`)).text, '/a');
  client.send(`${post('/b', 'x')}\r\n${get('/c')}\r\n`);
  assert.deepEqual(
    (await client.answers(2)).map(({ text }) => text),
    ['/b', '/c'],
  );
  assert.equal((await client.stillServes(get('/d'))).text, '/d');
});

test('one connection serves many requests, of all kinds, one after the other', async (t) => {
  const { server, connect } = await startServer(
    t,
    {},
    (s) => s.reply('GET', '/native', { body: '/native' }),
    echoPath,
  );
  const client = await connect();
  for (let n = 0; n < 300; n++) {
    const requests = [
      get('/a'),
      post('/b', 'x'.repeat(n * 100)),
      postChunked('/c', ['x', 'y'.repeat(n + 1)]),
      get('/native'),
    ];
    for (const [i, path] of ['/a', '/b', '/c', '/native'].entries()) {
      assert.equal((await client.ask(requests[i]!)).text, path);
    }
  }
  assert.equal(server.stats().connections.total, 1);
});

test('a client that has finished sending still gets its answer: half-close', async (t) => {
  const held = new HeldRequests();
  const { connect } = await startServer(
    t,
    {},
    (s) => s.reply('GET', '/native', { body: 'native' }),
    held.handler,
  );
  const client = await connect({ allowHalfOpen: true });
  client.send(get('/1') + get('/2') + get('/native')).finish();
  await held.hasStarted('/1', '/2');
  await delay(20); // the FIN has been seen by now, or is seen later: both are right
  held.answer('/2');
  held.answer('/1', 'x'.repeat(3_000_000));
  const answers = await client.answers(3);
  assert.deepEqual(
    answers.map(({ body }) => body.length),
    [3_000_000, 2, 6],
  );
  assert.equal(await client.ended(), 'fin');
});

for (const path of ['/handler', '/native']) {
  test(`a client that sends on behind the last answer, of ${path}, is not reset (RFC 9112 §9.6)`, async (t) => {
    const { server, connect } = await startServer(t, {}, (s) => {
      s.get('/handler', echoPath);
      s.reply('GET', '/native', { body: '/native' });
    });
    const client = await connect({ allowHalfOpen: true });
    assert.equal((await client.ask(get(path, { Connection: 'close' }))).text, path);
    assert.equal(await client.ended(), 'fin');
    for (const late of [get('/late'), 'x']) {
      const before = server.stats().bytes.received;
      client.send(late);
      await until('what was sent is received', () => server.stats().bytes.received === before + late.length);
    }
    const closed = once(client.socket, 'close');
    client.finish();
    await closed;
    assert.equal(await client.ended(), 'fin');
    assert.equal(server.stats().requests.handled, path === '/handler' ? 1 : 0);
  });
}

test('a client that is told the end and neither sends nor ends is let go all the same', async (t) => {
  const { server, connect } = await startHandler(t, echoPath);
  const client = await connect({ allowHalfOpen: true });
  await client.ask(get('/', { Connection: 'close' }));
  assert.equal(await client.ended(), 'fin');
  await until('the connection is gone', () => server.stats().connections.open === 0);
});

test('a half-closed connection ends after its last answer, also when that was given first', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startHandler(t, held.handler);
  const client = await connect({ allowHalfOpen: true });
  client.send(get('/1') + get('/2'));
  await held.hasStarted('/1', '/2');
  held.answer('/2');
  client.finish();
  await delay(20);
  held.answer('/1');
  assert.deepEqual(
    (await client.answers(2)).map(({ text }) => text),
    ['/1', '/2'],
  );
  assert.equal(await client.ended(), 'fin');
  assert.equal(server.stats().requests.answered, 2);
});

test('a request and a FIN in the same moment are answered, and so are many pipelined ones', async (t) => {
  const { connect } = await startHandler(t, echoPath, { limits: { pipelineDepth: 2 } });
  for (const count of [1, 20, 200]) {
    const client = await connect({ allowHalfOpen: true });
    client.send(post('/a', 'x').repeat(count)).finish();
    for (const { text } of await client.answers(count)) assert.equal(text, '/a');
    assert.equal(await client.ended(), 'fin');
  }
});

const CUT_SHORT: Readonly<Record<string, string>> = {
  'a request line': 'GET / HT',
  'a head': get('/').slice(0, -1),
  'a body with a length': post('/', 'abcdef').slice(0, -1),
  'a chunked body': postChunked('/', ['abcdef']).slice(0, -1),
};

for (const [what, bytes] of Object.entries(CUT_SHORT)) {
  test(`a client that finishes in the middle of ${what} is answered 400, and no handler gets its body (RFC 9112 §8)`, async (t) => {
    let given = 0;
    const { server, connect } = await startHandler(t, async (req, res) => {
      await req.buffer();
      given++;
      res.end();
    });
    const client = await connect({ allowHalfOpen: true });
    client.send(bytes).finish();
    assert.equal((await client.answer()).status, 400);
    assert.equal(await client.ended(), 'fin');
    assert.equal(server.stats().requests.refused, 1);
    assert.equal(given, 0);
  });
}

for (const bytes of ['', '\r\n']) {
  test(`a client that finishes after ${JSON.stringify(bytes)} is let go without a word`, async (t) => {
    const { server, connect } = await startHandler(t, echoPath);
    const client = await connect({ allowHalfOpen: true });
    client.send(bytes).finish();
    assert.equal(await client.ended(), 'fin');
    assert.equal(server.stats().requests.refused, 0);
  });
}

const EXPECT = { Expect: '100-continue' };

test('Expect: 100-continue is answered 100 before the body comes (RFC 9110 §10.1.1)', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    res.end(await req.text());
  });
  const client = await connect();
  for (const [request, body] of [
    [head('POST', '/', { ...EXPECT, 'Content-Length': '5' }), 'hello'],
    [head('POST', '/', { ...EXPECT, 'Transfer-Encoding': 'chunked' }), '5\r\nhello\r\n0\r\n\r\n'],
    [head('POST', '/', { Expect: '100-Continue', 'Content-Length': '5' }), 'hello'],
  ] as const) {
    client.send(request);
    assert.equal(await client.readUntil('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n');
    const answer = await client.ask(body);
    assert.equal(answer.text, 'hello');
    assert.deepEqual(answer.interim, []);
  }
});

test('no 100 is sent where the body is there already, or there is none, or to HTTP/1.0', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    res.end(await req.text());
  });
  const client = await connect();
  for (const request of [
    post('/', 'hello', EXPECT),
    get('/', EXPECT),
    head('POST', '/', { ...EXPECT, 'Content-Length': '0' }),
    'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
  ]) {
    const answer = await client.ask(request);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.interim, [], request);
  }
});

test('a body that nobody will read is not asked for: a final answer, and the end of the connection', async (t) => {
  const { connect } = await startServer(t, { limits: { bodyBytes: 10 } }, (server) => {
    server.get('/', echoPath);
    server.reply('POST', '/native', { body: 'native' });
    server.post('/post', echoPath);
  });
  for (const [path, length, status] of [
    ['/nowhere', 5, 404],
    ['/', 5, 405],
    ['/native', 5, 200],
    ['/post', 11, 413],
  ] as const) {
    const client = await connect();
    const answer = await client.ask(head('POST', path, { ...EXPECT, 'Content-Length': String(length) }));
    assert.equal(answer.status, status);
    assert.deepEqual(answer.interim, []);
    assert.equal(answer.headers['connection'], 'close');
    assert.equal(await client.ended(), 'fin');
  }
});

test('100 Continue keeps its place in a pipeline', async (t) => {
  const held = new HeldRequests();
  const { connect } = await startHandler(t, held.handler);
  const client = await connect();
  client.send(get('/1') + head('POST', '/2', { ...EXPECT, 'Content-Length': '5' }));
  await held.hasStarted('/1');
  await delay(20);
  assert.equal(client.unread.toString(), '');
  held.answer('/1');
  assert.equal((await client.answer()).text, '/1');
  await held.hasStarted('/1', '/2');
  const text = held.request('/2').text();
  assert.equal(await client.readUntil('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n');
  client.send('hello');
  assert.equal(await text, 'hello');
  held.answer('/2');
  assert.equal((await client.answer()).text, '/2');
});

for (const value of ['200-ok', '100-continue, x', 'x=y', '100-continu']) {
  test(`Expect: ${value} is 417, and the end of the connection (RFC 9110 §10.1.1)`, async (t) => {
    const { connect } = await startHandler(t, echoPath);
    const client = await connect();
    assert.equal((await client.ask(post('/', 'x', { Expect: value }))).status, 417);
    assert.equal(await client.ended(), 'fin');
  });
}

test('a body to a native answer is read and thrown away, and the connection stays', async (t) => {
  const { connect } = await startServer(t, {}, (server) =>
    server.reply('POST', '/native', { body: 'native' }),
  );
  const client = await connect();
  const large = 'x'.repeat(300_000);
  for (const request of [post('/native', large), postChunked('/native', [large]), post('/nowhere', large)]) {
    assert.equal((await client.ask(request)).status, request.includes('nowhere') ? 404 : 200);
  }
  assert.equal((await client.stillServes(get('/native'))).status, 405);
});
