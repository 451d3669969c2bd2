// comparison.test.ts: what counts as better or worse than the baseline, and the files that it is read from.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { baselineOf, compareWith, formatBaseline, readBaseline } from '../../bench/baseline.js';
import { type Figures, formatFigures } from '../../bench/figures.js';
import { builtFile } from '../../bench/paths.js';
import type { Metric } from '../../bench/scenario.js';
import { figuresOfAll, figuresOfOne, samplesOf } from './made-up-figures.js';

const TENS = [10, 10, 10, 10, 10];

function figures(metric: Metric, ours: readonly number[]): Figures {
  return figuresOfOne(metric, samplesOf(metric, ours), samplesOf(metric, TENS));
}

const CASES: readonly {
  readonly name: string;
  readonly metric: Metric;
  readonly now: readonly number[];
  readonly change: string;
}[] = [
  { name: 'more CPU is worse', metric: 'serverCpu', now: [7, 7.5, 8, 7, 7], change: 'worse' },
  { name: 'less CPU is better', metric: 'serverCpu', now: [3, 3, 3.5, 3, 3], change: 'better' },
  {
    name: 'more requests a second are better',
    metric: 'requestsPerSecond',
    now: [7, 7, 7, 7, 8],
    change: 'better',
  },
  {
    name: 'fewer requests a second are worse',
    metric: 'requestsPerSecond',
    now: [3, 3, 3, 3, 2],
    change: 'worse',
  },
  { name: 'intervals that meet are no change', metric: 'serverCpu', now: [5.9, 7, 8, 9, 9], change: 'same' },
];

/** From 0.4 to 0.6, around 0.5. */
const THEN = [4, 5, 5, 5, 6];

for (const { name, metric, now, change } of CASES)
  test(name, () => {
    const [comparison, ...others] = compareWith(baselineOf(figures(metric, THEN)), figures(metric, now));
    assert.equal(others.length, 0);
    assert.equal(comparison!.change, change);
  });

test('a difference of less than a twentieth is none, however narrow the intervals', () => {
  const then = baselineOf(figures('memory', [5, 5, 5, 5, 5]));
  const changeTo = (value: number): string =>
    compareWith(then, figures('memory', [value, value, value, value, value]))[0]!.change;
  assert.equal(changeTo(5.2), 'same');
  assert.equal(changeTo(5.3), 'worse');
  assert.equal(changeTo(4.7), 'better');
});

test('too few rounds, socket errors and a client at its limit make it unclear, and are not kept', () => {
  const baseline = baselineOf(figures('serverCpu', THEN));
  const theirs = samplesOf('serverCpu', TENS);
  const limited = { server: 0.1, client: 1, others: 0 };
  const doubtful: readonly [Figures, RegExp][] = [
    [figuresOfOne('serverCpu', samplesOf('serverCpu', [9, 9, 9, 9]), theirs), /5 rounds, and this run had 4/],
    [figuresOfOne('serverCpu', samplesOf('serverCpu', TENS, limited), theirs), /client was at its limit/],
    [
      figuresOfOne(
        'serverCpu',
        samplesOf('serverCpu', TENS).map((sample) => ({ ...sample, problem: 'Socket errors: read 3' })),
        theirs,
      ),
      /millrace: Socket errors: read 3/,
    ],
  ];
  for (const [now, reason] of doubtful) {
    const [comparison] = compareWith(baseline, now);
    assert.equal(comparison!.change, 'unclear');
    assert.match(comparison!.reason!, reason);
    assert.equal(baselineOf(now).ratios.length, 0);
  }
});

test('only what both have is compared', () => {
  assert.deepEqual(compareWith(baselineOf(figures('serverCpu', THEN)), figures('jsCpu', THEN)), []);
});

test('a run compared with itself has not changed', () => {
  const all = figuresOfAll();
  const comparisons = compareWith(baselineOf(all), all);
  assert.ok(comparisons.length > 30, String(comparisons.length));
  assert.ok(comparisons.every(({ change }) => change === 'same'));
});

function fileOf(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-baseline-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'baseline.json');
  writeFileSync(file, text);
  return file;
}

test('a baseline is read as it was written', (t) => {
  const baseline = baselineOf(figures('serverCpu', THEN));
  assert.deepEqual(readBaseline(fileOf(t, formatBaseline(baseline))), baseline);
});

test('what is no baseline is refused in a sentence that names the file', (t) => {
  assert.throws(
    () => readBaseline('/nowhere/baseline.json'),
    /\/nowhere\/baseline.json cannot be read.*--save/,
  );
  for (const text of ['', '[]', '{"format":1}', '{"format":1,"ratios":[{}]}', '{"format":2,"ratios":[]}'])
    assert.throws(() => readBaseline(fileOf(t, text)), /baseline.json (cannot be read|is not what)/, text);
});

test('the command warns and exits with 0, or with 1 where it is told to be strict', (t) => {
  const baseline = fileOf(t, formatBaseline(baselineOf(figures('serverCpu', THEN))));
  const worse = fileOf(t, formatFigures(figures('serverCpu', [9, 9, 9, 9, 9])));
  const same = fileOf(t, formatFigures(figures('serverCpu', THEN)));
  const compare = (...args: string[]): { code: number | null; out: string; err: string } => {
    const command = [builtFile('compare.js'), ...args, '--baseline', baseline];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  };
  const warned = compare(worse);
  assert.equal(warned.code, 0);
  assert.match(warned.out, /one +server CPU a request \/ node:http +1\/2 \(.*\) +0.90 \(.*\) +worse/);
  assert.match(warned.err, /warning: 1 ratios are worse/);
  assert.equal(compare(worse, '--strict').code, 1);
  const quiet = compare(same, '--strict');
  assert.deepEqual([quiet.code, quiet.err], [0, '']);
  assert.match(quiet.out, /1 ratios compared: 0 worse, 0 better, 0 unclear, 1 as they were/);
  const absent = compare('/nowhere/figures.json');
  assert.equal(absent.code, 2);
  assert.match(absent.err, /^millrace: \/nowhere\/figures.json cannot be read: .*\n$/);
  assert.equal(compare('--lenient').code, 2);
  // Saved, and then the same.
  assert.equal(compare(worse, '--save').code, 0);
  assert.equal(compare(worse, '--strict').code, 0);
});
