// Memory that was held for many clients at once goes back to the system when they have gone.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';

import { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get, post } from '../helpers/requests.js';
import { startChild } from '../lifecycle/fixtures/child.js';
import type { Told } from '../lifecycle/fixtures/large-bodies.js';
import { residentBytes } from '../lifecycle/fixtures/proc.js';

const MIB = 2 ** 20;

/** Each is held some 0.7 MiB natively, with the default of limits.unsentBytes. */
const CLIENTS = 150;
const HELD_BYTES = 110 * MIB;

/** What the server keeps for the next bodies, and what V8 and the allocator have grown by. */
const MOST_LEFT_BYTES = 32 * MIB;

test('the memory of many clients that do not read goes back when they have gone', async (t) => {
  const child = startChild<Told>(t, 'large-bodies', [], { execArgv: ['--expose-gc'] });
  const { port } = await child.inbox.take('listens');
  const collect = async (): Promise<void> => {
    const client = await Client.connect(t, { port });
    assert.equal((await client.ask(post('/collect', ''))).status, 200);
    client.destroy();
  };
  await collect();
  const before = residentBytes(child.pid);
  const grown = (): number => residentBytes(child.pid) - before;
  const clients: Socket[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const client = connect({ port, host: '127.0.0.1' }).pause();
    clients.push(client);
    t.after(() => client.destroy());
    await once(client, 'connect');
    client.write(get(`/${String(2 ** 40)}`));
  }
  await until('much is held', () => grown() > HELD_BYTES);
  for (const client of clients) client.destroy();
  await collect();
  await until('it has gone back', () => grown() < MOST_LEFT_BYTES);
});
