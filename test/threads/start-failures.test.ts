// Apps that cannot be loaded: listen() rejects, nothing is left, and it may be called again.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { createServer, ThreadError, type Server, type ServerOptions } from 'millrace';

import { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { listenUntilEnd, testOptions } from '../helpers/server.js';
import { threads } from '../lifecycle/fixtures/proc.js';
import { appOptions } from './fixtures/app-server.js';
import type { Way } from './fixtures/broken-app.js';
import { Gate } from './fixtures/gate.js';
import { HAS_OTHER_ROUTES } from './fixtures/moody-app.js';

const HERE = { host: '127.0.0.1' };

/** What listen() rejects with; afterwards there are as many threads as before. */
async function failure(t: TestContext, server: Server): Promise<ThreadError> {
  const error = await server.listen(HERE).then(
    () => assert.fail('it listens'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ThreadError, String(error));
  assert.equal(error.name, 'ThreadError');
  assert.equal(server.address(), null);
  assert.equal(server.stats().listening, false);
  assert.deepEqual(server.stats().threads, []);
  t.after(() => server.close());
  return error;
}

function brokenServer(way: Way, options: ServerOptions = {}): Server {
  const workerData = { way, count: new Int32Array(new SharedArrayBuffer(4)) };
  return createServer(appOptions('broken-app', { workerData, ...options }));
}

const STARTS: readonly { way: Way; message: RegExp; cause?: object }[] = [
  { way: 'throws', message: /its app threw: no database$/, cause: { name: 'TypeError', code: 'ENODB' } },
  { way: 'rejects', message: /its app threw: no database$/, cause: { name: 'TypeError' } },
  { way: 'throws no error', message: /its app threw: .*'no database'$/ },
  { way: 'exits', message: /it ended with exit code 7$/ },
  { way: 'exits with 0', message: /it ended with exit code 0$/ },
  {
    way: 'throws later, while it is being loaded',
    message: /it ended with exit code 1: no database$/,
    cause: { name: 'TypeError' },
  },
  {
    way: 'adds a bad route',
    message: /no slash/,
    cause: { name: 'RouteError', code: 'ERR_MILLRACE_ROUTE_PATTERN' },
  },
  {
    way: 'adds a route twice',
    message: /a route for GET on '\/' already$/,
    cause: { name: 'RouteError', code: 'ERR_MILLRACE_ROUTE_DUPLICATE' },
  },
];

for (const { way, message, cause } of STARTS) {
  test(`of an app that ${way}, listen() says so, each time`, async (t) => {
    const server = brokenServer(way);
    for (let i = 0; i < 2; i++) {
      const error = await failure(t, server);
      assert.equal(error.code, 'ERR_MILLRACE_THREAD_START');
      assert.match(error.message, message);
      if (cause !== undefined) {
        const told = error.cause as Record<string, unknown>;
        for (const [name, value] of Object.entries(cause)) assert.equal(told[name], value, name);
      }
    }
  });
}

for (const app of ['there-is-none', 'no-function']) {
  test(`of the app ${app} it says what is wrong with it`, async (t) => {
    for (const threads of [1, 2]) {
      const error = await failure(t, createServer(appOptions(app, { threads })));
      assert.equal(error.code, 'ERR_MILLRACE_THREAD_START');
      assert.match(
        error.message,
        app === 'no-function' ? /must be a function \(app\)/ : /Cannot find module/,
      );
    }
    await assert.rejects(createServer(appOptions(app, { threads: 0 })).listen(HERE), {
      code: app === 'no-function' ? 'ERR_MILLRACE_ROUTE_HANDLER' : 'ERR_MODULE_NOT_FOUND',
    });
  });
}

test('what Node.js refuses to start a worker with is named', async (t) => {
  for (const [options, message] of [
    [{ workerData: () => 1 }, /could not be cloned/],
    [{ execArgv: ['--no-such-option'] }, /--no-such-option/],
  ] as const) {
    const error = await failure(t, createServer(appOptions('workbench', options)));
    assert.equal(error.code, 'ERR_MILLRACE_THREAD_START');
    assert.match(error.message, message);
    assert.ok(error.cause instanceof Error);
  }
});

const ROUTES: readonly { way: Way; parts: readonly RegExp[] }[] = [
  {
    way: 'adds other routes in each thread',
    parts: [/'POST \/of\/\d+' where another has 'POST \/of\/\d+'$/],
  },
  { way: 'adds a route less in each further thread', parts: [/'GET \/more'/, /nothing/] },
  { way: 'has other options in each thread', parts: [/'GET \/same' where another has 'GET \/same'$/] },
];

for (const { way, parts } of ROUTES) {
  test(`an app that ${way} is refused, with the routes that differ`, async (t) => {
    const error = await failure(t, brokenServer(way));
    assert.equal(error.code, 'ERR_MILLRACE_THREAD_ROUTES');
    for (const part of parts) assert.match(error.message, part);
  });
}

test('nothing is left of threads that could not start', async () => {
  const server = brokenServer('throws', { threads: 4 });
  await assert.rejects(server.listen(HERE));
  const before = threads().length;
  for (let i = 0; i < 5; i++) await assert.rejects(server.listen(HERE));
  await until('no more threads than before', () => threads().length <= before);
});

test('a route of the app that a reply() has already is a duplicate', async () => {
  for (const threads of [0, 2]) {
    const server = createServer(appOptions('workbench', { threads })).reply('GET', '/thread', {});
    await assert.rejects(server.listen(HERE), { name: 'RouteError', code: 'ERR_MILLRACE_ROUTE_DUPLICATE' });
    assert.equal(server.address(), null);
  }
});

test('handlers belong into the app', () => {
  const conflict = { name: 'OptionError', code: 'ERR_MILLRACE_OPTION_CONFLICT', option: 'app' };
  const handler = (): void => undefined;
  for (const threads of [0, 1]) {
    const options = appOptions('workbench', { threads });
    assert.throws(() => createServer(options, handler), conflict);
    const server = createServer(options);
    for (const add of [
      () => server.get('/', handler),
      () => server.all('/', handler),
      () => server.route('PURGE', '/', handler),
      () => server.upgrade('/', handler),
    ]) {
      assert.throws(add, {
        ...conflict,
        message: /belongs into the app module of this server: file:.*workbench/,
      });
    }
  }
});

test('an app without threads that fails is no reason not to try again', async (t) => {
  const server = createServer(appOptions('timid-app', { threads: 0 }));
  await assert.rejects(server.listen(HERE), { message: 'not yet' });
  const where = await listenUntilEnd(t, server, HERE);
  assert.equal((await (await Client.connect(t, where)).ask(get('/'))).text, 'hello');
});

test('where somebody else listens the threads end, and it may be tried again', async (t) => {
  const other = createServer(testOptions());
  const { port } = await listenUntilEnd(t, other, HERE);
  const server = createServer(appOptions('workbench'));
  const before = threads().length;
  for (let i = 0; i < 3; i++) {
    await assert.rejects(server.listen({ ...HERE, port }), { code: 'EADDRINUSE' });
    assert.deepEqual(server.stats().threads, []);
  }
  await until('no more threads than before', () => threads().length <= before);
  const where = await listenUntilEnd(t, server, HERE);
  assert.equal((await (await Client.connect(t, where)).ask(get('/'))).text, 'hello');
});

test('an app that has other routes the next time is refused: the server has those of the first', async (t) => {
  const gate = new Gate();
  const { port } = await listenUntilEnd(t, createServer(testOptions()), HERE);
  const server = createServer(appOptions('moody-app', { workerData: gate.words }));
  await assert.rejects(server.listen({ ...HERE, port }), { code: 'EADDRINUSE' });
  gate.flag = HAS_OTHER_ROUTES;
  await assert.rejects(server.listen(HERE), { code: 'ERR_MILLRACE_THREAD_ROUTES' });
  gate.flag = 1;
  const where = await listenUntilEnd(t, server, HERE);
  assert.equal((await (await Client.connect(t, where)).ask(get('/version'))).text, '1');
});

for (const app of ['workbench', 'async-app', 'never-ready']) {
  for (const afterMs of [0, 5, 100]) {
    test(`close() ${String(afterMs)} ms after listen(), with ${app}, leaves no thread`, async () => {
      const before = threads().length;
      const server = createServer(appOptions(app));
      const listening = server.listen(HERE);
      listening.catch(() => undefined);
      if (afterMs > 0) await delay(afterMs);
      const isOver = server.address() !== null;
      await server.close();
      // On a fast machine it may listen by now.
      if (isOver) await listening;
      else await assert.rejects(listening, { name: 'StateError', code: 'ERR_MILLRACE_SERVER_CLOSED' });
      assert.equal(server.stats().listening, false);
      assert.equal(server.address(), null);
      await until('no more threads than before', () => threads().length <= before);
    });
  }
}

test('a second listen() is refused while the first one starts the threads', async (t) => {
  const server = createServer(appOptions('workbench'));
  const first = listenUntilEnd(t, server, HERE);
  await assert.rejects(server.listen(HERE), { code: 'ERR_MILLRACE_ALREADY_LISTENING' });
  await first;
  assert.equal(server.stats().threads.length, 2);
});
