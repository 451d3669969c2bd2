// Threads die at random under load, in every way: each request has exactly one answer, 200 or 503, no connection is lost,
// and nothing is left.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { until } from '../helpers/promises.js';
import { randomFrom } from '../helpers/random.js';
import { get, post } from '../helpers/requests.js';
import { announcedSeed, pick } from '../lifecycle/fixtures/chance.js';
import { descriptors, threads } from '../lifecycle/fixtures/proc.js';
import { allServe, Exits, startApp } from './fixtures/app-server.js';

const CLIENTS = 8;
const LASTING_MS = 3000;
const KILL_EVERY_MS = 100;
const WAYS = ['/kill/exit', '/kill/throw', '/kill/loop', '/kill/sleep'];

test('with a thread killed ten times a second, each request has one answer, and no connection is lost', async (t) => {
  const random = randomFrom(announcedSeed(t));
  const running = await startApp(t, 'victim', {
    threads: 3,
    replaceStalled: true,
    timeouts: { stallMs: 100 },
  });
  const { server, connect } = running;
  server.on('threadstall', () => undefined);
  const exits = new Exits(running);
  const killer = await connect();
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect()));

  let over = false;
  let number = 0;
  const statuses = { 200: 0, 503: 0 };
  const load = clients.map(async (client) => {
    while (!over) {
      // One to four requests at once, of one kind or another.
      const asked = Array.from({ length: 1 + random(4) }, () => {
        const n = String(number++);
        const length = random(3) * 10_000;
        return pick(random, [
          { request: get(`/now/${n}`), answer: n },
          { request: get(`/later/${n}`), answer: n },
          { request: post(`/echo/${n}`, 'x'.repeat(length)), answer: `${n} ${String(length)}` },
        ]);
      });
      client.send(asked.map(({ request }) => request).join(''));
      for (const { answer } of asked) {
        const { status, text } = await client.answer();
        assert.ok(status === 200 || status === 503, String(status));
        assert.equal(text, status === 200 ? answer : 'Service Unavailable');
        statuses[status]++;
      }
      assert.equal(client.unreadBytes, 0, 'no answer too many');
    }
  });
  const end = performance.now() + LASTING_MS;
  let killed = 0;
  while (performance.now() < end) {
    const { status } = await killer.ask(get(pick(random, WAYS)));
    assert.equal(status, 503);
    killed++;
    await delay(random(2 * KILL_EVERY_MS));
  }
  over = true;
  await Promise.all(load);
  for (const client of [...clients, killer]) assert.equal(client.isEnded, false);
  await until('all threads are back', () => allServe(running), 60_000);
  const { requests, connections } = server.stats();
  const { 200: ok, 503: lost } = statuses;
  t.diagnostic(`${String(killed)} threads killed; ${String(ok)} requests answered, ${String(lost)} lost`);
  assert.equal(exits.all.length, killed);
  assert.equal(requests.lost, lost + killed);
  assert.equal(requests.answered, ok + lost + killed);
  assert.equal(connections.total, CLIENTS + 1);
  assert.ok(ok > 0);
});

test('nothing is left of threads that have ended', async (t) => {
  const running = await startApp(t, 'victim', { threads: 2 });
  const { server, connect } = running;
  const client = await connect();
  const oneRound = async (): Promise<void> => {
    const restartsOfAll = (): number =>
      server.stats().threads.reduce((sum, thread) => sum + thread.restarts, 0);
    const before = restartsOfAll();
    await client.ask(get('/kill/exit'));
    await until('it is back', () => restartsOfAll() === before + 1 && allServe(running), 60_000);
    await delay(1000); // it has served for so long that the next one is replaced at once
  };
  await oneRound();
  const before = { descriptors: descriptors().size, threads: threads().length };
  for (let i = 0; i < 4; i++) await oneRound();
  await server.restartThreads();
  await until('all is given back', () => {
    const now = { descriptors: descriptors().size, threads: threads().length };
    return now.descriptors <= before.descriptors && now.threads <= before.threads;
  });
});
