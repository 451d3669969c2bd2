// test.mjs: `npm test [-- PART-OF-A-PATH...]`: builds what is stale, then runs the native tests and the ones in TypeScript.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { filesUnder, root } from './fingerprint.mjs';
import { nativeTests, runNativeTests } from './native-tests.mjs';
import { ensureBuilt } from './project.mjs';
import { fail } from './say.mjs';
import { requireSupportedSystem, requireToolchain } from './toolchain.mjs';

/** Milliseconds for one file; the stress tests take the longest. */
const LONGEST_FILE_MS = 300_000;

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('--'));
const isWanted = (file) => wanted.length === 0 || wanted.some((part) => file.includes(part));

const native = args.includes('--js') ? [] : nativeTests().filter(isWanted);
const js = args.includes('--native')
  ? []
  : filesUnder('test', (name) => name.endsWith('.test.ts')).filter(isWanted);
if (native.length + js.length === 0)
  fail(`no test file has ${wanted.join(' or ') || 'a matching name'} in its path.`);

if (js.length > 0) {
  ensureBuilt();
} else {
  requireSupportedSystem();
  requireToolchain({ python: false });
}
let failed = native.length > 0 ? runNativeTests(native) : 0;
// Stress tests measure delays and load the machine: one at a time, and after the others.
const isStress = (file) => file.startsWith('test/stress/');
failed += runNode(js.filter((file) => !isStress(file)));
failed += runNode(js.filter(isStress), ['--test-concurrency=1']);
process.exitCode = failed === 0 ? 0 : 1;

/** Returns 1 when a test failed. */
function runNode(files, options = []) {
  if (files.length === 0) return 0;
  const compiled = files.map((file) => join('out', file.replace(/\.ts$/, '.js')));
  const flags = [
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    `--test-timeout=${LONGEST_FILE_MS}`,
    ...options,
  ];
  return spawnSync(process.execPath, [...flags, ...compiled], { cwd: root, stdio: 'inherit' }).status === 0
    ? 0
    : 1;
}
