// Handlers at work: order, failures, clients that go, full queues, time-outs, and the end of the server.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import type { ErrorContext, Server, ServerOptions } from 'millrace';

import { compileLibrary } from '../helpers/c-library.js';
import { deferred, until } from '../helpers/promises.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { runScript } from '../helpers/script.js';
import { startServer, type Setup, type TestServer } from '../helpers/server.js';

const library = compileLibrary('test/native-handlers/handlers.c', { name: 'handlers-running' });

/** Handlers that wait, and what they have left behind: see handlers.c. */
class Holds {
  readonly folder: string;

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'millrace-native-'));
    t.after(() => {
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  has(file: string): boolean {
    return existsSync(join(this.folder, file));
  }
  write(file: string): void {
    writeFileSync(join(this.folder, file), '');
  }
  letGo(...names: string[]): void {
    for (const name of names) this.write(`${name}.go`);
  }
  started(name: string): Promise<void> {
    return until(`${name} started`, () => this.has(`${name}.started`));
  }
  cancelled(name: string): Promise<void> {
    return until(`${name} cancelled`, () => this.has(`${name}.cancelled`));
  }
}

interface Holding extends TestServer {
  readonly holds: Holds;
}

/** `/hold?NAME` waits; `/sum` does not. Cancelled handlers fail on purpose: nothing of it is printed. */
async function startHolding(t: TestContext, options: ServerOptions = {}, setup?: Setup): Promise<Holding> {
  const holds = new Holds(t);
  const server = await startServer(t, options, (own) => {
    for (const method of ['GET', 'POST']) {
      own.native(method, '/hold', { library, symbol: 'test_hold', data: holds.folder });
    }
    own.native('POST', '/sum', { library, symbol: 'test_sum' });
    own.native('GET', '/copied', { library, symbol: 'test_fill' });
    own.on('error', () => undefined);
    setup?.(own);
  });
  return { ...server, holds };
}

interface Reported {
  readonly code: string;
  readonly message: string;
  readonly context: ErrorContext;
}

function collectErrors(server: Server): Reported[] {
  const errors: Reported[] = [];
  server.on('error', (error, context) => {
    const { code, message } = error as NodeJS.ErrnoException;
    errors.push({ code: code!, message, context });
  });
  return errors;
}

test('a handler that fails is answered 500 without a word, and is an error event', async (t) => {
  const { server, connect } = await startServer(t, {}, (own) =>
    own.native('GET', '/broken/*', { library, symbol: 'test_broken' }),
  );
  const errors = collectErrors(server);
  const client = await connect();
  for (const [how, message] of [
    ['no-database', 'no-database'],
    ['code', 'the handler returned 42'],
  ] as const) {
    const answer = await client.ask(get(`/broken/a?${how}`));
    assert.equal(answer.status, 500);
    assert.equal(answer.text, 'Internal Server Error');
    assert.equal(answer.headers['x-half'], undefined);
    await until('the event', () => errors.length === 1);
    assert.deepEqual(errors.pop(), {
      code: 'ERR_MILLRACE_NATIVE_FAILED',
      message,
      context: { method: 'GET', path: '/broken/a' },
    });
  }
});

test('failures that come many at once are all reported', async (t) => {
  const { server, connect } = await startServer(t, { limits: { pipelineDepth: 200 } }, (own) =>
    own.native('GET', '/broken', { library, symbol: 'test_broken' }),
  );
  const errors = collectErrors(server);
  const client = await connect();
  client.send(get('/broken?why').repeat(200));
  for (const { status } of await client.answers(200)) assert.equal(status, 500);
  await until('all events', () => errors.length === 200);
});

test('without a listener a failure is written to stderr, and ends nothing', async (t) => {
  const { code, stdout, stderr } = await runScript(
    t,
    `import { createServer } from 'millrace';
     const server = createServer().native('GET', '/b', { library: ${JSON.stringify(library)}, symbol: 'test_broken' });
     const { port } = await server.listen({ host: '127.0.0.1' });
     const answer = await fetch('http://127.0.0.1:' + port + '/b?why');
     console.log(answer.status, await answer.text());
     await server.close();`,
  );
  assert.equal(stdout, '500 Internal Server Error\n');
  assert.match(stderr, /^millrace: the handler of GET \/b failed: NativeError: why\n/);
  assert.equal(code, 0);
});

test('answers leave in the order of the requests, whoever gives them', async (t) => {
  let called = 0;
  const { holds, connect } = await startHolding(t, { workers: 4 }, (server) =>
    server.get('/js', (_req, res) => {
      res.text(`js ${String(++called)}`);
    }),
  );
  const client = await connect();
  client.send(get('/js') + get('/hold?a') + get('/js') + get('/hold?b') + get('/copied?3') + get('/js'));
  await holds.started('a');
  await holds.started('b');
  await until('the handlers in JavaScript have run', () => called === 3);
  assert.equal((await client.answer()).text, 'js 1');
  holds.letGo('b');
  await until('b is done', () => holds.has('b.done'));
  assert.equal(client.unreadBytes, 0);
  holds.letGo('a');
  const texts = (await client.answers(5)).map(({ text }) => text);
  assert.deepEqual(texts, ['a', 'js 2', 'b', 'abc', 'js 3']);
});

test('what is not safe runs alone: nothing behind it begins before its answer', async (t) => {
  let called = 0;
  const { holds, connect } = await startHolding(t, { workers: 4 }, (server) =>
    server.get('/js', (_req, res) => {
      res.text(`js ${String(++called)}`);
    }),
  );
  const client = await connect();
  client.send(post('/hold?a', 'body') + get('/js') + get('/hold?b'));
  await holds.started('a');
  const other = await connect();
  assert.equal((await other.ask(post('/sum', ''))).status, 200); // time has passed, and others are served
  assert.equal(called, 0);
  assert.equal(holds.has('b.started'), false);
  holds.letGo('a', 'b');
  assert.deepEqual(
    (await client.answers(3)).map(({ text }) => text),
    ['a', 'js 1', 'b'],
  );
});

test('and it does not begin before what was asked for ahead of it has been answered', async (t) => {
  const gate = deferred();
  const { holds, connect } = await startHolding(t, {}, (server) =>
    server.get('/js', async (_req, res) => {
      await gate.promise;
      res.text('js');
    }),
  );
  const client = await connect();
  client.send(get('/js') + post('/hold?a', 'body') + postChunked('/hold?b', ['bo', 'dy']));
  const other = await connect();
  assert.equal((await other.ask(post('/sum', ''))).status, 200);
  assert.equal(holds.has('a.started'), false);
  holds.letGo('a', 'b');
  gate.resolve();
  assert.deepEqual(
    (await client.answers(3)).map(({ text }) => text),
    ['js', 'a', 'b'],
  );
});

for (const how of ['reset', 'destroy'] as const) {
  test(`a handler can see that its client has gone: ${how}`, async (t) => {
    const { server, holds, connect } = await startHolding(t);
    const client = await connect();
    client.send(get('/hold?a'));
    await holds.started('a');
    assert.equal(holds.has('a.cancelled'), false);
    client[how]();
    await holds.cancelled('a');
    await until('the connection has ended', () => server.stats().connections.open === 0);
  });
}

test('one that has only ended its side still gets its answer', async (t) => {
  const { holds, connect } = await startHolding(t);
  holds.write('a.stubborn');
  const client = await connect({ allowHalfOpen: true });
  client.send(get('/hold?a')).finish();
  await holds.started('a');
  holds.letGo('a');
  assert.equal((await client.answer()).text, 'a');
  assert.equal(await client.ended(), 'fin');
});

for (const how of ['reset', 'finish'] as const) {
  test(`what fails without having been told that its client has gone is an error event: ${how}`, async (t) => {
    const { server, connect } = await startServer(t, {}, (own) => {
      own.native('GET', '/', { library, symbol: 'test_fail_late' });
    });
    const errors = collectErrors(server);
    const client = await connect({ allowHalfOpen: true });
    client.send(get('/'));
    await until('it runs', () => server.stats().workers.active === 1);
    client[how]();
    if (how === 'finish') assert.equal((await client.answer()).status, 500);
    await until('it is reported', () => errors.length === 1);
    assert.equal(errors[0]?.message, 'late');
  });
}

test('a handler does not begin for a client that has gone while it waited', async (t) => {
  const { server, holds, connect } = await startHolding(t, { workers: 1 });
  const client = await connect();
  client.send(get('/hold?first'));
  await holds.started('first');
  const gone = await connect();
  gone.send(get('/hold?gone'));
  await until('it waits', () => server.stats().requests.native === 2);
  gone.reset();
  await until('it has gone', () => server.stats().connections.open === 1);
  holds.letGo('first', 'last');
  assert.equal((await client.answer()).text, 'first');
  assert.equal((await client.ask(get('/hold?last'))).text, 'last');
  assert.equal(holds.has('gone.started'), false);
});

test('with the pool full the answer is 503 and Retry-After, and later it is served', async (t) => {
  const { server, holds, connect } = await startHolding(t, { workers: 1, limits: { workerQueue: 1 } });
  const [running, waiting, refused] = [await connect(), await connect(), await connect()];
  running.send(get('/hold?a'));
  await holds.started('a');
  waiting.send(get('/hold?b'));
  await until('one waits', () => server.stats().requests.native === 2);
  for (const request of [get('/hold?c'), post('/sum', 'x'.repeat(100_000)), head('HEAD', '/copied?1')]) {
    const answer = await refused.ask(request, { head: request.startsWith('HEAD') });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
    assert.equal(answer.headers['connection'], undefined);
  }
  assert.equal(server.stats().requests.overload, 3);
  holds.letGo('a', 'b');
  assert.equal((await running.answer()).text, 'a');
  assert.equal((await waiting.answer()).text, 'b');
  assert.equal((await refused.ask(get('/copied?2'))).text, 'ab');
  assert.equal(holds.has('c.started'), false);
});

test('while handlers block, JavaScript and canned answers go on', async (t) => {
  const { holds, connect } = await startHolding(t, { workers: 2 }, (server) => {
    server.get('/js', (_req, res) => {
      res.text('js');
    });
    server.reply('GET', '/reply', { body: 'reply' });
  });
  const [first, second] = [await connect(), await connect()];
  first.send(get('/hold?a'));
  second.send(get('/hold?b'));
  await holds.started('a');
  await holds.started('b');
  const client = await connect();
  for (let i = 0; i < 100; i++) {
    assert.equal((await client.ask(get('/js'))).text, 'js');
    assert.equal((await client.ask(get('/reply'))).text, 'reply');
  }
  holds.letGo('a', 'b');
  assert.equal((await first.answer()).text, 'a');
  assert.equal((await second.answer()).text, 'b');
});

test('while JavaScript blocks, handlers go on', async (t) => {
  const { stdout, stderr } = await runScript(
    t,
    `import { createServer } from 'millrace';
     import { execFileSync } from 'node:child_process';
     const server = createServer().native('GET', '/copied', { library: ${JSON.stringify(library)}, symbol: 'test_fill' });
     const { port } = await server.listen({ host: '127.0.0.1' });
     const ask = \`fetch('http://127.0.0.1:\${port}/copied?5').then((r) => r.text()).then(console.log)\`;
     process.stdout.write(execFileSync(process.execPath, ['-e', ask]));
     await server.close();`,
  );
  assert.deepEqual([stdout, stderr], ['abcde\n', '']);
});

test('many at once get each their own answer', async (t) => {
  const { server, connect } = await startHolding(t, { workers: 4 });
  await Promise.all(
    Array.from({ length: 16 }, async (_, n) => {
      const client = await connect();
      for (let round = 0; round < 10; round++) {
        const sizes = Array.from({ length: 8 }, (_size, i) => (n * 1009 + round * 131 + i * 7001) % 40_000);
        client.send(sizes.map((size) => get(`/copied?${String(size)}`)).join(''));
        const answers = await client.answers(sizes.length);
        assert.deepEqual(
          answers.map(({ body }) => body.length),
          sizes,
        );
      }
    }),
  );
  const { native, handled } = server.stats().requests;
  assert.deepEqual([native, handled], [16 * 10 * 8, 0]);
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('a body beyond bodyBytes is 413, of the route as of the server', async (t) => {
  const { connect } = await startServer(t, { limits: { bodyBytes: 100 } }, (own) => {
    own.native('POST', '/own', { library, symbol: 'test_sum', bodyBytes: 200_000 });
    own.native('POST', '/server', { library, symbol: 'test_sum' });
  });
  for (const [path, most] of [
    ['/own', 200_000],
    ['/server', 100],
  ] as const) {
    const body = 'x'.repeat(most);
    const good = await connect();
    assert.equal((await good.ask(post(path, body))).status, 200);
    assert.equal((await good.ask(postChunked(path, [body.slice(0, 50), body.slice(50)]))).status, 200);
    for (const request of [post(path, `${body}x`), postChunked(path, [body, 'x'])]) {
      const client = await connect();
      assert.equal((await client.ask(request)).status, 413);
      assert.equal(await client.ended(), 'fin');
    }
  }
});

test('a body that does not come is 408, and no handler is called', async (t) => {
  const { holds, connect } = await startHolding(t, { timeouts: { bodyMs: 100 } });
  const client = await connect();
  client.send(post('/hold?a', 'four').slice(0, -1));
  assert.equal((await client.answer()).status, 408);
  assert.equal(await client.ended(), 'fin');
  assert.equal(holds.has('a.started'), false);
});

test('a body that ends too early, or is no chunk, is 400', async (t) => {
  const { holds, connect } = await startHolding(t);
  const short = await connect({ allowHalfOpen: true });
  short.send(post('/hold?a', 'four').slice(0, -1)).finish();
  assert.equal((await short.answer()).status, 400);
  const wrong = await connect();
  wrong.send(head('POST', '/hold?a', { 'Transfer-Encoding': 'chunked' }));
  assert.equal((await wrong.ask('four\r\n')).status, 400);
  assert.equal(holds.has('a.started'), false);
});

test('bodies that wait for a thread count as held for clients', async (t) => {
  const { server, holds, connect } = await startHolding(t, { workers: 1 });
  const [running, waiting] = [await connect(), await connect()];
  running.send(get('/hold?a'));
  await holds.started('a');
  waiting.send(post('/sum', 'x'.repeat(500_000)));
  await until('one waits', () => server.stats().requests.native === 2);
  assert.ok(server.stats().bytes.buffered >= 500_000);
  holds.letGo('a');
  await running.answer();
  assert.match((await waiting.answer()).text, /^500000 /);
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('with limits.bufferedBytes used up more requests are 503', async (t) => {
  const limits = { bufferedBytes: 100_000 };
  const { server, holds, connect } = await startHolding(t, { workers: 1, limits });
  const [running, refused] = [await connect(), await connect()];
  running.send(get('/hold?a'));
  await holds.started('a');
  // Each takes 32 KiB. It is the one that comes when they are used up that is refused, not the one that does it.
  const waiting = [await connect(), await connect(), await connect(), await connect()];
  for (const [n, client] of waiting.entries()) {
    client.send(post('/sum', 'x'.repeat(20_000)));
    await until('it waits', () => server.stats().requests.native === 2 + n);
  }
  const answer = await refused.ask(post('/sum', 'x'));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '1');
  holds.letGo('a');
  await running.answer();
  for (const client of waiting) assert.match((await client.answer()).text, /^20000 /);
  assert.match((await refused.ask(post('/sum', 'x'))).text, /^1 /);
});

for (const where of ['the server', 'the route'] as const) {
  test(`handlerMs of ${where} answers 503, and tells the handler`, async (t) => {
    const holds = new Holds(t);
    const options = { library, symbol: 'test_hold', data: holds.folder };
    const { server, connect } = await startServer(
      t,
      { timeouts: { handlerMs: where === 'the server' ? 100 : 0 } },
      (own) => own.native('GET', '/hold', { ...options, ...(where === 'the route' && { handlerMs: 100 }) }),
    );
    server.on('error', () => undefined);
    const client = await connect();
    const answer = await client.ask(get('/hold?a'));
    assert.equal(answer.status, 503);
    await holds.cancelled('a');
    assert.equal(server.stats().requests.timedOut, 1);
    holds.letGo('b');
    assert.equal((await client.ask(get('/hold?b'))).text, 'b');
  });
}

test('close() waits for a handler, and its answer leaves', async (t) => {
  const { server, holds, connect } = await startHolding(t);
  const client = await connect();
  client.send(get('/hold?a'));
  await holds.started('a');
  const closing = server.close({ graceMs: 60_000 });
  holds.letGo('a');
  assert.equal((await client.answer()).text, 'a');
  const { completed, aborted } = await closing;
  assert.deepEqual([completed, aborted], [1, 0]);
  assert.equal(holds.has('handler.destroy'), true);
});

test('at the end of the grace a handler is told, and destroy comes when it has returned', async (t) => {
  // Of several reactors one may be told a moment later than the thread is free that another's handler had.
  const { server, holds, connect } = await startHolding(t, { workers: 1, reactors: 1 });
  const [client, waiting] = [await connect(), await connect()];
  client.send(get('/hold?now'));
  await holds.started('now');
  waiting.send(get('/hold?never'));
  await until('one waits', () => server.stats().requests.native === 2);
  const { aborted } = await server.close({ graceMs: 50 });
  assert.equal(aborted, 2);
  assert.equal(holds.has('now.cancelled'), true);
  assert.equal(holds.has('never.started'), false);
  assert.equal(holds.has('handler.destroy'), true);
});

test('a process may exit while a handler runs', async (t) => {
  const holds = new Holds(t);
  const { code, stdout, stderr } = await runScript(
    t,
    `import { createServer } from 'millrace';
     import { existsSync } from 'node:fs';
     const folder = ${JSON.stringify(holds.folder)};
     const server = createServer().native('GET', '/hold', { library: ${JSON.stringify(library)}, symbol: 'test_hold', data: folder });
     const { port } = await server.listen({ host: '127.0.0.1' });
     fetch('http://127.0.0.1:' + port + '/hold?a').catch(() => undefined);
     while (!existsSync(folder + '/a.started')) await new Promise((resolve) => setTimeout(resolve, 1));
     process.exit(7);`,
  );
  assert.deepEqual([code, stdout, stderr], [7, '', '']);
  assert.equal(holds.has('a.cancelled'), true);
  assert.equal(holds.has('handler.destroy'), true);
});
