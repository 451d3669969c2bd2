// options.test.ts: which scenarios a command line stands for, and where its report goes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readOptions } from '../../bench/options.js';
import { SUITES } from '../../bench/scenarios/index.js';
import { ALL_SCENARIOS } from './made-up-figures.js';

const namesOf = (...args: string[]): string[] => readOptions(args, SUITES).scenarios.map(({ name }) => name);

test('without arguments the quick set is run: short rounds, but enough of them for verdicts', () => {
  const { scenarios, plan } = readOptions([], SUITES);
  assert.deepEqual(
    scenarios.map(({ name }) => name),
    ['hello', 'browser-head', 'order', 'pipelined', 'file-1k', 'large-answers'],
  );
  assert.deepEqual(plan, {});
  let runs = 0;
  for (const { preset, servers, claims } of scenarios) {
    assert.deepEqual(preset, { rounds: 5, seconds: 1 });
    runs += 5 * servers.length;
    for (const { reference, beside } of claims)
      for (const name of [reference, beside]) assert.ok(name === undefined || servers.includes(name), name);
    assert.ok(claims.length > 0);
  }
  // A warm-up and a run of a second each, and half a second for starting and leaving: below three minutes.
  assert.ok(runs * 2.5 < 180, `${runs} runs`);
});

test('`full` is every scenario once, as it is in its own suite', () => {
  assert.deepEqual(readOptions(['full'], SUITES).scenarios, ALL_SCENARIOS);
  assert.deepEqual(
    readOptions(['full', 'quick'], SUITES).scenarios.toSorted(byName),
    ALL_SCENARIOS.toSorted(byName),
  );
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

test('a scenario that is named alone is the whole one', () => {
  const { scenarios } = readOptions(['--only', 'hello'], SUITES);
  assert.equal(scenarios.length, 1);
  assert.equal(scenarios[0]!.preset, undefined);
  assert.deepEqual(readOptions(['quick', '--only', 'hello'], SUITES).scenarios[0]!.preset, {
    rounds: 5,
    seconds: 1,
  });
});

test('suites are taken by name', () => {
  assert.deepEqual(namesOf('threads'), ['cpu-bound', 'uneven', 'threads-hello', 'blocked', 'killed']);
  assert.throws(
    () => namesOf('nothing'),
    /does not know nothing; it knows quick, server, threads, files, full/,
  );
  assert.throws(() => namesOf('full', 'nothing'), /does not know nothing/);
  assert.throws(() => namesOf('quick', '--only', 'timer'), /--only does not know timer/);
});

test('only whole suites go to the committed report by themselves', () => {
  const folderOf = (...args: string[]): string => readOptions(args, SUITES).report;
  assert.match(folderOf(), /bench\/report$/);
  assert.match(folderOf('full'), /bench\/report$/);
  assert.match(folderOf('--only', 'hello'), /out\/bench-report$/);
  assert.match(folderOf('--servers', 'millrace'), /out\/bench-report$/);
  assert.equal(folderOf('--report', 'elsewhere'), 'elsewhere');
});

test('the report says what was asked for, and nothing of where it went', () => {
  const askedOf = (...args: string[]): string => readOptions(args, SUITES).asked;
  assert.equal(askedOf('--json', '/tmp/figures.json'), 'npm run bench');
  assert.equal(
    askedOf('full', '--rounds', '11', '--report', '/tmp/report'),
    'npm run bench:full -- --rounds 11',
  );
  assert.equal(askedOf('files', '--seconds=2'), 'npm run bench -- files --seconds 2');
});
