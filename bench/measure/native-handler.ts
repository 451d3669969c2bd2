// native-handler.ts: compiles the example of a native handler that computes.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { CannotRun } from '../cannot-run.js';
import { builtFile, repository } from '../paths.js';

/** The path of the library. @throws CannotRun where there is no C compiler. */
export function buildHashLibrary(): string {
  const library = builtFile('variants/sha256.so');
  const source = join(repository, 'examples/native-sha256/sha256.c');
  const args = ['-O2', '-shared', '-fPIC', '-I', join(repository, 'include'), source, '-o', library];
  const { status } = spawnSync(process.env['CC'] ?? 'cc', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new CannotRun(`${source} could not be compiled with cc: apt-get install gcc`);
  return library;
}
