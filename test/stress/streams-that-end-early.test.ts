// Answers in pieces to clients that go at random moments: every handler hears of it, and nothing is left behind.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { until } from '../helpers/promises.js';
import { randomFrom, testSeed } from '../helpers/random.js';
import { get } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';

const ROUNDS = 60;
const CLIENTS = 16;

test('every handler that streams comes to an end, whatever its client does', async (t) => {
  const seed = testSeed();
  t.diagnostic(`MILLRACE_TEST_SEED=${String(seed)}`);
  const random = randomFrom(seed);
  const counts = { begun: 0, ended: 0, gone: 0, aborted: 0 };
  const { server, connect } = await startHandler(
    t,
    async (req, res) => {
      counts.begun++;
      req.signal.addEventListener('abort', () => counts.aborted++);
      try {
        for (let n = 0; n < 20; n++) {
          if (!res.write(Buffer.alloc(1 + random(40_000), n))) await res.drained();
          if (random(4) === 0) await delay(random(2));
        }
        res.end();
        counts.ended++;
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'ERR_MILLRACE_ABORTED');
        counts.gone++;
      }
    },
    { limits: { unsentBytes: 32 * 1024 } },
  );
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push(error));
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const client = await connect();
        client.send(get('/').repeat(1 + random(3)));
        if (random(3) === 0) {
          await client.answer();
        } else {
          await delay(random(4));
          if (random(2) === 0) client.reset();
        }
        client.destroy();
      }
    }),
  );
  await until('all clients are gone', () => server.stats().connections.open === 0);
  await until('all handlers are through', () => counts.ended + counts.gone === counts.begun);
  await delay(10);
  assert.ok(counts.ended > 0 && counts.gone > 0, JSON.stringify(counts));
  assert.ok(counts.aborted >= counts.gone, 'whoever was told by a rejection was told by the signal');
  assert.deepEqual(errors, []);
  assert.equal(server.stats().bytes.buffered, 0);
});
