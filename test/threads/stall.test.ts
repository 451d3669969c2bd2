// Threads that make no progress are noticed, and replaced where that is wanted.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import type { ServerOptions, ThreadStall } from 'millrace';

import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { allServe, Exits, startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';

const STALL_MS = 100;

test('a thread that is stuck is a threadstall event once, and stalled until it goes on', async (t) => {
  const gate = new Gate();
  t.after(() => {
    gate.open();
  });
  const running = await startApp(t, 'workbench', {
    timeouts: { stallMs: STALL_MS },
    workerData: gate.words,
  });
  const { server, connect } = running;
  const stalls: ThreadStall[] = [];
  server.on('threadstall', (stall) => stalls.push(stall));
  const exits = new Exits(running);
  const [client, other] = [await connect(), await connect()];
  for (let i = 1; i <= 2; i++) {
    gate.close();
    client.send(get('/block'));
    await until('it has stalled', () => stalls.length === i);
    const { thread, ms } = stalls.at(-1)!;
    assert.ok(ms >= STALL_MS, String(ms));
    assert.equal(server.stats().threads[thread]!.state, 'stalled');
    assert.equal(server.stats().threads[1 - thread]!.state, 'running');
    await other.ask(get('/')); // reactors count what has been claimed when they are awake
    await until('its request shows', () => server.stats().threads[thread]!.outstanding === 1);
    await delay(3 * STALL_MS);
    assert.equal(stalls.length, i, 'said once');
    gate.open();
    assert.equal((await client.answer()).status, 200, 'it was only slow');
    await until('it runs', () => allServe(running));
  }
  assert.deepEqual(exits.all, []);
});

test('a thread that has nothing to do, or only waits, has not stalled', async (t) => {
  const gate = new Gate();
  const { server, connect } = await startApp(t, 'workbench', {
    timeouts: { stallMs: 200 },
    workerData: gate.words,
  });
  const stalls: ThreadStall[] = [];
  server.on('threadstall', (stall) => stalls.push(stall));
  const client = await connect();
  await client.ask(get('/'));
  client.send(get('/wait'));
  await delay(1000);
  gate.open();
  assert.equal((await client.answer()).status, 200);
  await delay(500);
  assert.deepEqual(stalls, []);
});

test('without a listener it is a warning of the process', async (t) => {
  const { connect } = await startApp(t, 'workbench', { threads: 1, timeouts: { stallMs: STALL_MS } });
  const warned = once(process, 'warning') as Promise<[Error & { code: string }]>;
  const client = await connect();
  client.send(get('/sleep?ms=600'));
  const [warning] = await warned;
  assert.equal(warning.code, 'MILLRACE_STALL');
  assert.match(warning.message, /^handler thread 0 has made no progress for \d+ ms$/);
  assert.equal((await client.answer()).status, 200);
});

const REPLACE: readonly ServerOptions[] = [
  { replaceStalled: true, timeouts: { stallMs: STALL_MS } },
  { timeouts: { stallMs: STALL_MS, replaceStalled: true } },
];

for (const options of REPLACE) {
  for (const [what, path] of [
    ['sleeps', '/block'],
    ['runs in circles', '/loop'],
  ] as const) {
    test(`${JSON.stringify(options)}: a thread that ${what} is replaced, its request 503`, async (t) => {
      const gate = new Gate();
      t.after(() => {
        gate.open();
      });
      const running = await startApp(t, 'workbench', { ...options, threads: 1, workerData: gate.words });
      const { server, connect } = running;
      server.on('threadstall', () => undefined);
      const exits = new Exits(running);
      const client = await connect();
      client.send(get(path));
      await until('it is stuck', () => gate.entered === 1);
      const other = (await connect()).send(get('/'));
      const next = exits.next();
      const answer = await client.answer();
      assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1']);
      const { thread, reason, exitCode } = await next;
      assert.deepEqual({ thread, reason, exitCode }, { thread: 0, reason: 'stalled', exitCode: 1 });
      assert.equal((await other.answer()).text, 'hello', 'what waited meanwhile is for the next thread');
      assert.equal((await client.ask(get('/'))).text, 'hello', 'the connection lives on');
      await until('it runs', () => allServe(running));
      assert.equal(server.stats().requests.lost, 1);
      assert.equal(server.stats().threads[0]!.restarts, 1);
      assert.equal(exits.all.length, 1);
    });
  }
}

test('a thread that is in a call that nobody can interrupt is replaced before it comes back', async (t) => {
  const gate = new Gate();
  const running = await startApp(t, 'workbench', { ...REPLACE[0], threads: 1, workerData: gate.words });
  const { server, connect } = running;
  server.on('threadstall', () => undefined);
  const exits = new Exits(running);
  const client = await connect();
  client.send(get('/native?ms=3000'));
  await until('it is stuck', () => gate.entered === 1);
  const start = performance.now();
  assert.equal((await client.answer()).status, 503);
  await until(
    'its place has been taken',
    () => server.stats().threads[0]!.restarts === 1 && allServe(running),
  );
  assert.equal((await client.ask(get('/'))).text, 'hello');
  const ms = performance.now() - start;
  t.diagnostic(`${ms.toFixed(0)} ms`);
  assert.ok(ms < 2500, 'nobody waits for it');
  assert.deepEqual(
    exits.all.map(({ thread, reason, exitCode }) => [thread, reason, exitCode]),
    [[0, 'stalled', 1]],
  );
  await delay(3000);
  assert.equal(exits.all.length, 1, 'its end is told once');
  assert.equal((await client.ask(get('/'))).text, 'hello');
  assert.equal(server.stats().threads[0]!.restarts, 1);
});

test('utilization is between 0 and 1, and high for a thread that is busy', async (t) => {
  const { server, connect } = await startApp(t, 'workbench', { threads: 2, timeouts: { stallMs: 400 } });
  server.on('threadstall', () => undefined);
  const client = await connect();
  const seen: number[] = [];
  const end = performance.now() + 1500;
  while (performance.now() < end) {
    await client.ask(get('/sleep?ms=20'));
    for (const { utilization } of server.stats().threads) seen.push(utilization);
  }
  for (const share of seen) assert.ok(share >= 0 && share <= 1, String(share));
  assert.ok(Math.max(...seen) > 0.3, String(Math.max(...seen)));
});
