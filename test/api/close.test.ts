import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { createServer, type CloseResult } from 'millrace';

import { Client } from '../helpers/client.js';
import { HeldRequests } from '../helpers/held-requests.js';
import { deferred, until } from '../helpers/promises.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { startHandler, startServer, testOptions } from '../helpers/server.js';

/** Long enough for whatever has to happen; where a test waits for it, it fails. */
const LONG = { graceMs: 60_000 };

test('close() waits for what is in flight, and its answer ends the connection', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startHandler(t, held.handler);
  const client = await connect();
  client.send(get('/1'));
  await held.hasStarted('/1');
  let result: CloseResult | undefined;
  const closing = server.close(LONG).then((end) => (result = end));
  const later = await connectUntilRefused(() => connect());
  assert.equal(later, 'ECONNREFUSED');
  assert.equal(server.address(), null);
  assert.equal(result, undefined);
  held.answer('/1');
  const answer = await client.answer();
  assert.equal(answer.text, '/1');
  assert.equal(answer.headers['connection'], 'close');
  assert.equal(await client.ended(), 'fin');
  const { completed, aborted, ms } = await closing;
  assert.deepEqual([completed, aborted], [1, 0]);
  assert.ok(Number.isInteger(ms) && ms >= 0 && ms < 60_000);
  assert.equal(server.address(), null);
  assert.equal(server.stats().listening, false);
});

/** Connects until nobody listens any more. Who comes in the very moment may be reset. */
async function connectUntilRefused(connect: () => Promise<Client>): Promise<string | undefined> {
  for (;;) {
    try {
      (await connect()).destroy();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ECONNRESET') return code;
    }
  }
}

test('close() ends idle connections, used or not', async (t) => {
  const { server, connect } = await startHandler(t, (_req, res) => {
    res.end();
  });
  const [used, unused] = [await connect(), await connect()];
  await used.ask(get('/'));
  await until('both are known', () => server.stats().connections.open === 2);
  const { completed, aborted } = await server.close(LONG);
  assert.deepEqual([completed, aborted], [0, 0]);
  assert.equal(await used.ended(), 'fin');
  assert.equal(await unused.ended(), 'fin');
});

test('drainIdleMs: idle connections, used or not, may send one more request, and its answer is their end', async (t) => {
  const { server, connect } = await startHandler(
    t,
    (_req, res) => {
      res.end('served');
    },
    { timeouts: { drainIdleMs: 60_000 } },
  );
  const [used, unused] = [await connect(), await connect()];
  await used.ask(get('/'));
  await until('both are known', () => server.stats().connections.open === 2);
  const closing = server.close(LONG);
  assert.equal(await connectUntilRefused(() => connect()), 'ECONNREFUSED');
  for (const client of [used, unused]) {
    const answer = await client.stillServes(get('/'));
    assert.equal(answer.text, 'served');
    assert.equal(answer.headers['connection'], 'close');
    assert.equal(await client.ended(), 'fin');
  }
  const { completed, aborted, ms } = await closing;
  assert.deepEqual([completed, aborted], [2, 0]);
  assert.ok(ms < 60_000, 'nobody is waited for who has gone');
});

for (const [drainIdleMs, graceMs] of [
  [150, 60_000],
  [60_000, 150],
] as const) {
  test(`with drainIdleMs ${String(drainIdleMs)} and graceMs ${String(graceMs)} idle connections end after 150 ms`, async (t) => {
    const { server, connect } = await startHandler(
      t,
      (_req, res) => {
        res.end();
      },
      { timeouts: { drainIdleMs } },
    );
    const [used, unused] = [await connect(), await connect()];
    await used.ask(get('/'));
    await until('both are known', () => server.stats().connections.open === 2);
    const { completed, aborted, ms } = await server.close({ graceMs });
    assert.deepEqual([completed, aborted], [0, 0]);
    assert.ok(ms >= 150 - 20, `after ${String(ms)} ms`);
    assert.equal(await used.ended(), 'fin');
    assert.equal(await unused.ended(), 'fin');
  });
}

