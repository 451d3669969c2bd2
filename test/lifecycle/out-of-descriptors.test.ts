// A process without a free descriptor neither spins nor forgets to accept.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startChild } from './fixtures/child.js';
import { cpuSeconds, descriptors } from './fixtures/proc.js';
import type { Tried } from './fixtures/scarce.js';
import type { Figures, Told } from './fixtures/serve.js';

const DESCRIPTORS = 64;
const CLIENTS = 200;

/**
 * How long the server is watched, and how much of a processor it may use meanwhile. One that accepts without a pause
 * uses as much as these clients keep busy: a fifth of one and more.
 */
const WATCHED_MS = 1_500;
const MOST_CPU = 0.08;

test('a server out of descriptors waits without spinning, serves those it has, and recovers', async (t) => {
  const child = startChild<Told>(t, 'serve', [], { descriptors: DESCRIPTORS });
  const { port } = await child.inbox.take('listens');
  const first = await Client.connect(t, { port });
  assert.equal((await first.ask(get('/'))).text, 'hello');

  const crowd = new Crowd(port);
  t.after(() => {
    crowd.leave();
  });
  // One may be kept in reserve.
  await until('it has run out of descriptors', () => descriptors(child.pid).size >= DESCRIPTORS - 2);

  const before = cpuSeconds(child.pid);
  await delay(WATCHED_MS);
  const share = (cpuSeconds(child.pid) - before) / (WATCHED_MS / 1000);
  t.diagnostic(`used ${(share * 100).toFixed(0)} % of a processor while out of descriptors`);
  assert.ok(share < MOST_CPU, `${String(share)} of a processor`);
  assert.equal((await first.ask(get('/'))).text, 'hello');

  crowd.leave();
  // The backlog is full of clients who have left; somebody new comes behind all of them.
  const newcomer = await Client.connect(t, { port });
  assert.equal((await newcomer.ask(get('/'))).text, 'hello');
  const figures = async (): Promise<Figures> =>
    JSON.parse((await first.ask(get('/figures'))).text) as Figures;
  let open = Infinity;
  for (let i = 0; i < 1_000 && open > 2; i++) open = (await figures()).stats.connections.open;
  assert.equal(open, 2);

  const others = await Promise.all(Array.from({ length: 20 }, () => Client.connect(t, { port })));
  for (const client of others) assert.equal((await client.ask(get('/'))).text, 'hello');
});

test('listen() with too few descriptors fails with EMFILE and leaves nothing open', async (t) => {
  const child = startChild<Tried>(t, 'scarce', [], { descriptors: 2 * DESCRIPTORS });
  const { ends, left } = await child.inbox.take('tried');
  assert.deepEqual(left, []);
  const failed = ends.slice(0, -1);
  // A listener, an epoll and an eventfd at least.
  assert.ok(failed.length >= 3, ends.join(', '));
  assert.deepEqual(
    failed,
    failed.map(() => 'EMFILE'),
  );
  assert.equal(ends.at(-1), 'listens');
  const { code, signal, output } = await child.ended;
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, output);
});

/** Clients who come again whenever they are turned away, so that there is always somebody waiting. */
class Crowd {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #hasLeft = false;

  constructor(port: number) {
    this.#port = port;
    for (let i = 0; i < CLIENTS; i++) this.#come();
  }

  leave(): void {
    this.#hasLeft = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #come(): void {
    const socket = connect(this.#port, '127.0.0.1');
    this.#sockets.add(socket);
    socket.resume().on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!this.#hasLeft) this.#come();
    });
  }
}
