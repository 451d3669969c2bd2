// Requests are bound to a thread when it takes them, and not before: threads that are stuck hold back nobody.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startApp } from './fixtures/app-server.js';
import { Gate } from './fixtures/gate.js';

const THREADS = 4;
const CLIENTS = 64;
const STUCK_MS = 2000;

/** It is meant to be below 50 ms; other tests run beside this one. */
const LONGEST_MS = 500;

test('with three of four threads stuck, the fourth answers 64 clients at once, and soon', async (t) => {
  const gate = new Gate();
  t.after(() => {
    gate.open();
  });
  const { server, connect } = await startApp(t, 'workbench', { threads: THREADS, workerData: gate.words });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect()));
  for (const client of clients) await client.ask(get('/'));

  const stuck = await Promise.all(Array.from({ length: THREADS - 1 }, () => connect()));
  for (const client of stuck) client.send(get('/block'));
  await until('three threads are stuck', () => gate.entered === THREADS - 1);

  let longestMs = 0;
  let answers = 0;
  const ids = new Set<string>();
  const end = performance.now() + STUCK_MS;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < end) {
        const start = performance.now();
        const { status, text } = await client.ask(get('/thread'));
        longestMs = Math.max(longestMs, performance.now() - start);
        assert.equal(status, 200);
        ids.add(text);
        answers++;
      }
    }),
  );
  assert.equal(ids.size, 1, 'one thread has answered all');
  const outstanding = server.stats().threads.map((thread) => thread.outstanding);
  assert.deepEqual(outstanding.toSorted(), [0, 1, 1, 1]);
  gate.open();
  const late = await Promise.all(stuck.map((client) => client.answer()));
  assert.equal(new Set([...late.map(({ text }) => text), ...ids]).size, THREADS, 'each of them by itself');
  t.diagnostic(`${String(answers)} answers, the longest wait ${longestMs.toFixed(1)} ms`);
  assert.ok(longestMs < LONGEST_MS, `${longestMs.toFixed(1)} ms`);
});

test('what waits while all threads are stuck goes to the first that comes back', async (t) => {
  const gate = new Gate();
  t.after(() => {
    gate.open();
  });
  const { server, connect } = await startApp(t, 'workbench', { threads: 2, workerData: gate.words });
  const stuck = [await connect(), await connect()];
  for (const client of stuck) client.send(get('/block'));
  await until('both are stuck', () => gate.entered === 2);
  const clients = await Promise.all(Array.from({ length: 16 }, () => connect()));
  for (const client of clients) client.send(get('/'));
  await until('they wait', () => server.stats().queue.waiting === clients.length);
  gate.open();
  for (const client of [...stuck, ...clients]) assert.equal((await client.answer()).status, 200);
});
