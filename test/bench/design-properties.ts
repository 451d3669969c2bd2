// design-properties.ts: what each design stands for, shown by the order of answers and by what the kernel says of its threads.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get, post } from '../helpers/requests.js';
import { assertAnswered, orderOfAnswers, start } from './design-clients.js';
import { sendFlushed } from './design-process.js';
import {
  deafClientCostsNoWorker,
  deafClientKeepsWorker,
  deafClientLosesWorker,
  silentClientCostsNoWorker,
  silentClientKeepsWorker,
  silentClientLosesWorker,
} from './design-slow-clients.js';

/** Longer than any test waits for: a request behind it that is answered has not waited for it. */
const ENDLESS = get('/sleep?ms=10000');
const SHORT = get('/sleep?ms=300');

/**
 * poll() tells what is ready in no order, so that a request may overtake those sent before it, for a turn of the loop or
 * two. A server with a worker to spare gives hundreds of answers in the time of the short sleep.
 */
const MOST_BEFORE_ALL_SLEEP = 10;

type Property = (name: string) => void;

const PROPERTIES: Readonly<Record<string, readonly Property[]>> = {
  'node-http': [waitsForNobody],
  'node-net': [waitsForNobody],
  'node-cluster': [connectionsBelongToProcesses, processesAreReplaced],
  'node-pool': [poolStallsWhenExhausted, fullQueueIsRefused],
  'thread-per-connection': [waitsForNobody, threadsGrowWithConnections],
  semaphore: [semaphoreBoundsThreads],
  pool: [poolStallsWhenExhausted, silentClientKeepsWorker],
  'pool-deadlines': [poolStallsWhenExhausted, silentClientLosesWorker, deafClientLosesWorker],
  'poll-pool': [
    poolStallsWhenExhausted,
    silentClientCostsNoWorker,
    deafClientCostsNoWorker,
    fullQueueIsRefused,
  ],
  'epoll-pool-direct': [
    poolStallsWhenExhausted,
    silentClientCostsNoWorker,
    deafClientKeepsWorker,
    fullQueueIsRefused,
  ],
  'epoll-pool-handback': [
    poolStallsWhenExhausted,
    silentClientCostsNoWorker,
    deafClientCostsNoWorker,
    fullQueueIsRefused,
  ],
  'fork-join': [workIsSplit],
  'single-thread': [sleepStallsEverybody, hasOneThread],
  floor: [waitsForNobody, hasOneThread],
  millrace: [waitsForNobody],
  'millrace-threads': [poolStallsWhenExhausted, silentClientCostsNoWorker],
  'millrace-reply': [answersWhileJavaScriptIsBlocked],
};

export function testProperties(name: string): void {
  for (const property of PROPERTIES[name] ?? []) property(name);
}

function waitsForNobody(name: string): void {
  test('answers others while one request sleeps', async (t) => {
    const { clients } = await start(t, name, 2);
    await sendFlushed(clients[0]!, ENDLESS);
    await assertAnswered(clients[1]!);
    assert.equal(clients[0]!.unreadBytes, 0);
  });
}

function sleepStallsEverybody(name: string): void {
  test('answers nobody while one request sleeps', async (t) => {
    const { clients } = await start(t, name, 3);
    const [sleeper, ...others] = clients;
    const order = await orderOfAnswers([
      [sleeper!, SHORT],
      ...others.map((client) => [client, get('/')] as const),
    ]);
    assert.equal(order[0], 0);
  });
}

function hasOneThread(name: string): void {
  test('has one thread, however many connections', async (t) => {
    const { server, clients } = await start(t, name, 20);
    for (const client of clients) await assertAnswered(client);
    assert.equal(server.threads().length, 1);
  });
}

function poolStallsWhenExhausted(name: string): void {
  const workers = 3;

  test('answers others while all workers but one sleep', async (t) => {
    const { clients } = await start(t, name, workers, { workers });
    const [next, ...sleepers] = clients;
    for (const client of sleepers) await sendFlushed(client, ENDLESS);
    await assertAnswered(next!);
    for (const client of sleepers) assert.equal(client.unreadBytes, 0);
  });

  test('answers nobody while all workers sleep, and then goes on', async (t) => {
    const { clients } = await start(t, name, workers + 1, { workers });
    const [sleepers, next] = [clients.slice(0, workers), clients[workers]!];
    for (const client of sleepers) await sendFlushed(client, SHORT);
    let ended = 0;
    const slept = sleepers.map(async (client) => {
      assert.equal((await client.answer()).text, 'slept 300');
      ended++;
    });
    let answers = 0;
    while (ended === 0) {
      await assertAnswered(next);
      answers++;
    }
    assert.ok(answers <= MOST_BEFORE_ALL_SLEEP, `${answers} answers while all workers slept`);
    await Promise.all(slept);
  });
}

function fullQueueIsRefused(name: string): void {
  test('answers 503 where all workers sleep and the queue is full', async (t) => {
    const { clients } = await start(t, name, 5, { workers: 1, queue: 1 });
    const refused: number[] = [];
    for (const client of clients) {
      await sendFlushed(client, ENDLESS);
      void client.answer().then(
        ({ status }) => refused.push(status),
        () => undefined, // it still sleeps when the test ends
      );
    }
    // One sleeps and one waits; a second one waits no longer than the worker takes to fetch the first.
    await until('three are refused', () => refused.length >= 3);
    assert.ok(refused.length <= 4);
    assert.ok(refused.every((status) => status === 503));
  });
}

