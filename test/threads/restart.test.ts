// restartThreads(): new code without a lost request, and the old code where the new one cannot be loaded.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import { createServer, type ServerOptions } from 'millrace';

import { until } from '../helpers/promises.js';
import { get, post } from '../helpers/requests.js';
import { listenUntilEnd, testOptions, type TestServer } from '../helpers/server.js';
import { threads } from '../lifecycle/fixtures/proc.js';
import { allServe, appOptions, Exits, startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';
import { FAILS, HAS_OTHER_ROUTES } from './fixtures/moody-app.js';

async function moodyServer(
  t: TestContext,
  options: ServerOptions = {},
): Promise<TestServer & { gate: Gate }> {
  const gate = new Gate();
  t.after(() => {
    gate.open();
  });
  return { ...(await startApp(t, 'moody-app', { workerData: gate.words, ...options })), gate };
}

test('the code is loaded anew in every thread, which keep their numbers', async (t) => {
  const running = await moodyServer(t, { threads: 3 });
  const { server, connect, gate } = running;
  const exits = new Exits(running);
  const client = await connect();
  for (let version = 1; version <= 3; version++) {
    gate.flag = version;
    await server.restartThreads();
    for (let i = 0; i < 20; i++) {
      assert.equal((await client.ask(get('/version'))).text, String(version));
    }
    assert.deepEqual(
      server.stats().threads.map(({ thread, state, restarts }) => [thread, state, restarts]),
      [0, 1, 2].map((thread) => [thread, 'running', version]),
    );
  }
  await until('all ends are told', () => exits.all.length === 9);
  for (const [n, { thread, reason, exitCode, error }] of exits.all.entries()) {
    assert.deepEqual(
      { thread, reason, exitCode, error },
      {
        thread: n % 3,
        reason: 'restart',
        exitCode: 0,
        error: undefined,
      },
    );
  }
});

test('under load no request is lost', async (t) => {
  const running = await moodyServer(t, { threads: 2 });
  const { server, connect, gate } = running;
  gate.open();
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect()));
  let over = false;
  let asked = 0;
  const load = clients.map(async (client, n) => {
    const requests = [get('/version'), get('/wait'), get('/version').repeat(2), get('/stream')];
    for (let i = n; !over; i++) {
      const request = requests[i % requests.length]!;
      const count = request.length === requests[2]!.length ? 2 : 1;
      asked += count;
      for (const { status } of await client.send(request).answers(count)) assert.equal(status, 200);
    }
  });
  for (gate.flag = 1; gate.flag <= 5; gate.flag++) await server.restartThreads();
  over = true;
  await Promise.all(load);
  const { requests } = server.stats();
  t.diagnostic(`${String(asked)} requests during 5 restarts`);
  assert.deepEqual([requests.lost, requests.overload, requests.answered], [0, 0, asked]);
});

test('calls while one is under way share its restart', async (t) => {
  const { server } = await moodyServer(t);
  await Promise.all([server.restartThreads(), server.restartThreads(), server.restartThreads()]);
  assert.deepEqual(
    server.stats().threads.map(({ restarts }) => restarts),
    [1, 1],
  );
  await server.restartThreads();
  assert.deepEqual(
    server.stats().threads.map(({ restarts }) => restarts),
    [2, 2],
  );
});

for (const [what, flag, code] of [
  ['fails', FAILS, 'ERR_MILLRACE_THREAD_START'],
  ['has other routes', HAS_OTHER_ROUTES, 'ERR_MILLRACE_THREAD_ROUTES'],
] as const) {
  test(`new code that ${what} changes nothing: the threads that are there go on`, async (t) => {
    const running = await moodyServer(t);
    const { server, connect, gate } = running;
    const exits = new Exits(running);
    const client = await connect();
    const held = (await connect()).send(get('/wait'));
    await until('it runs', () => gate.entered === 1);
    const before = threads().length;
    gate.flag = flag;
    for (let i = 0; i < 3; i++) {
      await assert.rejects(server.restartThreads(), { name: 'ThreadError', code });
      assert.equal((await client.ask(get('/version'))).text, '0');
    }
    assert.ok(allServe(running));
    assert.deepEqual(exits.all, []);
    await until('no thread is left of it', () => threads().length <= before);
    gate.open();
    assert.equal((await held.answer()).text, '0');
    gate.flag = 1;
    await server.restartThreads();
    assert.equal((await client.ask(get('/version'))).text, '1');
  });
}

test('a thread that is replaced finishes what it has begun, and the next one serves meanwhile', async (t) => {
  const running = await moodyServer(t, { threads: 1 });
  const { server, connect, gate } = running;
  const [waiting, streaming, client] = [await connect(), await connect(), await connect()];
  waiting.send(get('/wait'));
  streaming.send(get('/stream'));
  await until('they run', () => gate.entered === 2);
  gate.flag = 1;
  let over = false;
  const restarted = server.restartThreads().then(() => {
    over = true;
  });
  await until('the next one serves', () => server.stats().threads[0]!.restarts === 1 && allServe(running));
  for (let i = 0; i < 5; i++) assert.equal((await client.ask(get('/version'))).text, '1');
  await delay(50);
  assert.equal(over, false);
  gate.open();
  assert.equal((await waiting.answer()).text, '0');
  assert.equal((await streaming.answer()).text, 'begunended');
  await restarted;
  assert.equal(server.stats().requests.lost, 0);
});

