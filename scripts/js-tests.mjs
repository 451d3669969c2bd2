// js-tests.mjs: runs compiled tests of TypeScript under node:test.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { filesUnder, root } from './fingerprint.mjs';
import { handOnSignals } from './signals.mjs';

/** Milliseconds for one file; the stress tests take the longest. */
const LONGEST_FILE_MS = 300_000;

export function jsTests() {
  return filesUnder('test', (name) => name.endsWith('.test.ts'));
}

/**
 * Runs the given sources' compiled forms and returns how many of the two groups failed: stress tests measure delays and
 * load the machine, so they run one at a time, and after the others.
 * @param cwd - A folder that has `out/test`.
 */
export async function runJsTests(files, { cwd = root, env = process.env } = {}) {
  const isStress = (file) => file.startsWith('test/stress/');
  const others = files.filter((file) => !isStress(file));
  const failed = await runGroup(others, [], { cwd, env });
  return failed + (await runGroup(files.filter(isStress), ['--test-concurrency=1'], { cwd, env }));
}

/** Returns 1 when a test failed. */
async function runGroup(files, options, where) {
  if (files.length === 0) return 0;
  const compiled = files.map((file) => join('out', file.replace(/\.ts$/, '.js')));
  const flags = [
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    `--test-timeout=${LONGEST_FILE_MS}`,
    ...options,
  ];
  const child = spawn(process.execPath, [...flags, ...compiled], { ...where, stdio: 'inherit' });
  handOnSignals(child);
  const [status] = await once(child, 'exit');
  return status === 0 ? 0 : 1;
}
