// A short run of what `npm run fuzz:node-http` does for longer: where millrace and node:http read the same bytes
// differently, a rule with a name says why, and docs/conformance.md argues it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { randomFrom, testSeed } from '../helpers/random.js';
import { PACKAGE_ROOT } from '../helpers/script.js';
import { firstDifference } from './node-http/compare.js';
import { Comparison } from './node-http/comparison.js';
import { isComparable, isCurrent, RULES } from './node-http/differences.js';
import { inputFrom } from './node-http/inputs.js';
import { readWithMillrace } from './node-http/millrace-reader.js';
import { NodeReader } from './node-http/node-reader.js';

const CASES = 20_000;
const compares = {
  skip: !isComparable() && `llhttp ${process.versions['llhttp'] ?? ''} reads much that its successors do not`,
};

const HEADING = "## Differences from node:http's parser";

test('what millrace and node:http read differently has a name', compares, async (t) => {
  const seed = testSeed();
  t.diagnostic(`MILLRACE_TEST_SEED=${seed}`);
  const random = randomFrom(seed);
  const comparison = new Comparison();
  await comparison.add(Array.from({ length: CASES }, () => inputFrom(random)));
  assert.equal(comparison.unexplained, undefined, `seed ${seed}`);
  // If hardly any request is understood, there is hardly anything to be read differently.
  assert.ok(comparison.requests > CASES / 10, `${comparison.requests} requests understood as the same`);
});

test('bytes that show a difference are explained by its rule and by no other', compares, () => {
  const node = new NodeReader();
  const ours = readWithMillrace(RULES.map(({ example }) => example));
  for (const [index, rule] of RULES.entries()) {
    const difference = firstDifference(rule.example, ours[index]!, node.read(rule.example));
    const explaining = RULES.filter(({ explains }) => difference !== undefined && explains(difference));
    assert.deepEqual(explaining, isCurrent(rule) ? [rule] : [], rule.name);
  }
});

test('docs/conformance.md argues each difference, and no others', () => {
  const text = readFileSync(join(PACKAGE_ROOT, 'docs/conformance.md'), 'utf8');
  const section = text.split(HEADING)[1]?.split('\n## ')[0] ?? '';
  const cells = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, cell]) => cell!);
  const argued = cells.flatMap((cell) => cell.replaceAll('`', '').split(' '));
  assert.deepEqual(argued.toSorted(), RULES.map(({ name }) => name).toSorted());
});
