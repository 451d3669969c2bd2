// Handler threads that end: what they had taken is answered 503, nobody else notices, and another takes their place.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { type Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { type TestServer } from '../helpers/server.js';
import { allServe, Exits, startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';

interface End {
  readonly path: string;
  readonly exitCode: number;
  readonly error?: { readonly name: string; readonly message: RegExp; readonly code?: string };
}

const ENDS: Readonly<Record<string, End>> = {
  'process.exit(0)': { path: '/exit?code=0', exitCode: 0 },
  'process.exit(7)': { path: '/exit?code=7', exitCode: 7 },
  'an uncaught error': {
    path: '/uncaught',
    exitCode: 1,
    error: { name: 'TypeError', message: /^thrown on purpose$/, code: 'ERR_ON_PURPOSE' },
  },
  'an unhandled rejection': {
    path: '/unhandled',
    exitCode: 1,
    error: { name: 'RangeError', message: /^rejected on purpose$/ },
  },
  'too little memory': {
    path: '/memory',
    exitCode: 1,
    error: { name: 'Error', message: /memory/, code: 'ERR_WORKER_OUT_OF_MEMORY' },
  },
};

async function serverWithGate(t: TestContext, threads: number): Promise<TestServer & { gate: Gate }> {
  const gate = new Gate();
  t.after(() => {
    gate.open();
  });
  const running = await startApp(t, 'workbench', {
    threads,
    workerData: gate.words,
    resourceLimits: { maxOldGenerationSizeMb: 32 },
  });
  return { ...running, gate };
}

function assert503({ status, headers, text }: Awaited<ReturnType<Client['answer']>>): void {
  assert.deepEqual([status, headers['retry-after'], text], [503, '1', 'Service Unavailable']);
  assert.equal(headers['connection'], undefined, 'the connection lives on');
}

for (const [what, { path, exitCode, error }] of Object.entries(ENDS)) {
  for (const threads of [1, 2]) {
    test(`${what}, of ${String(threads)}: its request is 503, and it is replaced`, async (t) => {
      const running = await serverWithGate(t, threads);
      const { server, connect } = running;
      const exits = new Exits(running);
      const client = await connect();
      const next = exits.next();
      assert503(await client.ask(get(path)));
      const exit = await next;
      assert.equal(exit.reason, 'exit');
      assert.equal(exit.exitCode, exitCode);
      assert.ok(exit.thread >= 0 && exit.thread < threads);
      const thrown = exit.error as (Error & { code?: string }) | undefined;
      if (error === undefined) {
        assert.equal(thrown, undefined);
      } else {
        assert.equal(thrown?.name, error.name);
        assert.match(thrown.message, error.message);
        assert.equal(thrown.code, error.code);
      }
      assert.equal((await client.ask(get('/'))).text, 'hello', 'over the same connection');
      await until('it has been replaced', () => allServe(running));
      const stats = server.stats();
      assert.equal(stats.requests.lost, 1);
      assert.equal(stats.threads.length, threads);
      assert.deepEqual(
        stats.threads.map(({ thread, restarts, outstanding }) => [thread, restarts, outstanding]),
        Array.from({ length: threads }, (_, n) => [n, n === exit.thread ? 1 : 0, 0]),
      );
      assert.equal(exits.all.length, 1);
      assert.equal((await client.ask(get('/'))).text, 'hello');
    });
  }
}

test('what a thread has answered before its end is sent', async (t) => {
  const running = await serverWithGate(t, 1);
  const exits = new Exits(running);
  const client = await running.connect();
  for (let i = 1; i <= 3; i++) {
    assert.equal((await client.ask(get('/exit-after-answer'))).text, 'last words');
    await until('it has ended', () => exits.all.length === i);
  }
  assert.equal((await client.ask(get('/'))).text, 'hello');
  assert.equal(running.server.stats().requests.lost, 0);
});

test('all that a thread had begun is 503, and what no thread has taken waits for the next', async (t) => {
  const running = await serverWithGate(t, 1);
  const { server, connect, gate } = running;
  const waiting = await Promise.all(Array.from({ length: 5 }, () => connect()));
  for (const client of waiting) client.send(get('/wait'));
  await until('they run', () => gate.entered === 5);
  const streaming = await connect();
  streaming.send(get('/stream'));
  await streaming.readUntil('begun\r\n');
  const ending = await connect();
  ending.send(get('/exit'));
  for (const client of [...waiting, ending]) assert503(await client.answer());
  assert.match(await streaming.ended(), /fin|reset/, 'half an answer is not taken for a whole one');
  gate.open();
  for (const client of waiting) {
    assert.equal((await client.stillServes(get('/'))).text, 'hello', 'the connection lives on');
  }
  assert.equal(server.stats().requests.lost, 7);
});

test('where several threads are, requests of the others go on', async (t) => {
  const running = await serverWithGate(t, 3);
  const { connect, gate, server } = running;
  const clients = await Promise.all(Array.from({ length: 9 }, () => connect()));
  for (const client of clients) client.send(get('/wait'));
  await until('they run', () => gate.entered === clients.length);
  const killer = await connect();
  await killer.ask(get('/')); // reactors count what has been claimed when they are awake
  const outstandingNow = (): number[] => server.stats().threads.map((thread) => thread.outstanding);
  await until('it shows', () => outstandingNow().reduce((sum, count) => sum + count) === clients.length);
  const outstanding = outstandingNow();
  const exits = new Exits(running);
  const ended = exits.next();
  assert503(await killer.ask(get('/exit')));
  const { thread } = await ended;
  gate.open();
  const statuses = (await Promise.all(clients.map((client) => client.answer()))).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 503).length, outstanding[thread]);
  assert.equal(statuses.filter((status) => status === 200).length, clients.length - outstanding[thread]!);
});

