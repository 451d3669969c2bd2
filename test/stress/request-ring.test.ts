// Several JS threads claim requests from one ring: every request goes to exactly one of them, whole.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { randomFrom } from '../helpers/random.js';
import { announcedSeed } from '../lifecycle/fixtures/chance.js';
import type { ClaimerData } from '../lifecycle/fixtures/ring-claimer.js';
import { RingProducer } from '../lifecycle/fixtures/ring-producer.js';
import { makeSharedRing, numberedRequest } from '../lifecycle/fixtures/ring-traffic.js';

const REQUESTS = 60_000;
const CLAIMERS = 3;
const MOST_AT_ONCE = 40;

const STARTS: readonly { name: string; first: number }[] = [
  { name: '0', first: 0 },
  { name: 'just below 2^31', first: 2 ** 31 - REQUESTS / 2 },
  { name: 'just below 2^32', first: 2 ** 32 - REQUESTS / 2 },
];

for (const [{ name, first }, isNumbered] of STARTS.flatMap((start) => [
  [start, false] as const,
  [start, true] as const,
])) {
  const how = isNumbered ? 'claim one by one, under their numbers,' : 'claim';
  test(`${String(CLAIMERS)} workers ${how} from a ring whose indices start at ${name}`, async (t) => {
    const random = randomFrom(announcedSeed(t));
    const ring = makeSharedRing(REQUESTS);
    const producer = new RingProducer(ring, first);
    const claimers = Array.from({ length: CLAIMERS }, (_, number) =>
      startClaimer(t, { ring, seed: random(2 ** 31), number: isNumbered ? number : undefined }),
    );

    for (let n = 1; n <= REQUESTS;) {
      const end = Math.min(n + 1 + random(MOST_AT_ONCE), REQUESTS + 1);
      while (n < end && producer.tryPush(numberedRequest(n))) n++;
      producer.publish();
      producer.reclaim();
      // The claimers decide how fast it goes; a worker that fails is heard of in between.
      if (n < end) await Promise.race([turn(), ...claimers]);
    }
    Atomics.store(ring.over, 0, 1);
    const counts = await Promise.all(claimers);

    producer.reclaim();
    assert.ok(producer.isEmpty, 'memory that nobody has given back');
    assert.equal(producer.nextIndex, (first + REQUESTS) % 2 ** 32);
    assert.equal(
      ring.claims.findIndex((times, n) => n > 0 && times !== 1),
      -1,
      'each is claimed once',
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      REQUESTS,
    );
    t.diagnostic(`claimed by each: ${counts.join(', ')}`);
    // With one of them alone this would be no test.
    assert.ok(counts.filter((count) => count > 0).length > 1);
  });
}

/** Resolves to the number of requests that it has claimed; rejects when one of them was not right. */
function startClaimer(t: TestContext, data: ClaimerData): Promise<number> {
  const worker = new Worker(new URL('../lifecycle/fixtures/ring-claimer.js', import.meta.url), {
    workerData: data,
  });
  t.after(() => worker.terminate());
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
