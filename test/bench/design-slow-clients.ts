// design-slow-clients.ts: what clients that say nothing, or do not read, cost the others in each design.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HELLO, MAX_BODY_BYTES } from '../../bench/designs/limits.js';
import type { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get, post } from '../helpers/requests.js';
import { assertAnswered, start } from './design-clients.js';
import { sendFlushed } from './design-process.js';

export function silentClientKeepsWorker(name: string): void {
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

export function silentClientLosesWorker(name: string): void {
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

export function silentClientCostsNoWorker(name: string): void {
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

export function deafClientLosesWorker(name: string): void {
  test('takes the worker from a client that does not read', async (t) => {
    const { server, clients } = await start(t, name, 1, { workers: 1, 'write-deadline-ms': 200 });
    floodWithoutReading(clients[0]!);
    await assertAnswered(await server.connect());
  });
}

export function deafClientCostsNoWorker(name: string): void {
  test('answers others while a client does not read', async (t) => {
    const { server, clients } = await start(t, name, 1, { workers: 1 });
    floodWithoutReading(clients[0]!);
    await untilStuck(clients[0]!);
    await assertAnswered(await server.connect());
  });
}

export function deafClientKeepsWorker(name: string): void {
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
