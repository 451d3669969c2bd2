// project.mjs: brings a checkout up to date: dependencies, compiled TypeScript, addon. Does only what is stale.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addonIsFresh, buildAddon } from './addon.mjs';
import { filesUnder, fingerprint, readStamp, root, writeStamp } from './fingerprint.mjs';
import { runNpm } from './npm.mjs';
import { fail, seconds, step } from './say.mjs';
import { requireSupportedSystem, requireToolchain } from './toolchain.mjs';

/** Folder of the sources to folder of what they are compiled to. */
const PROJECTS = { lib: 'dist', test: 'out/test', examples: 'out/examples', bench: 'out/bench' };
const EVERY_PROJECT = Object.keys(PROJECTS);

/** Whose declarations the folders use, beside the library's: as in their tsconfig.json. */
const USES = { test: ['bench'] };

/** What must work is checked first, so that a machine without a compiler hears of it before anything is downloaded. */
export function ensureBuilt(projects = EVERY_PROJECT) {
  requireSupportedSystem();
  if (!addonIsFresh()) requireToolchain();
  ensureDependencies();
  ensureCompiled(projects);
  if (!addonIsFresh()) buildAddon();
}

export function ensureDependencies() {
  if (dependenciesAreFresh()) return;
  const started = Date.now();
  step('installing the dependencies ...');
  // Without scripts: the ones of this package are the steps that follow, and no dependency needs its own.
  if (!runNpm(['ci', '--ignore-scripts'])) fail('`npm ci` failed; the reason stands above.');
  step(`installed the dependencies in ${seconds(started)}.`);
}

/** Compiles the given folders where they, or the library that they use, have changed. */
export function ensureCompiled(projects = EVERY_PROJECT) {
  const stale = projects.filter((project) => !isCompiled(project));
  if (stale.length === 0) return;
  const started = Date.now();
  step(`compiling ${stale.join(', ')} ...`);
  const stamps = stale.map((project) => [stampOf(project), compiledFrom(project)]);
  for (const project of stale) removeOrphans(project);
  const tsc = join(root, 'node_modules/typescript/lib/tsc.js');
  const { status } = spawnSync(process.execPath, [tsc, '-b', ...stale], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) fail('the TypeScript sources do not compile; the errors stand above.');
  for (const [file, value] of stamps) writeStamp(file, value);
  step(`compiled in ${seconds(started)}.`);
}

/** True when every package of the lock file is there in the same version, whoever installed it. */
function dependenciesAreFresh() {
  const wanted = readLock('package-lock.json');
  const present = readLock('node_modules/.package-lock.json');
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version,
  );
}

function readLock(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

function isCompiled(project) {
  return existsSync(join(root, PROJECTS[project])) && readStamp(stampOf(project)) === compiledFrom(project);
}

/** Beside the output: gone when the output is gone. */
function stampOf(project) {
  return join(PROJECTS[project], 'compiled-from');
}

function compiledFrom(project) {
  const folders = new Set([project, 'lib', ...(USES[project] ?? [])]);
  const sources = [...folders].flatMap((folder) =>
    filesUnder(folder, (name) => /\.ts$|^tsconfig\.json$/.test(name)),
  );
  return fingerprint(['tsconfig.base.json', 'package-lock.json', ...sources]);
}

/** The compiler leaves the output of deleted sources behind; it would still be imported and packed. */
function removeOrphans(project) {
  const output = PROJECTS[project];
  for (const file of filesUnder(output, (name) => /\.js$/.test(name))) {
    const stem = file.slice(0, -'.js'.length);
    if (existsSync(join(root, `${stem.replace(output, project)}.ts`))) continue;
    for (const ending of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
      rmSync(join(root, stem + ending), { force: true });
  }
}
