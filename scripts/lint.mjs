// lint.mjs: `npm run lint` checks, `npm run format` (--fix) mends what can be mended.

import { spawnSync } from 'node:child_process';
import { nativeSources } from './addon.mjs';
import { filesUnder, root } from './fingerprint.mjs';
import { ensureCompiled, ensureDependencies } from './project.mjs';
import { step } from './say.mjs';

const fix = process.argv.includes('--fix');
ensureDependencies();
// The rules that use types need the declarations of lib/.
ensureCompiled(['lib']);

const isNative = (name) => /\.(cc|c|h)$/.test(name);
const native = ['native', 'include', 'examples', 'test', 'bench'].flatMap((folder) =>
  filesUnder(folder, isNative),
);

const failures = [
  unlistedSources(),
  run('node_modules/.bin/prettier', [fix ? '--write' : '--check', '--log-level=warn', '.']),
  run('node_modules/.bin/eslint', ['--max-warnings=0', ...(fix ? ['--fix'] : []), '.']),
  clangFormat(),
].filter(Boolean);
process.exitCode = failures.length === 0 ? 0 : 1;

/** True when the tool found something to complain about. */
function run(tool, args) {
  const { status, error } = spawnSync(tool, args, { cwd: root, stdio: 'inherit' });
  if (error?.code === 'ENOENT') step(`${tool} is not installed: left out.`);
  return error?.code !== 'ENOENT' && status !== 0;
}

/** Names the files instead of showing each place, as prettier does. */
function clangFormat() {
  const args = [...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...native];
  const { status, error, stderr } = spawnSync('clang-format', args, { cwd: root, encoding: 'utf8' });
  if (error?.code === 'ENOENT') {
    step('clang-format is not installed: left out.');
    return false;
  }
  const files = new Set(stderr.match(/^[^\s:]+(?=:\d+:\d+: error)/gm));
  for (const file of files) process.stdout.write(`[clang-format] ${file}\n`);
  if (status !== 0 && files.size === 0) process.stdout.write(stderr);
  return status !== 0;
}

/** A source that is not in the list is compiled by nobody, and nobody notices. */
function unlistedSources() {
  const listed = new Set(nativeSources());
  const unlisted = filesUnder('native', (name) => name.endsWith('.cc')).filter((file) => !listed.has(file));
  if (unlisted.length > 0) step(`native/sources does not name ${unlisted.join(', ')}.`);
  return unlisted.length > 0;
}
