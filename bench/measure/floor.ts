// floor.ts: compiles the floor, once for each version of its source.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CannotRun } from '../cannot-run.js';
import { builtFile, sourceFile } from '../paths.js';

const SOURCE = sourceFile('variants/floor.cc');
const PROGRAM = builtFile('variants/floor');

export const compiler = process.env['CXX'] ?? 'g++';

/** The path of the program, compiled where it is missing or older than its source. */
export function buildFloor(): string {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > statSync(SOURCE).mtimeMs) return PROGRAM;
  mkdirSync(dirname(PROGRAM), { recursive: true });
  // Beside it and then renamed: an interrupted compiler leaves no half program that looks fresh.
  const unfinished = `${PROGRAM}.${process.pid}`;
  const { error, status } = spawnSync(compiler, ['-O2', '-std=c++20', '-o', unfinished, SOURCE], {
    stdio: 'inherit',
  });
  if (error)
    throw new CannotRun(`the floor is compiled with ${compiler}, which is not here: apt-get install g++`);
  if (status !== 0) throw new CannotRun(`${compiler} could not compile ${SOURCE}; the reason stands above`);
  renameSync(unfinished, PROGRAM);
  return PROGRAM;
}
