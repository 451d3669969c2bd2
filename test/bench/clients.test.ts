// clients.test.ts: `npm run bench:clients` for one short round, and how it judges.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { agreementOf, type ClientRounds, ratioOf } from '../../bench/clients/comparison.js';

const PROGRAM = fileURLToPath(new URL('../../bench/clients/run.js', import.meta.url));
const wrkIsMissing = spawnSync('wrk', ['-v']).error !== undefined && 'wrk is not installed';

async function run(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, errors };
}

test('a round of both clients has figures of each', { skip: wrkIsMissing }, async () => {
  const { code, output, errors } = await run('--rounds', '1', '--seconds', '1', '--connections', '4');
  assert.equal(errors, '');
  // One round on a machine that does something else may say anything about the bounds.
  assert.ok(code === 0 || code === 1, String(code));
  for (const title of [
    'requests a second',
    'client CPU a request, µs',
    'latency p50, ms',
    'latency p99, ms',
  ]) {
    const line =
      output.split('\n').find((text) => text.includes(title)) ?? assert.fail(`${title} in ${output}`);
    const figures = line.slice(line.indexOf(title) + title.length).match(/[\d,]+\.?\d*/g) ?? [];
    const [ours, theirs, ratio] = figures.map((figure) => Number(figure.replaceAll(',', '')));
    assert.ok(ours! > 0 && theirs! > 0 && ratio! > 0, line);
  }
});

test('what it cannot do is a sentence', async () => {
  for (const [args, says] of [
    [['--runds', '1'], /^millrace: there is no option '--runds' \(did you mean --rounds\?\)\.\n$/],
    [['wrk'], /^millrace: it takes options only/],
    [['--compute-us', '-1'], /^millrace: --compute-us needs a value/],
  ] as const) {
    const { code, output, errors } = await run(...args);
    assert.deepEqual([code, output], [2, '']);
    assert.match(errors, says);
  }
});

test('ratios are taken within rounds, and judged by their whole spread', () => {
  const figuresOf = (values: readonly number[]): ClientRounds['wrk'] =>
    values.map((requestsPerSecond) => ({ requestsPerSecond, cpuPerRequest: 1, p50: 1, p99: 1 }));
  const rounds = { 'millrace load': figuresOf([100, 210, 400]), wrk: figuresOf([100, 200, 400]) };
  assert.deepEqual(ratioOf(rounds, 'requestsPerSecond'), { median: 1, low: 1, high: 1.05 });
  assert.equal(agreementOf({ median: 1, low: 0.96, high: 1.04 }, 0.95, 1.05), 'holds');
  assert.equal(agreementOf({ median: 1, low: 0.94, high: 1.04 }, 0.95, 1.05), 'unclear');
  assert.equal(agreementOf({ median: 1.1, low: 1.06, high: 1.2 }, 0.95, 1.05), 'misses');
  assert.equal(agreementOf({ median: 0.9, low: 0.8, high: 0.94 }, 0.95, 1.05), 'misses');
});
