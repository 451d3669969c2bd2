// verdict.test.ts: when the bench says something of a claim, and when it refuses.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Claim, Occupation, Sample } from '../../bench/scenario.js';
import { judge } from '../../bench/verdict.js';
import { AT_EASE, samplesOf } from './made-up-figures.js';

const HALF: Claim = {
  label: 'CPU / node:http',
  metric: 'serverCpu',
  reference: 'node-http',
  must: 'be at most',
  bound: 0.5,
  goal: 0.25,
};
const THEIRS = [10, 10, 10, 10, 10];
/** Busier than anybody can be who waits for the server. */
const CLIENT_LIMITS: Occupation = { server: 0.4, client: 0.99, others: 0 };

interface Case {
  readonly name: string;
  readonly ours: readonly number[];
  readonly claim?: Partial<Claim>;
  readonly verdict: string;
  readonly reason?: RegExp;
}

const CASES: readonly Case[] = [
  { name: 'a spread below the goal keeps it', ours: [2, 2.1, 1.9, 2, 2.2], verdict: 'goal' },
  { name: 'a spread between goal and bound holds', ours: [2, 3, 4, 3, 4.9], verdict: 'holds' },
  { name: 'a spread beyond the bound misses it', ours: [6, 7, 8, 7, 5.1], verdict: 'misses' },
  {
    name: 'a spread that is wider than the difference to the bound gives no verdict',
    ours: [3, 3, 3, 3, 5.1],
    verdict: 'unclear',
    reason: /bound lies within the spread/,
  },
  {
    name: 'the same for a claim the other way round',
    ours: [4.9, 6, 6, 6, 6],
    claim: { must: 'be at least' },
    verdict: 'unclear',
    reason: /bound lies within the spread/,
  },
  {
    name: 'four rounds are too few, however clear',
    ours: [2, 2, 2, 2],
    verdict: 'unclear',
    reason: /takes 5 rounds, and this run had 4/,
  },
  { name: 'what was not measured has no verdict', ours: [], verdict: 'unclear', reason: /not measured/ },
  {
    name: 'the worst round counts where none may be worse',
    ours: [1, 1, 1, 1, 5.1],
    claim: { judge: 'worst' },
    verdict: 'misses',
  },
];

for (const { name, ours, claim, verdict, reason } of CASES)
  test(name, () => {
    const judgement = judge(
      { ...HALF, ...claim },
      { millrace: samplesOf('serverCpu', ours), 'node-http': samplesOf('serverCpu', THEIRS) },
    );
    assert.equal(judgement.verdict, verdict);
    if (reason) assert.match(judgement.reason!, reason);
    else assert.equal(judgement.reason, undefined);
  });

function limited(rounds: number): Sample[] {
  return Array.from({ length: 5 }, (_, round) => ({
    values: { serverCpu: 1 },
    occupation: round < rounds ? CLIENT_LIMITS : AT_EASE,
  }));
}

test('no verdict where the client was the bottleneck in most rounds, of either server', () => {
  const free = samplesOf('serverCpu', THEIRS);
  const tell = (ours: readonly Sample[], theirs: readonly Sample[]): string | undefined =>
    judge(HALF, { millrace: ours, 'node-http': theirs }).reason;
  assert.match(tell(limited(3), free)!, /client was at its limit while millrace/);
  assert.match(tell(samplesOf('serverCpu', [1, 1, 1, 1, 1]), limited(5))!, /limit while node-http/);
  assert.equal(tell(limited(2), free), undefined);
});

test('a busy client is no bottleneck while the server is busy as well', () => {
  const both = samplesOf('serverCpu', [1, 1, 1, 1, 1], { server: 0.9, client: 1, others: 0 });
  assert.equal(judge(HALF, { millrace: both, 'node-http': samplesOf('serverCpu', THEIRS) }).verdict, 'goal');
});

test('no verdict after socket errors', () => {
  const [first, ...others] = samplesOf('serverCpu', [1, 1, 1, 1, 1]);
  const ours = [{ ...first!, problem: 'Socket errors: read 1' }, ...others];
  const { verdict, reason } = judge(HALF, { millrace: ours, 'node-http': samplesOf('serverCpu', THEIRS) });
  assert.equal(verdict, 'unclear');
  assert.match(reason!, /millrace: Socket errors: read 1/);
});

test('the bootstrap interval stands beside the spread and leaves the verdict alone', () => {
  // Of eleven rounds one is far off: it is in neither, and the verdict goes by the spread.
  const ours = [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 9];
  const theirs = new Array<number>(11).fill(10);
  const judgement = judge(HALF, {
    millrace: samplesOf('serverCpu', ours),
    'node-http': samplesOf('serverCpu', theirs),
  });
  assert.deepEqual(judgement.interval, { low: 0.2, high: 0.2 });
  assert.equal(judgement.verdict, 'goal');
  const worst = judge({ ...HALF, judge: 'worst' }, { millrace: samplesOf('serverCpu', ours) });
  assert.equal(worst.interval, undefined);
});
