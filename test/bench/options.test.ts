// options.test.ts: which scenarios a command line stands for, and where its report goes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hintAt } from '../../bench/command-line.js';
import { parseOptions } from '../../bench/designs/options.js';
import { readOptions } from '../../bench/options.js';
import { withoutRepetitions } from '../../bench/scenario.js';
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
});

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
    /does not know 'nothing'; it knows quick, server, threads, files, full/,
  );
  assert.throws(() => namesOf('full', 'nothing'), /does not know 'nothing'/);
  assert.throws(() => namesOf('quick', '--only', 'timer'), /--only does not know 'timer'/);
  assert.deepEqual(namesOf('threads', 'files'), [...namesOf('threads'), ...namesOf('files')]);
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

/** What is said of a command line, which is one sentence without its end. */
const WRONG: readonly (readonly [args: string, says: RegExp])[] = [
  ['sever', /^npm run bench does not know 'sever' \(did you mean server\?\)$/],
  ['hello', /^hello is a scenario, not a suite: npm run bench -- --only hello$/],
  ['full quick', /^the suite full is all the others and goes alone, not with quick$/],
  ['server quick', /^the suite quick is made of scenarios of the others and goes alone, not with server$/],
  ['--only helo', /^--only does not know 'helo' \(did you mean hello\?\)$/],
  ['--servers milrace', /^--servers does not know 'milrace' \(did you mean millrace\?\)$/],
  ['--client wrj', /^--client does not know 'wrj'/],
  ['--round 3', /^there is no option '--round' \(did you mean --rounds\?\)$/],
  ['--xyz', /^there is no option '--xyz' \(npm run bench -- --help\)$/],
  ['--json', /^--json needs a value \(npm run bench -- --help\)$/],
  ['--json --only hello', /^--json needs a value/],
  ['--help=yes', /^--help takes no value$/],
  ['--rounds many', /^--rounds takes a whole number from 1 to 1000, not 'many'$/],
];
for (const [args, says] of WRONG)
  test(`what is wrong with \`${args}\` is one sentence`, () => {
    assert.throws(() => readOptions(args.split(' '), SUITES), { name: 'CannotRun', message: says });
  });

test('what one letter makes of a name of a design, or of its option, is recognised', () => {
  assert.throws(
    () => parseOptions(['--wokers', '2'], undefined, hintAt),
    /no option '--wokers' here \(did you mean --workers\?\)$/,
  );
  assert.throws(() => parseOptions(['--xyz', '2'], ['port']), /no option '--xyz' here, only --port$/);
});

test('no scenario can be profiled twice', () => {
  const names = withoutRepetitions(SUITES.flatMap(({ scenarios }) => scenarios)).map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(
    withoutRepetitions(SUITES.flatMap(({ scenarios }) => scenarios)).find(({ name }) => name === 'hello')
      ?.preset,
    undefined,
  );
});
