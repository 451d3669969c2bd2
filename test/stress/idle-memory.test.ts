// A connection that waits for its next request costs little memory.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { startChild } from '../lifecycle/fixtures/child.js';
import type { Figures, Told } from '../lifecycle/fixtures/serve.js';

const CONNECTIONS = 500;

/**
 * How often as many come and go before anything is measured. The heap of Node.js 24 grows by 6 MB at once when it has
 * worked for a while, which is 12 KB for each connection of a round and nothing for those that come later.
 */
const WARM_UP_ROUNDS = 4;

/** Nobody is sent away before all are there, on no machine. */
const PATIENT = { headerMs: 600_000, keepAliveMs: 600_000 };

/**
 * Bytes a connection, far above what it takes (some hundreds), for the noise of the heap is part of it. A server that
 * kept one buffer of 16 KiB for each would be found out.
 */
const MOST_BYTES = 8 * 1024;

test(`${String(CONNECTIONS)} idle connections take less than ${String(MOST_BYTES)} bytes each`, async (t) => {
  const child = startChild<Told>(t, 'serve', [JSON.stringify({ timeouts: PATIENT })], {
    execArgv: ['--expose-gc'],
  });
  const { port } = await child.inbox.take('listens');
  const watcher = await Client.connect(t, { port });
  const figures = async (open: number): Promise<Figures> => {
    for (let i = 0; i < 1_000; i++) {
      const now = JSON.parse((await watcher.ask(get('/figures'))).text) as Figures;
      if (now.stats.connections.open === open) return now;
    }
    return assert.fail(`never ${String(open)} connections open`);
  };
  // The tables of the server have their size afterwards, and its heap is warm.
  for (let round = 0; round < WARM_UP_ROUNDS; ++round) {
    for (const client of await connectAndAsk(t, port)) client.destroy();
  }
  const before = await figures(1);
  await connectAndAsk(t, port);
  const after = await figures(1 + CONNECTIONS);
  const each = (after.residentBytes - before.residentBytes) / CONNECTIONS;
  t.diagnostic(`${each.toFixed(0)} bytes a connection`);
  assert.ok(each < MOST_BYTES, `${String(each)} bytes each`);
  assert.equal(after.stats.bytes.buffered, 0);
});

async function connectAndAsk(t: TestContext, port: number): Promise<Client[]> {
  const clients: Client[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const client = await Client.connect(t, { port });
    for (const { text } of await client.send(get('/').repeat(8)).answers(8)) assert.equal(text, 'hello');
    clients.push(client);
  }
  return clients;
}
