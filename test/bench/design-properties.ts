// design-properties.ts: what each design stands for, shown by the order of answers and by what the kernel says of its threads.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HELLO, MAX_BODY_BYTES } from '../../bench/designs/limits.js';
import type { OptionValues } from '../../bench/designs/options.js';
import type { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get, post } from '../helpers/requests.js';
import { DesignProcess, sendFlushed } from './design-process.js';

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

interface Started {
  readonly server: DesignProcess;
  readonly clients: Client[];
}

/** Clients are connected one after the other, so that the server gets them in this order. */
async function start(
  t: Parameters<typeof DesignProcess.start>[0],
  name: string,
  clientCount: number,
  values: Partial<OptionValues> = {},
): Promise<Started> {
  const server = await DesignProcess.start(t, name, values);
  const clients: Client[] = [];
  while (clients.length < clientCount) clients.push(await server.connect());
  return { server, clients };
}

/** Sends each its request, in this order, and returns the numbers of the clients in the order of their answers. */
async function orderOfAnswers(requests: readonly (readonly [Client, string])[]): Promise<number[]> {
  const order: number[] = [];
  const answers: Promise<void>[] = [];
  for (const [index, [client, request]] of requests.entries()) {
    await sendFlushed(client, request);
    answers.push(
      client.answer().then((answer) => {
        assert.equal(answer.status, 200);
        order.push(index);
      }),
    );
  }
  await Promise.all(answers);
  return order;
}

async function assertAnswered(client: Client): Promise<void> {
  assert.equal((await client.ask(get('/'))).text, HELLO);
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

function silentClientKeepsWorker(name: string): void {
  test('lets a silent client keep the worker from others', async (t) => {
    const { clients } = await start(t, name, 2, { workers: 1 });
    const [silent, other] = clients;
    const order: string[] = [];
    await sendFlushed(other!, get('/'));
    const others = other!.answer().then(() => order.push('other'));
    // Sent later, and answered first: the worker waited for it. It leaves when the acceptor has the other one.
    while ((await silent!.ask(get('/'))).headers['connection'] !== 'close');
    order.push('silent');
    await others;
    assert.deepEqual(order, ['silent', 'other']);
  });
}

function silentClientLosesWorker(name: string): void {
  test('takes the worker from a client that says nothing, or half of something', async (t) => {
    const values = { workers: 1, 'read-deadline-ms': 200 };
    const { server, clients } = await start(t, name, 1, values);
    const [silent] = clients;
    assert.equal(await silent!.ended(), 'fin');
    await assertAnswered(await server.connect());

    const half = await server.connect();
    await sendFlushed(half, 'GET / HTTP/1.1\r\nHost: t');
    const other = await server.connect();
    await assertAnswered(other);
    assert.equal((await half.answer()).status, 408);
  });

  test('counts the deadline for the whole request, not for each byte', async (t) => {
    const values = { workers: 1, 'read-deadline-ms': 300 };
    const { clients } = await start(t, name, 1, values);
    const slow = clients[0]!;
    // Each byte comes long before a deadline that began with the one before it.
    const drip = setInterval(() => slow.socket.write('a'), 20);
    t.after(() => {
      clearInterval(drip);
    });
    slow.send('GET /');
    assert.equal((await slow.answer()).status, 408);
  });
}

function silentClientCostsNoWorker(name: string): void {
  test('answers others while clients are silent', async (t) => {
    const { server } = await start(t, name, 5, { workers: 1 });
    await assertAnswered(await server.connect());
  });
}

/** Sends far more echoes than sockets hold, and reads none. */
function floodWithoutReading(client: Client): void {
  client.socket.pause();
  const echo = post('/echo', 'x'.repeat(MAX_BODY_BYTES));
  for (let i = 0; i < 32; i++) client.socket.write(echo, 'latin1');
}

function deafClientLosesWorker(name: string): void {
  test('takes the worker from a client that does not read', async (t) => {
    const { server, clients } = await start(t, name, 1, { workers: 1, 'write-deadline-ms': 200 });
    floodWithoutReading(clients[0]!);
    await assertAnswered(await server.connect());
  });
}

function deafClientCostsNoWorker(name: string): void {
  test('answers others while a client does not read', async (t) => {
    const { server, clients } = await start(t, name, 1, { workers: 1 });
    floodWithoutReading(clients[0]!);
    await untilStuck(clients[0]!);
    await assertAnswered(await server.connect());
  });
}

function deafClientKeepsWorker(name: string): void {
  test('lets a client that does not read keep the worker from others', async (t) => {
    const { server, clients } = await start(t, name, 3, { workers: 1, queue: 1 });
    const [deaf, waiting, refused] = clients;
    floodWithoutReading(deaf!);
    await untilStuck(deaf!);
    await sendFlushed(waiting!, get('/'));
    // The loop itself says that the one before is still in the queue.
    assert.equal((await refused!.ask(get('/'))).status, 503, server.errors);
    assert.equal(waiting!.unreadBytes, 0);
    deaf!.destroy();
    assert.equal((await waiting!.answer()).text, HELLO);
  });
}

/** Until the server has taken nothing more from a client for a while: it waits for the client to read. */
async function untilStuck(client: Client): Promise<void> {
  let lastLength = -1;
  let since = performance.now();
  await until('the server waits for the client to read', () => {
    if (client.socket.writableLength !== lastLength) {
      lastLength = client.socket.writableLength;
      since = performance.now();
    }
    return performance.now() - since > 300;
  });
  assert.ok(lastLength > 0, 'not everything was taken');
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