test('close() lets a whole pipeline finish, in order, and only its last answer says close', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startServer(
    t,
    {},
    (s) => s.reply('GET', '/native', { body: 'native' }),
    held.handler,
  );
  const client = await connect();
  client.send(get('/1') + get('/native') + post('/2', 'x') + get('/3'));
  await held.hasStarted('/1');
  const closing = server.close(LONG);
  held.answer('/1');
  await held.hasStarted('/1', '/2');
  held.answer('/2');
  await held.hasStarted('/1', '/2', '/3');
  held.answer('/3');
  const answers = await client.answers(4);
  assert.deepEqual(
    answers.map(({ text, headers }) => [text, headers['connection']]),
    [
      ['/1', undefined],
      ['native', undefined],
      ['/2', undefined],
      ['/3', 'close'],
    ],
  );
  assert.equal(await client.ended(), 'fin');
  assert.equal((await closing).completed, 4);
});

test('close() lets a pipeline finish whose rest the server answers by itself, whatever kind of answer it is', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startServer(t, { timeouts: { drainIdleMs: 60_000 } }, (s) => {
    s.reply('GET', '/native', { body: 'native' });
    s.reply('GET', '/large', { body: 'x'.repeat(100_000) });
    s.post('/1', held.handler).get('/last', held.handler);
  });
  const inFlight = await connect();
  const idle = await connect();
  await idle.stillServes(get('/native'));
  const rest =
    get('/native') +
    get('/large') +
    get('/nowhere') +
    get('/1') +
    head('OPTIONS', '/1') +
    postChunked('/nowhere', ['upload']);
  inFlight.send(post('/1', 'x') + rest + get('/last'));
  await held.hasStarted('/1');
  const closing = server.close(LONG);
  held.answer('/1');
  await held.hasStarted('/1', '/last');
  held.answer('/last');
  idle.send(rest + get('/native'));
  const statuses = [200, 200, 404, 405, 204, 404, 200];
  for (const [client, expected] of [
    [inFlight, [200, ...statuses]],
    [idle, statuses],
  ] as const) {
    const answers = await client.answers(expected.length);
    assert.deepEqual(
      answers.map(({ status }) => status),
      expected,
    );
    const says = answers.map(({ headers }) => headers['connection']);
    assert.deepEqual(says, [...Array<undefined>(expected.length - 1).fill(undefined), 'close']);
    assert.equal(await client.ended(), 'fin');
  }
  assert.deepEqual((await closing).aborted, 0);
});

test('close() waits for a request that is still coming', async (t) => {
  const { server, connect } = await startHandler(t, async (req, res) => {
    res.end(String((await req.buffer()).length));
  });
  const client = await connect();
  const request = post('/', 'x'.repeat(100_000));
  client.send(request.slice(0, 50_000));
  await until('half of it is there', () => server.stats().bytes.received === 50_000);
  const closing = server.close(LONG);
  assert.equal(await connectUntilRefused(() => connect()), 'ECONNREFUSED');
  const answer = await client.ask(request.slice(50_000));
  assert.equal(answer.text, '100000');
  assert.equal(answer.headers['connection'], 'close');
  assert.equal(await client.ended(), 'fin');
  assert.deepEqual((await closing).aborted, 0);
});

test('close() waits until a slow reader has all of its answer', async (t) => {
  const SIZE = 20_000_000;
  const { server, connect } = await startHandler(t, (_req, res) => {
    res.end(Buffer.alloc(SIZE));
  });
  const client = await connect();
  client.socket.pause();
  client.send(get('/'));
  await until('it is being sent', () => server.stats().bytes.sent > 0);
  const closing = server.close(LONG);
  assert.equal(await connectUntilRefused(() => connect()), 'ECONNREFUSED');
  client.socket.resume();
  assert.equal((await client.answer()).body.length, SIZE);
  assert.equal(await client.ended(), 'fin');
  assert.equal((await closing).aborted, 0);
});

