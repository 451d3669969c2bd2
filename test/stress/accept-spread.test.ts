// Connections are spread evenly over the reactors, whatever these are doing.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { startServer, type TestServer } from '../helpers/server.js';
import { until } from '../helpers/promises.js';
import { randomFrom } from '../helpers/random.js';
import { announcedSeed } from '../lifecycle/fixtures/chance.js';

const REACTORS = 4;
const CONNECTIONS = 1_000;
const BUSY = 50;

/** Clients who connect at the same time: fewer than any backlog holds. */
const AT_ONCE = 100;

/** Connections that say nothing are no matter of time here, on no machine. */
const PATIENT = { headerMs: 600_000, keepAliveMs: 600_000 };

/** Most connections of a reactor, compared with the fewest. */
const LARGEST_RATIO = 1.3;

test('1,000 idle connections, and others in the place of those that leave', async (t) => {
  const random = randomFrom(announcedSeed(t));
  const served = await start(t);
  const clients = await connectMany(t, served, CONNECTIONS);
  await assertEven(served, CONNECTIONS);

  const leaving = clients.filter(() => random(2) === 0);
  for (const client of leaving) client.destroy();
  await until('they have left', () => openOf(served) === CONNECTIONS - leaving.length);
  await connectMany(t, served, leaving.length);
  await assertEven(served, CONNECTIONS);
});

test('1,000 connections that come while others keep the reactors busy', async (t) => {
  const served = await start(t);
  const busy = await connectMany(t, served, BUSY);
  let isOver = false;
  const work = busy.map(async (client) => {
    let answers = 0;
    while (!isOver) {
      client.send(get('/').repeat(8));
      answers += (await client.answers(8)).length;
    }
    return answers;
  });
  await connectMany(t, served, CONNECTIONS);
  await assertEven(served, CONNECTIONS + BUSY);
  isOver = true;
  for (const answers of await Promise.all(work)) assert.ok(answers > 0);
  // The work has been done where the connections are.
  for (const { answered } of served.server.stats().reactors) assert.ok(answered > 0);
});

function start(t: TestContext): Promise<TestServer> {
  return startServer(t, { reactors: REACTORS, timeouts: PATIENT }, (server) => {
    server.get('/', (_request, response) => {
      response.end('hello');
    });
  });
}

async function connectMany(t: TestContext, served: TestServer, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const next = Math.min(AT_ONCE, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: next }, () => Client.connect(t, served)))));
  }
  return clients;
}

function openOf({ server }: TestServer): number {
  return server.stats().connections.open;
}

async function assertEven(served: TestServer, total: number): Promise<void> {
  await until(`${String(total)} connections are open`, () => openOf(served) === total);
  const counts = served.server.stats().reactors.map(({ connections }) => connections);
  assert.equal(counts.length, REACTORS);
  const ratio = Math.max(...counts) / Math.min(...counts);
  assert.ok(ratio <= LARGEST_RATIO, `connections of the reactors: ${counts.join(', ')}`);
}