for (const [what, path] of [
  ['awaits something', '/wait'],
  ['is stuck', '/block'],
] as const) {
  test(`after graceMs a request whose handler ${what} is 503`, async (t) => {
    const running = await moodyServer(t, { threads: 1 });
    const { server, connect, gate } = running;
    const exits = new Exits(running);
    const client = await connect();
    client.send(get(path));
    await until('it runs', () => gate.entered === 1);
    gate.flag = 1;
    await server.restartThreads({ graceMs: 50 });
    const answer = await client.answer();
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1']);
    assert.equal((await client.ask(get('/version'))).text, '1');
    await until('its end is told', () => exits.all.length === 1);
    assert.equal(exits.all[0]!.reason, 'restart');
    assert.equal(server.stats().requests.lost, 1);
  });
}

test('a thread that comes back after graceMs takes no more requests: they are for the one in its place', async (t) => {
  const running = await moodyServer(t, { threads: 1 });
  const { server, connect, gate } = running;
  const stuck = (await connect()).send(get('/block'));
  await until('it is stuck', () => gate.entered === 1);
  gate.flag = 1;
  const restarted = server.restartThreads({ graceMs: 0 });
  assert.equal((await stuck.answer()).status, 503);
  // The next one is stuck, too, so that nobody takes what comes now.
  const next = (await connect()).send(get('/sleep?ms=500'));
  await until('it sleeps', () => gate.entered === 2);
  const others = await Promise.all(
    Array.from({ length: 5 }, async () => (await connect()).send(get('/wait'))),
  );
  await until('they wait', () => server.stats().queue.waiting === others.length);
  gate.open();
  for (const other of others) assert.equal((await other.answer()).text, '1');
  assert.equal((await next.answer()).status, 200);
  await restarted;
  assert.equal(server.stats().requests.lost, 1);
});

test('after graceMs a stream is cut off', async (t) => {
  const { server, connect, gate } = await moodyServer(t, { threads: 1 });
  const client = await connect();
  client.send(get('/stream'));
  await client.readUntil('begun\r\n');
  gate.flag = 1;
  await server.restartThreads({ graceMs: 0 });
  await client.ended();
  assert.equal((await (await connect()).ask(get('/version'))).text, '1');
});

test('a body that comes while its thread is replaced is read to its end', async (t) => {
  const { server, connect } = await startApp(t, 'bodies', { threads: 1 });
  const client = await connect();
  const body = 'x'.repeat(200_000);
  const request = post('/echo', body);
  client.send(request.slice(0, 100_000));
  await until('it runs', () => server.stats().threads[0]!.taken === 1);
  const restarted = server.restartThreads();
  await until('the next one serves', () => server.stats().threads[0]!.restarts === 1);
  client.send(request.slice(100_000));
  assert.ok((await client.answer()).text === body);
  await restarted;
  assert.equal((await client.ask(post('/echo', 'y'))).text, 'y');
});

test('it needs a server that listens, with threads, and right options', async (t) => {
  const none = { name: 'StateError', code: 'ERR_MILLRACE_NO_THREADS' };
  const here = { host: '127.0.0.1' };
  const without = createServer(testOptions());
  await assert.rejects(without.restartThreads(), none);
  await listenUntilEnd(t, without, here);
  await assert.rejects(without.restartThreads(), { ...none, message: /needs handler threads/ });

  const server = createServer(appOptions('workbench'));
  await assert.rejects(server.restartThreads(), { ...none, message: /does not listen/ });
  const listening = listenUntilEnd(t, server, here);
  await assert.rejects(server.restartThreads(), none);
  await listening;
  for (const graceMs of [-1, 0.5, '1', null, 86_400_001]) {
    await assert.rejects(server.restartThreads({ graceMs: graceMs as number }), {
      name: 'OptionError',
      option: 'graceMs',
    });
  }
  await assert.rejects(server.restartThreads({ grace: 1 } as object), { suggestion: 'graceMs' });
  await server.restartThreads();
  await server.close();
  await assert.rejects(server.restartThreads(), none);
});

test('close() while threads are restarted ends them all', async () => {
  const before = threads().length;
  for (const afterMs of [0, 1, 20, 50, 80]) {
    const server = createServer(appOptions('workbench', { threads: 2 }));
    await server.listen({ host: '127.0.0.1' });
    const closed = once(server, 'close');
    const restarted = server.restartThreads();
    if (afterMs > 0) await delay(afterMs);
    await server.close();
    await closed;
    await restarted;
  }
  await until('no more threads than before', () => threads().length <= before);
});

test('a thread that ends while threads are restarted is replaced all the same', async (t) => {
  const running = await moodyServer(t, { threads: 2 });
  const { server, connect, gate } = running;
  const [client, killer] = [await connect(), await connect()];
  for (let version = 1; version <= 5; version++) {
    gate.flag = version;
    const restarted = server.restartThreads();
    await delay(version * 10);
    assert.equal((await killer.ask(get('/exit'))).status, 503);
    await restarted;
    await until('both serve', () => allServe(running));
    for (let i = 0; i < 5; i++) {
      assert.equal((await client.ask(get('/version'))).text, String(version));
    }
  }
});