test('pipelined requests of a thread that ends are answered in order', async (t) => {
  const running = await serverWithGate(t, 1);
  const { connect } = running;
  const client = await connect();
  client.send(get('/') + get('/wait') + get('/exit') + get('/') + get('/'));
  const statuses = (await client.answers(5)).map(({ status }) => status);
  assert.deepEqual(statuses, [200, 503, 503, 200, 200]);
});

test('a thread that ends soon after its start is replaced later and later, and then serves', async (t) => {
  const running = await serverWithGate(t, 1);
  const exits = new Exits(running);
  const client = await running.connect();
  const pauses: number[] = [];
  for (let i = 1; i <= 4; i++) {
    assert503(await client.ask(get('/exit')));
    const start = performance.now();
    await until('it serves', () => running.server.stats().threads[0]!.restarts === i && allServe(running));
    pauses.push(performance.now() - start);
    assert.equal(exits.all.length, i);
  }
  t.diagnostic(pauses.map((ms) => ms.toFixed(0)).join(', '));
  assert.ok(pauses[3]! > 400, 'not at once, again and again');
  assert.equal((await client.ask(get('/'))).text, 'hello');
});

test('a thread is replaced also where the listener of its end throws', async (t) => {
  const uncaught: unknown[] = [];
  // node:test listens too; for this moment nobody else does. A rejection that nobody handles is no less uncaught.
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    const others = process.listeners(event as 'uncaughtException');
    process.removeAllListeners(event).on(event, (error) => uncaught.push(error));
    t.after(() => {
      process.removeAllListeners(event);
      for (const listener of others) process.on(event, listener as () => void);
    });
  }
  const running = await serverWithGate(t, 1);
  const thrown = new Error('of the listener');
  running.server.on('threadexit', () => {
    throw thrown;
  });
  const client = await running.connect();
  assert503(await client.ask(get('/exit')));
  assert.equal((await client.ask(get('/'))).text, 'hello');
  assert.deepEqual(uncaught, [thrown]);
});

test('while a thread is missing stats() says so', async (t) => {
  const running = await serverWithGate(t, 1);
  const client = await running.connect();
  assert503(await client.ask(get('/exit')));
  const states = new Set<string>();
  await until('it serves again', () => {
    const [thread] = running.server.stats().threads;
    states.add(thread!.state);
    return thread!.restarts === 1 && thread!.state === 'running';
  });
  assert.deepEqual(states, new Set(['starting', 'running']));
});

test('what a server that may be left waits for, to replace a thread, does not keep the process', async (t) => {
  const { server, connect } = await startApp(t, 'workbench', { threads: 1 });
  // Of all that keeps the process only the pause before the next attempt comes and goes here.
  const timers = (): number => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length;
  const client = await connect();
  const counted = new Promise<number[]>((resolve) => {
    server.once('threadexit', () => {
      const before = timers();
      server.unref();
      const left = timers();
      server.ref();
      resolve([before - left, before - timers()]);
    });
  });
  assert.equal((await client.ask(get('/exit?code=0'))).status, 503);
  assert.deepEqual(await counted, [1, 0]);
});
