// design-comparison.test.ts: that designs are compared by what they do, and that one that fails costs only itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { whyUnavailable } from '../../bench/designs/availability.js';
import { compareDesigns } from '../../bench/designs/comparison.js';
import type { Design } from '../../bench/designs/design.js';
import { designNamed } from '../../bench/designs/index.js';

const PLAN = { rounds: 1, seconds: 1 };

const BLOCKING = designNamed('single-thread')!;
const WAITING = designNamed('node-http')!;
const CLUSTER = designNamed('node-cluster')!;

/** Starts, and is no server. */
const FAILING: Design = { ...WAITING, name: 'failing', start: { node: 'index' } };

test(
  'one that blocks is as slow as its slowest request, and one that waits is not',
  { skip: whyUnavailable(BLOCKING) ?? false },
  async () => {
    const seen: string[] = [];
    const compared = await compareDesigns([BLOCKING, FAILING, WAITING, CLUSTER], PLAN, (round, { name }) => {
      seen.push(`${String(round)} ${name}`);
    });
    assert.deepEqual(seen, ['1 single-thread', '1 failing', '1 node-http', '1 node-cluster']);
    const [blocking, failing, waiting, cluster] = compared;
    assert.deepEqual([failing!.measured, failing!.problem], [null, 'failing has ended']);
    for (const one of [blocking!, waiting!, cluster!]) {
      assert.equal(one.problem, null, one.design.name);
      const { requestsPerSecond, cpu, memory, p99 } = one.measured!;
      for (const figure of [requestsPerSecond, cpu, memory, p99]) assert.ok(figure > 0, one.design.name);
    }
    // It sleeps for 100 ms at a time.
    assert.ok(blocking!.measured!.p99BesideSlow! >= 100);
    assert.ok(waiting!.measured!.p99BesideSlow! < blocking!.measured!.p99BesideSlow!);
    assert.equal(blocking!.measured!.threads, 1);
    // Those of its workers too, of which there are four.
    assert.ok(cluster!.measured!.threads > 4 * waiting!.measured!.threads);
    assert.ok(cluster!.measured!.memory > 2 * waiting!.measured!.memory);
  },
);
