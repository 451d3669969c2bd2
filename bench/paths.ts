// paths.ts: where the bench finds its own files, whatever folder the compiled ones are in.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of millrace's package.json, found upwards from here. */
export const repository = findRepository(here);

/** A file that is read as it is, not compiled: a script for wrk, the source of the floor. */
export function sourceFile(name: string): string {
  return join(repository, 'bench', name);
}

/** A file in the build folder, which git ignores: compiled TypeScript, the compiled floor. */
export function builtFile(name: string): string {
  return join(here, name);
}

function findRepository(start: string): string {
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && nameIn(manifest) === 'millrace') return folder;
  }
  throw new Error(`no package.json of millrace in or above ${start}`);
}

function nameIn(manifest: string): unknown {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown }).name;
}
