// Clients who leave at the wrong moment, send nonsense or do not read: each is dealt with, and nobody else notices.
// One kind at a time, so that it can be said which; all at once in all-faults-at-once.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../helpers/promises.js';
import { randomFrom } from '../helpers/random.js';
import { get } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';
import { announcedSeed } from '../lifecycle/fixtures/chance.js';
import { ExactClient } from './clients/exact-client.js';
import { Tally } from './clients/tally.js';
import { CLIENT_FAULTS } from './faults/clients.js';
import { lendConnections } from './faults/connections.js';
import { addRoutes, STRESSED } from './subject/routes.js';

/** How often each of them comes, and how many at a time, beside how many who do everything right. */
const VISITS = 48;
const AT_ONCE = 6;
const COMPANIONS = 4;

for (const { does, inject } of CLIENT_FAULTS) {
  test(`somebody who ${does}`, async (t) => {
    const seed = announcedSeed(t);
    const random = randomFrom(seed);
    const tally = new Tally();
    const served = await startServer(t, STRESSED, addRoutes);
    const { server } = served;
    const errors: unknown[] = [];
    server.on('error', (error) => errors.push(error));

    let left = VISITS;
    const pace = { isOver: () => left <= 0 && tally.requests > 0, isAhead: () => false };
    const companions = Array.from({ length: COMPANIONS }, (_, i) =>
      new ExactClient(served, randomFrom(seed + i), tally).askUntil(pace),
    );
    const visitOften = async (): Promise<void> => {
      while (left-- > 0) {
        await lendConnections(served, tally, (connect) => inject({ random, next: tally.next, connect }));
      }
    };
    await Promise.all([...companions, ...Array.from({ length: AT_ONCE }, visitOften)]);

    assert.deepEqual(tally.described, []);
    assert.deepEqual(errors, []);
    await until('all have left', () => server.stats().connections.open === 0);
    assert.equal(server.stats().connections.total, tally.connections);
    await until('nothing of theirs is kept', () => {
      const { queue, bytes } = server.stats();
      return queue.waiting === 0 && queue.parked === 0 && bytes.buffered === 0;
    });
    assert.equal((await (await served.connect()).ask(get('/healthz'))).text, 'ok');
  });
}
