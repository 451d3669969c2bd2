// matrix.mjs: `npm run test:matrix [-- VERSION...]`: the tests in TypeScript under several versions of Node.js, all with
// the addon that is there: a Node-API addon is built once. Without versions: the oldest that millrace supports, and the
// newest of each even major.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADDON } from './addon.mjs';
import { root } from './fingerprint.mjs';
import { runNpm } from './npm.mjs';
import { ensureBuilt } from './project.mjs';
import { fail, seconds, step } from './say.mjs';
import { handOnSignals } from './signals.mjs';
import { OLDEST_NODE } from './toolchain.mjs';

const VERSIONS = [`${OLDEST_NODE.join('.')}.0`, '22', '24', '26'];

const WORDS = { oldest: VERSIONS[0], newest: VERSIONS.at(-1) };

const wanted = process.argv.slice(2).map((version) => WORDS[version] ?? version);
const odd = wanted.find((version) => !/^\d+(\.\d+){0,2}$/.test(version));
if (odd !== undefined) fail(`'${odd}' is no version of Node.js: try 24, 20.19.0, oldest or newest.`);

ensureBuilt();
const built = digestOfAddon();
const rows = [];
for (const version of wanted.length > 0 ? wanted : VERSIONS) rows.push(await runUnder(version));
if (digestOfAddon() !== built)
  fail('the addon was built again on the way: the figures are not those of one binary.');

process.stdout.write(`\nOne addon (${built.slice(0, 12)}), tests in TypeScript:\n\n`);
printTable(['Node.js', 'tests', 'passed', 'failed', 'skipped', 'time'], rows);
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;

/** Runs all tests with `scripts/test.mjs`, in a process of that version. */
async function runUnder(version) {
  const started = Date.now();
  const node = nodeFrom(version);
  if (node === undefined) return { ok: false, cells: [version, 'not in the registry'] };
  const exact = await outputOf(node, ['--print', 'process.versions.node']);
  step(`tests under Node.js ${exact.text.trim()} ...`);
  const { code, text } = await outputOf(node, ['scripts/test.mjs', '--js', '--as-built'], process.stdout);
  const cells = ['tests', 'pass', 'fail', 'skipped'].map((what) => sumOf(text, what));
  return { ok: code === 0, cells: [exact.text.trim(), ...cells, seconds(started)] };
}

/** The binary from the npm package of that version, which is fetched once; undefined if there is none. */
function nodeFrom(version) {
  const name = `node-linux-${process.arch}`;
  const prefix = `out/matrix/${version}`;
  const binary = join(root, prefix, 'node_modules', name, 'bin/node');
  if (existsSync(binary)) return binary;
  step(`fetching ${name}@${version} ...`);
  const args = ['install', '--prefix', prefix, '--no-save', '--no-package-lock', '--ignore-scripts'];
  return runNpm([...args, `${name}@${version}`]) ? binary : undefined;
}

/** What it writes to standard output, which `echo` gets as well. */
async function outputOf(command, args, echo) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  handOnSignals(child);
  let text = '';
  child.stdout.setEncoding('utf8');
  for await (const chunk of child.stdout) {
    text += chunk;
    echo?.write(chunk);
  }
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
  return { code, text };
}

/** The runner's summaries, of which there is one for each group of tests. */
function sumOf(text, what) {
  const counts = [...text.matchAll(new RegExp(`^ℹ ${what} (\\d+)$`, 'gm'))];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

function digestOfAddon() {
  return createHash('sha256')
    .update(readFileSync(join(root, ADDON)))
    .digest('hex');
}

function printTable(titles, rows) {
  const lines = [titles, ...rows.map(({ cells }) => cells.map(String))];
  const widths = titles.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  for (const cells of lines) {
    process.stdout.write(`${cells.map((cell, column) => cell.padStart(widths[column])).join('  ')}\n`);
  }
}