test('a request that has been sent when close() is called is answered', async (t) => {
  for (let n = 0; n < 20; n++) {
    const { server, connect } = await startHandler(t, (_req, res) => {
      res.end('answered');
    });
    const client = await connect();
    await client.ask(get('/'));
    client.send(get('/'));
    const closing = server.close(LONG);
    assert.equal((await client.answer()).text, 'answered');
    assert.equal(await client.ended(), 'fin');
    await closing;
  }
});

for (const graceMs of [0, 100]) {
  test(`after ${String(graceMs)} ms of grace what is left is cut off and counted`, async (t) => {
    const held = new HeldRequests();
    const { server, connect } = await startHandler(t, held.handler);
    const clients = [await connect(), await connect()];
    clients[0]!.send(get('/1') + get('/2'));
    clients[1]!.send(get('/3'));
    await until('all run', () => held.started.length === 3);
    const { aborted, completed, ms } = await server.close({ graceMs });
    assert.deepEqual([aborted, completed], [3, 0]);
    assert.ok(ms >= graceMs - 20);
    for (const client of clients) await client.ended();
    assert.equal(held.response('/1').aborted, true);
    // An answer now is for nobody, and harms nobody.
    held.answer('/1');
    assert.equal(held.response('/1').finished, true);
  });
}

test('of the requests in flight those that finish in the grace time are not cut off', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startHandler(t, held.handler);
  const [quick, slow] = [await connect(), await connect()];
  quick.send(get('/quick'));
  slow.send(get('/slow'));
  await until('both run', () => held.started.length === 2);
  const closing = server.close({ graceMs: 200 });
  held.answer('/quick');
  assert.equal((await quick.answer()).text, '/quick');
  await slow.ended();
  const { completed, aborted } = await closing;
  assert.deepEqual([completed, aborted], [1, 1]);
});

