// native-tests.mjs: builds and runs the executables of test/native, with a compiler and make only.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { filesUnder, root } from './fingerprint.mjs';
import { fail, seconds } from './say.mjs';

/** A test that hangs must not hang the run. The longest takes a few seconds. */
const LONGEST_MS = 300_000;

export function nativeTests() {
  return filesUnder('test/native', (name) => name.endsWith('_test.cc'));
}

/** Builds what is stale of the executables with the given names. */
export function buildNative(names) {
  const make = ['-f', 'test/native/Makefile', '--silent', `-j${availableParallelism()}`];
  const built = spawnSync('make', [...make, ...names], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (built.status !== 0) fail('the native tests do not compile; the reason stands above.');
}

/** Builds what is stale, runs the given test files, and returns how many failed. */
export function runNativeTests(files) {
  const names = files.map((file) => basename(file, '.cc'));
  buildNative(names);
  let failed = 0;
  for (const name of names) {
    const started = Date.now();
    const run = spawnSync(join(root, 'out/native', name), [], {
      cwd: root,
      encoding: 'utf8',
      timeout: LONGEST_MS,
    });
    const passed = run.status === 0;
    process.stdout.write(`${passed ? 'ok  ' : 'FAIL'} native/${name} (${seconds(started)})\n`);
    if (passed) continue;
    failed += 1;
    process.stdout.write(`${run.stdout}${run.stderr}`);
    if (run.status === null) process.stdout.write(`     ended by ${run.signal ?? run.error?.message}\n`);
  }
  return failed;
}
