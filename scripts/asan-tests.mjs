// asan-tests.mjs: `npm run test:asan [-- PART-OF-A-PATH...]`: tests in TypeScript with the addon under AddressSanitizer
// and UndefinedBehaviorSanitizer. It needs CMake, and g++ with its libraries for both.
//
// Node itself is not instrumented, so its allocations are not checked but its calls into the addon are. Leaks are not
// looked for: what node leaks at its end is far more than what the addon could, and the native tests look for those.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ADDON, nodeIncludes } from './addon.mjs';
import { root } from './fingerprint.mjs';
import { jsTests, runJsTests } from './js-tests.mjs';
import { ensureBuilt } from './project.mjs';
import { fail, seconds, step } from './say.mjs';

/** A copy of what the package consists of, with this addon in the place of the other. */
const PACKAGE = join(root, 'out/asan-package');
const REPORTS = join(root, 'out/asan-reports');
const PRESET = 'asan-addon';

/** The stress tests measure delays and memory, and the examples add no native code. */
const FOLDERS = [
  'test/api/',
  'test/compression/',
  'test/files/',
  'test/lifecycle/',
  'test/native-handlers/',
  'test/protocol/',
  'test/threads/',
];

/** It runs curl, which never gets to its first line with the sanitizer's library in it. */
const LEFT_OUT = 'test/api/clients.test.ts';

const wanted = process.argv.slice(2);
const files = jsTests().filter(
  (file) =>
    FOLDERS.some((folder) => file.startsWith(folder)) &&
    file !== LEFT_OUT &&
    (wanted.length === 0 || wanted.some((part) => file.includes(part))),
);
if (files.length === 0) fail(`no test file has ${wanted.join(' or ')} in its path.`);

ensureBuilt();
buildAddon();
makePackage();
rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });
const failed = await runJsTests(files, { cwd: PACKAGE, env: { ...process.env, ...sanitizerSettings() } });
const reports = readdirSync(REPORTS);
for (const report of reports) process.stdout.write(readFileSync(join(REPORTS, report), 'utf8'));
step(`${reports.length} reports of the sanitizers.`);
process.exitCode = failed === 0 && reports.length === 0 ? 0 : 1;

function buildAddon() {
  const started = Date.now();
  step('building the addon with sanitizers ...');
  const cmake = (...args) => {
    const { status, stdout, stderr } = spawnSync('cmake', args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) fail(`cmake ${args.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}`);
  };
  cmake('--preset', PRESET, `-DCMAKE_JS_INC=${nodeIncludes()}`);
  cmake('--build', '--preset', PRESET, '--parallel', String(availableParallelism()));
  step(`built it in ${seconds(started)}.`);
}

/** Copies, because Node looks for a package's own files beside what links point to. */
function makePackage() {
  rmSync(PACKAGE, { recursive: true, force: true });
  const paths = ['package.json', 'dist', 'docs', 'examples', 'include', 'lib', 'native', 'test', 'out/test'];
  for (const path of paths) {
    cpSync(join(root, path), join(PACKAGE, path), { recursive: true });
  }
  cpSync(join(root, 'out/cmake', PRESET, 'millrace.node'), join(PACKAGE, ADDON));
}

/** Reports go to files, since what tests' own processes write to standard error is looked at by nobody. */
function sanitizerSettings() {
  return {
    // The C++ library as well: the sanitizer looks for what it throws with when it starts, and node may link it statically.
    LD_PRELOAD: [libraryOf('libasan.so'), libraryOf('libstdc++.so.6')].join(' '),
    ASAN_OPTIONS: `detect_leaks=0:quarantine_size_mb=32:log_path=${REPORTS}/asan`,
    UBSAN_OPTIONS: `print_stacktrace=1:log_path=${REPORTS}/ubsan`,
  };
}

function libraryOf(name) {
  const { stdout } = spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' });
  return stdout?.trim() || fail(`g++ does not say where ${name} is.`);
}