function threadsGrowWithConnections(name: string): void {
  test('has a thread for each connection, and joins those that have ended', async (t) => {
    const { server, clients } = await start(t, name, 20);
    const ours = (): number => server.threads().filter((thread) => thread.name === 'connection').length;
    for (const client of clients) await assertAnswered(client);
    assert.equal(ours(), 20);
    for (const client of clients) client.destroy();
    await until('the threads have ended', () => ours() === 0);
    await assertAnswered(await server.connect());
  });
}

function semaphoreBoundsThreads(name: string): void {
  test('has no more threads than permits, and serves the next client when one leaves', async (t) => {
    const permits = 3;
    const { server, clients } = await start(t, name, 8, { permits });
    const ours = (): number => server.threads().filter((thread) => thread.name === 'connection').length;
    const answered = new Set<Client>();
    for (const client of clients) {
      await sendFlushed(client, get('/'));
      void client.answer().then(
        () => answered.add(client),
        () => undefined, // destroyed below
      );
    }
    while (answered.size < clients.length) {
      const before = answered.size;
      await until(
        'as many are answered as there are permits',
        () => answered.size >= Math.min(before + 1, 8),
      );
      await until(
        'the permits are in use',
        () => ours() === Math.min(permits, clients.length - left(answered)),
      );
      assert.ok(ours() <= permits);
      const first = [...answered].find((client) => !client.socket.destroyed);
      first?.destroy();
    }
  });
}

/** How many have been answered and sent away. */
function left(answered: ReadonlySet<Client>): number {
  return [...answered].filter((client) => client.socket.destroyed).length;
}

function workIsSplit(name: string): void {
  test('computes with all its workers', async (t) => {
    const workers = 3;
    const { server, clients } = await start(t, name, 2, { workers });
    const [client, other] = clients;
    const cpu = (): number[] =>
      server.threads().flatMap((thread) => (thread.name === 'sum' ? [thread.cpuNs] : []));
    const before = cpu();
    assert.equal(before.length, workers);
    const [n, bits] = [1 << 24, (24 * (1 << 24)) / 2];
    // Two at the same time: each is joined on its own.
    const [one, another] = await Promise.all([
      client!.ask(get(`/sum?n=${n}`)),
      other!.ask(get(`/sum?n=${n}`)),
    ]);
    assert.deepEqual([one.text, another.text], [String(bits), String(bits)]);
    const after = cpu();
    for (const [i, ns] of after.entries())
      assert.ok(ns - before[i]! > 1e6, `worker ${i}: ${ns - before[i]!} ns`);
  });

  test('sums right, wherever the parts end', async (t) => {
    const { clients } = await start(t, name, 1, { workers: 3 });
    let bits = 0;
    for (let n = 0; n < 40; n++) {
      assert.equal((await clients[0]!.ask(get(`/sum?n=${n}`))).text, String(bits));
      bits += n.toString(2).replaceAll('0', '').length;
    }
    for (const query of ['', '?n=', '?n=-1', '?n=x', '?n=200000001'])
      assert.equal((await clients[0]!.ask(get(`/sum${query}`))).status, 400, query);
  });
}

function connectionsBelongToProcesses(name: string): void {
  test('stalls the connections of the process that sleeps, and no others', async (t) => {
    const { server, clients } = await start(t, name, 6, { workers: 2 });
    assert.equal(server.children().length, 2);
    for (const client of clients) await assertAnswered(client);
    const [sleeper, ...others] = clients;
    await sendFlushed(sleeper!, ENDLESS);
    // How many answers others have had since the one that a client waits for was asked for.
    let total = 0;
    const sentAt = new Map<Client, number>();
    const askOn = async (client: Client): Promise<void> => {
      for (;;) {
        sentAt.set(client, total);
        await assertAnswered(client);
        total++;
      }
    };
    for (const client of others) askOn(client).catch(() => undefined); // ends with the connection
    await until('one waits and waits while others are answered', () =>
      [...sentAt.values()].some((at) => total - at > 200),
    );
    assert.equal(sleeper!.unreadBytes, 0, 'it still sleeps');
  });
}

function processesAreReplaced(name: string): void {
  test('replaces a process that is killed', async (t) => {
    const { server } = await start(t, name, 0, { workers: 2 });
    const before = server.children();
    process.kill(before[0]!, 'SIGKILL');
    await until('there is another one', () =>
      server.children().some((pid) => !before.includes(pid) && server.children().length === 2),
    );
    await assertAnswered(await server.connect());
  });
}

function answersWhileJavaScriptIsBlocked(name: string): void {
  test('answers / while JavaScript is blocked, and the other routes afterwards', async (t) => {
    const { clients } = await start(t, name, 3);
    const [sleeper, echo, hello] = clients;
    const order = await orderOfAnswers([
      [sleeper!, get('/sleep?ms=2000')],
      [echo!, post('/echo', 'abc')],
      [hello!, get('/')],
    ]);
    assert.deepEqual(order, [2, 0, 1]);
  });
}
