// figures.test.ts: the file of figures: read as it was written, and refused in a sentence where it is something else.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { formatFigures, parseFigures, readFigures } from '../../bench/figures.js';
import { writeReport } from '../../bench/report/write-report.js';
import { figuresOfAll, figuresOfOne, samplesOf } from './made-up-figures.js';

const ALL = figuresOfAll();

test('figures are the same after they were written and read', () => {
  const text = formatFigures(ALL);
  const read = parseFigures(text, 'figures.json');
  assert.deepEqual(
    read.results.map(({ scenario, judgements }) => [scenario, judgements.map(({ verdict }) => verdict)]),
    ALL.results.map(({ scenario, judgements }) => [scenario, judgements.map(({ verdict }) => verdict)]),
  );
  const [first] = ALL.results[0]!.rounds.millrace!;
  const [again] = read.results[0]!.rounds.millrace!;
  const { requestsPerSecond } = first!.values;
  assert.ok(Math.abs(again!.values.requestsPerSecond! / requestsPerSecond! - 1) < 1e-5);
});

test('ratios stand in the file with both, the spread and the interval', () => {
  const ours = samplesOf('serverCpu', [1, 2, 3, 4, 5]);
  const { results } = figuresOfOne('serverCpu', ours, samplesOf('serverCpu', [10, 10, 10, 10, 10]));
  const text = formatFigures({ ...ALL, results });
  const [{ ratios }] = (JSON.parse(text) as { results: [{ ratios: unknown }] }).results;
  const common = { metric: 'serverCpu', reference: 'node-http', rounds: 5, median: 0.3 };
  assert.deepEqual(ratios, [{ ...common, low: 0.1, high: 0.5, interval: { low: 0.1, high: 0.5 } }]);
});

test('from the figures comes the same report again', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-report-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  writeReport(one, ALL);
  writeReport(two, readFigures(join(one, 'figures.json')));
  for (const file of ['index.html', 'summary.md', 'figures.json'])
    assert.equal(readFileSync(join(two, file), 'utf8'), readFileSync(join(one, file), 'utf8'), file);
});

test('a report that cannot be written is told in a sentence', () => {
  assert.throws(
    () => writeReport('/dev/null/report', ALL),
    /the report cannot be written to \/dev\/null\/report/,
  );
});

test('what could not be computed is not there, instead of being 0', () => {
  const ours = samplesOf('loopDelay', [Number.NaN, Number.NaN]);
  const read = parseFigures(formatFigures(figuresOfOne('loopDelay', ours, [])), 'figures.json');
  assert.deepEqual(read.results[0]!.rounds.millrace![0]!.values, {});
});

const { results, ...HEAD } = JSON.parse(formatFigures(ALL)) as { results: Record<string, unknown>[] };
const withResult = (change: object): string =>
  JSON.stringify({ ...HEAD, results: [{ ...results[0], ...change }] });

const REFUSED: readonly [text: string, reason: RegExp][] = [
  ['', /figures.json is no JSON/],
  ['[]', /it is no object/],
  [JSON.stringify({ ...HEAD, format: 0, results: [] }), /its format is 0, and this program reads 1/],
  [JSON.stringify({ format: 1, results: [] }), /no machine/],
  [JSON.stringify(HEAD), /no list of results/],
  [JSON.stringify({ ...HEAD, results: [1] }), /results\[0\] is no object/],
  [withResult({ title: 1 }), /results\[0\] has no title/],
  [withResult({ servers: 'millrace' }), /no list of servers/],
  [withResult({ plan: null }), /no plan/],
  [withResult({ judgements: [{}] }), /judgement without claim/],
  [withResult({ rounds: [] }), /no rounds/],
  [withResult({ rounds: { millrace: [{}] } }), /something else than samples for millrace/],
  [withResult({ rounds: { millrace: [{ values: { p50: '1' } }] } }), /samples for millrace/],
];

test('other files are refused, and it is said why', () => {
  for (const [text, reason] of REFUSED) assert.throws(() => parseFigures(text, 'figures.json'), reason, text);
  assert.throws(() => readFigures('/nowhere/figures.json'), /\/nowhere\/figures.json cannot be read/);
});
