// programs.ts: compiles the programs in C++, once for each version of their source.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CannotRun } from '../cannot-run.js';
import { builtFile, sourceFile } from '../paths.js';

/** Their sources, below bench/. */
export type Program = 'variants/floor' | 'load/discarding';

export const compiler = process.env['CXX'] ?? 'g++';

/** The path of the program, compiled where it is missing or older than its source. */
export function buildProgram(name: Program): string {
  const source = sourceFile(`${name}.cc`);
  const program = builtFile(name);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(dirname(program), { recursive: true });
  // Beside it and then renamed: an interrupted compiler leaves no half program that looks fresh.
  const unfinished = `${program}.${process.pid}`;
  const { error, status } = spawnSync(compiler, ['-O2', '-std=c++20', '-o', unfinished, source], {
    stdio: 'inherit',
  });
  if (error)
    throw new CannotRun(`${source} is compiled with ${compiler}, which is not here: apt-get install g++`);
  if (status !== 0) throw new CannotRun(`${compiler} could not compile ${source}; the reason stands above`);
  renameSync(unfinished, program);
  return program;
}
