// summary.test.ts: the summary in Markdown, and that the README has the one of the committed report.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { repository } from '../../bench/paths.js';
import { blockIn, replaceBlock } from '../../bench/report/readme.js';
import { summaryOf } from '../../bench/report/summary.js';
import { figuresOfAll, figuresOfOne, samplesOf } from './made-up-figures.js';

test('every claim of every scenario has its row, with its verdict', () => {
  const figures = figuresOfAll();
  const rows = summaryOf(figures).split('\n');
  for (const { scenario, judgements } of figures.results)
    for (const { claim, verdict } of judgements)
      assert.ok(
        rows.some(
          (row) => row.startsWith(`| \`${scenario}\`: ${claim.label} |`) && row.endsWith(`| ${verdict} |`),
        ),
        claim.label,
      );
  assert.match(
    rows.at(-2)!,
    /^Medians of 5 interleaved rounds by `npm run bench` on 2026-01-02, commit abcdef0/,
  );
});

test('each saturated scenario has a row of requests a second, and none at a fixed rate has one', () => {
  const figures = figuresOfAll();
  const [throughput = ''] = summaryOf(figures).split('\n\n');
  assert.match(
    throughput,
    /^\| requests a second \| millrace \| node:http \| uWebSockets.js \| floor \| others \|$/m,
  );
  const rows = throughput.split('\n');
  const rowsOf = (name: string): string[] => rows.filter((row) => row.startsWith(`| \`${name}\`: `));
  assert.equal(rowsOf('hello').length, 1);
  // The fourth is the floor's; nginx has no column of its own.
  assert.match(
    rowsOf('browser-head')[0]!,
    /^\| [^|]+ \| [\d,]+ \| {2}\| [\d,]+: \S+( x)? \(\S+\) \| [\d,]+: .* \| {2}\|$/,
  );
  assert.match(rowsOf('file-1k')[0]!, /\| nginx [\d,]+: [^;|]+\); Express [\d,]+: [^;|]+\) \|$/);
  const paced = figures.results.filter(({ isPaced }) => isPaced);
  assert.ok(paced.some(({ scenario }) => scenario === 'own-rate-80'));
  for (const { scenario } of paced) assert.deepEqual(rowsOf(scenario), [], scenario);
});

test('where nothing was measured it says so, without medians of nothing', () => {
  const summary = summaryOf({ ...figuresOfAll(), results: [] });
  assert.match(summary, /^Nothing was measured by `npm run bench` on 2026-01-02/m);
  assert.match(summary, /No bounds were judged\.$/m);
  assert.doesNotMatch(summary, /[|]|details/);
  assert.doesNotMatch(summary, /Infinity|Of 0/);
});

test('every row has the cells of its head, whatever a text contains', () => {
  const samples = samplesOf('requestsPerSecond', [1, 2, 3, 4, 5]);
  const failed = figuresOfOne('requestsPerSecond', samples, samples, {
    title: 'a | b\n<b>',
    failure: '|x|\r\ny',
  });
  for (const figures of [figuresOfAll(), failed]) {
    const tables = summaryOf(figures).match(/^(\|.*\n)+/gm)!;
    for (const table of tables) {
      const [head, ...rows] = table.trim().split('\n').map(cellsIn);
      for (const row of rows) assert.equal(row.length, head!.length, row.join('|'));
    }
  }
  assert.match(summaryOf(failed), /a \\\| b &lt;b> .*failed: \\\|x\\\| y \|/);
});

function cellsIn(row: string): string[] {
  return row.split(/(?<!\\)\|/);
}

test('the block of a README is found and replaced, and nothing else', () => {
  const readme = 'before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n';
  assert.equal(blockIn(readme), 'old');
  const replaced = replaceBlock(readme, '| new | $& |\n');
  assert.equal(replaced, 'before\n<!-- bench:begin -->\n\n| new | $& |\n\n<!-- bench:end -->\nafter\n');
  assert.equal(replaceBlock(replaced, '| new | $& |\n'), replaced);
});

test('a README without both marks is not touched, and it is said what is missing', () => {
  assert.equal(blockIn('nothing'), null);
  assert.throws(() => replaceBlock('nothing', 'new'), /<!-- bench:begin --> and <!-- bench:end -->/);
  for (const half of [
    '<!-- bench:begin -->',
    '<!-- bench:end -->',
    '<!-- bench:end --> <!-- bench:begin -->',
  ])
    assert.throws(() => replaceBlock(half, 'new'), /README.md needs/, half);
});

test('the README has the summary of the committed report', (t) => {
  const block = blockIn(readFileSync(join(repository, 'README.md'), 'utf8'));
  const file = join(repository, 'bench/report/summary.md');
  assert.ok(block !== null, 'the README has no such block');
  assert.ok(existsSync(file), 'the README has a summary of a report that is not there');
  const summary = readFileSync(file, 'utf8').trim();
  if (block !== summary && isNewerThanCommit(file)) {
    t.skip('the report was made here, after the last commit');
    return;
  }
  assert.equal(block, summary, 'npm run bench:report -- --readme brings it up to date');
});

/** Somebody has run the bench: their report is not what the README speaks of. */
function isNewerThanCommit(file: string): boolean {
  const { status, stdout } = spawnSync('git', ['status', '--porcelain', '--', file], {
    cwd: repository,
    encoding: 'utf8',
  });
  return status === 0 && stdout !== '';
}
