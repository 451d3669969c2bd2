// A short `npm run stress`: faults of all kinds at the same time, beside clients who check every byte.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { announcedSeed } from '../lifecycle/fixtures/chance.js';
import { FAULTS } from './faults/index.js';

const PROGRAM = fileURLToPath(new URL('./run.js', import.meta.url));

const REQUESTS = 3_000;
const FAULTS_OF_EACH = 20;

/** It ends a run that hangs. */
const LONGEST_MS = 240_000;

interface Ended {
  readonly code: number | string | null;
  readonly output: string;
}

function stress(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { timeout: LONGEST_MS }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? null), output: stdout + stderr });
    });
  });
}

test('no answer is lost or wrong and nothing is left behind, whatever others do', async (t) => {
  const seed = announcedSeed(t);
  const { code, output } = await stress(
    ...['--seed', String(seed), '--requests', String(REQUESTS), '--faults', String(FAULTS_OF_EACH)],
  );
  assert.equal(code, 0, output);
  for (const { name } of FAULTS) assert.match(output, new RegExp(`^  ${name} +${FAULTS_OF_EACH} `, 'm'));
  const [, requests = ''] = /^ {2}requests +([\d,]+)/m.exec(output) ?? [];
  assert.ok(Number(requests.replaceAll(',', '')) >= REQUESTS, output);
  assert.match(output, /^ {2}lost answers +0$/m);
  assert.match(output, /^ {2}passed in /m);
  t.diagnostic(`\n${output}`);
});

test('a fault that does not exist is named, with those that do', async () => {
  const { code, output } = await stress('--only', 'meteorite');
  assert.equal(code, 2);
  assert.match(output, /^millrace: --only does not know 'meteorite'; it knows connect-storm, .*restart\.$/m);
});
