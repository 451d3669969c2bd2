// compile.ts: compiles the designs in C++, once for each version of their sources.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CannotRun } from '../cannot-run.js';
import { compiler } from '../measure/programs.js';
import { builtFile, sourceFile } from '../paths.js';

const FLAGS = ['-O2', '-std=c++20', '-pthread', '-Wall', '-Wextra'];

/** More flags, such as `-fsanitize=thread -g`. */
export const FLAGS_VARIABLE = 'MILLRACE_DESIGN_CXXFLAGS';

/** The path of the program of `native/NAME.cc`, compiled where it is missing or its sources have changed. */
export function compileDesign(name: string): string {
  const source = sourceFile(`designs/native/${name}.cc`);
  const program = builtFile(`designs/native/${name}`);
  const stamp = `${program}.compiled-from`;
  const more = (process.env[FLAGS_VARIABLE] ?? '').split(' ').filter((flag) => flag !== '');
  const command = [...compiler.split(' '), ...FLAGS, ...more];
  const version = versionOf(source, command);
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return program;

  mkdirSync(dirname(program), { recursive: true });
  // Beside it and then renamed: an interrupted compiler leaves no half program, and two that compile the same at the same
  // time both leave a whole one.
  const unfinished = `${program}.${process.pid}`;
  const [file = compiler, ...args] = command;
  const { error, status } = spawnSync(file, [...args, '-o', unfinished, source], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error)
    throw new CannotRun(`${source} is compiled with ${compiler}, which is not here: apt-get install g++`);
  if (status !== 0) throw new CannotRun(`${compiler} could not compile ${source}; the reason stands above`);
  renameSync(unfinished, program);
  writeFileSync(stamp, version);
  return program;
}

/** By content, not by date. The headers are few and small: all of them count. */
function versionOf(source: string, command: readonly string[]): string {
  const folder = dirname(source);
  const headers = readdirSync(folder).filter((name) => name.endsWith('.h'));
  const hash = createHash('sha256').update(command.join(' '));
  for (const file of [source, ...headers.sort().map((name) => join(folder, name))]) {
    hash.update(`\0${file}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}