test('files and canned answers that are on their way count as well, whether they arrive or not', async (t) => {
  const BYTES = 32 * 1024 * 1024;
  const folder = mkdtempSync(join(tmpdir(), 'millrace-close-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'large'), Buffer.alloc(BYTES));
  const { server, connect } = await startServer(t, {}, (own) => {
    own.static('/files', folder);
    own.get('/sent', (_req, res) => res.sendFile(join(folder, 'large')));
    own.reply('GET', '/canned', { body: Buffer.alloc(BYTES) });
  });
  const cut = await Promise.all(['/files/large', '/sent', '/canned'].map((path) => begin(path)));
  const [whole, gone] = [await begin('/files/large'), await begin('/files/large')];
  const closing = server.close({ graceMs: 3000 });
  gone.reset();
  whole.socket.resume();
  assert.equal((await whole.answer()).body.length, BYTES);
  const { completed, aborted } = await closing;
  assert.deepEqual([completed, aborted], [1, 3]);
  for (const client of cut) client.destroy();

  /** Its answer has begun, and fills what the kernel takes. */
  async function begin(path: string): Promise<Client> {
    const client = await connect();
    client.send(get(path));
    await client.receive(1);
    client.socket.pause();
    for (let before = -1; before !== server.stats().bytes.sent;) {
      before = server.stats().bytes.sent;
      await delay(100);
    }
    return client;
  }
});

test('a second close() gives what the first one gives, and `close` is emitted once', async (t) => {
  const { server } = await startHandler(t, () => undefined);
  let events = 0;
  server.on('close', () => events++);
  const first = server.close();
  const second = server.close({ graceMs: 0 });
  const result = await first;
  assert.equal(await second, result);
  assert.equal(await server.close(), result);
  assert.equal(events, 1);
});

test('wrong options of close() are a rejection, and the server goes on', async (t) => {
  const { server, connect } = await startHandler(t, (_req, res) => {
    res.end();
  });
  for (const [options, code] of [
    [{ graceMs: -1 }, 'ERR_MILLRACE_OPTION_RANGE'],
    [{ grace: 1 }, 'ERR_MILLRACE_OPTION_UNKNOWN'],
    ['now', 'ERR_MILLRACE_OPTION_TYPE'],
  ] as const) {
    await assert.rejects(server.close(options as object), { name: 'OptionError', code });
  }
  assert.equal((await (await connect()).ask(get('/'))).status, 200);
});

test('close() of a server that never listened is done at once', async () => {
  const server = createServer(testOptions());
  const closed = once(server, 'close');
  const { completed, aborted } = await server.close();
  assert.deepEqual([completed, aborted], [0, 0]);
  await closed;
  assert.throws(() => server.get('/', () => undefined), { code: 'ERR_MILLRACE_SERVER_CLOSED' });
});

test('close() inside a handler lets that very request finish', async (t) => {
  const result = deferred<CloseResult>();
  const { server, connect } = await startHandler(t, (_req, res) => {
    server.close(LONG).then(result.resolve, result.reject);
    res.end('bye');
  });
  const client = await connect();
  const answer = await client.ask(get('/'));
  assert.equal(answer.text, 'bye');
  assert.equal(await client.ended(), 'fin');
  assert.equal((await result.promise).aborted, 0);
});

test('a handler that waits for close() before it answers is cut off by the grace time', async (t) => {
  const result = deferred<CloseResult>();
  const { server, connect } = await startHandler(t, async (_req, res) => {
    result.resolve(await server.close({ graceMs: 100 }));
    res.end('too late');
  });
  const client = await connect();
  client.send(get('/'));
  await client.ended();
  assert.equal((await result.promise).aborted, 1);
});

test('close() in the listener of an error event is possible', async (t) => {
  const { server, connect } = await startHandler(t, () => {
    throw new Error('bad');
  });
  const closed = deferred();
  server.on('close', closed.resolve);
  server.on('error', () => void server.close(LONG));
  const client = await connect();
  assert.equal((await client.ask(get('/'))).status, 500);
  assert.equal(await client.ended(), 'fin');
  await closed.promise;
});

test('Symbol.asyncDispose closes', async (t) => {
  const { server, connect } = await startHandler(t, () => undefined);
  const client = await connect();
  await server[Symbol.asyncDispose]();
  assert.equal(server.stats().listening, false);
  assert.equal(await client.ended(), 'fin');
});

test('the port is free as soon as close() is done', async (t) => {
  const first = createServer(testOptions());
  const { port } = await first.listen({ host: '127.0.0.1' });
  const client = await Client.connect(t, { port });
  await client.ask(get('/'));
  await first.close();
  const second = createServer(testOptions());
  t.after(() => second.close());
  assert.equal((await second.listen({ host: '127.0.0.1', port })).port, port);
});

test('servers can be opened and closed under load, again and again', async (t) => {
  for (let n = 0; n < 15; n++) {
    const { server, connect } = await startHandler(t, async (req, res) => {
      if (req.path === '/later') await new Promise((resolve) => setImmediate(resolve));
      res.end('x'.repeat(n * 3000));
    });
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
    for (const client of clients) client.send((get('/now') + get('/later')).repeat(20));
    if (n % 3 > 0) await clients[0]!.answers(n);
    const { aborted } = await server.close(n % 2 === 0 ? LONG : { graceMs: 0 });
    if (n % 2 === 0) assert.equal(aborted, 0);
    for (const client of clients) client.destroy();
  }
});

test('an answer ends the connection of an upload that does not go on, when the server closes', async (t) => {
  const held = new HeldRequests();
  const { server, connect } = await startHandler(t, held.handler);
  const client = await connect();
  client.send(head('POST', '/up', { 'Transfer-Encoding': 'chunked' }) + '1\r\nx\r\n');
  await held.hasStarted('/up');
  const closing = server.close(LONG);
  assert.equal(await connectUntilRefused(() => connect()), 'ECONNREFUSED');
  held.answer('/up');
  const answer = await client.answer();
  assert.equal(answer.headers['connection'], 'close');
  assert.equal(await client.ended(), 'fin');
  assert.deepEqual([(await closing).completed, (await closing).aborted], [1, 0]);
});
