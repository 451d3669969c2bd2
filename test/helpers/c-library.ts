// c-library.ts: shared libraries for tests, compiled from C when the test runs.

import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';

import { PACKAGE_ROOT } from './script.js';

export interface LibraryOptions {
  /** What the library is called, without `.so`. */
  readonly name?: string;
  /** The file is taken from standard input instead: this text. */
  readonly text?: string;
  /** Behind the source: `-lsqlite3`, or other flags. */
  readonly libraries?: readonly string[];
  /** What `-std` is. @defaultValue c11 */
  readonly standard?: string;
  /** Below the package. */
  readonly folder?: string;
}

/**
 * Compiles a source, named from the top of the package, as docs/native-handlers.md says.
 * @returns The path of the library.
 */
export function compileLibrary(source: string, options: LibraryOptions = {}): string {
  const {
    name = basename(source, '.c'),
    text,
    libraries = [],
    standard = 'c11',
    folder = 'out/native-libraries',
  } = options;
  const directory = join(PACKAGE_ROOT, folder);
  mkdirSync(directory, { recursive: true });
  const library = join(directory, `${name}.so`);
  // Test files run at the same time: none may load what another is writing.
  const written = `${library}.${String(process.pid)}`;
  const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
  const input = text === undefined ? [join(PACKAGE_ROOT, source)] : ['-x', 'c', '-'];
  execFileSync(
    process.env['CC'] ?? 'cc',
    [
      `-std=${standard}`,
      '-O2',
      ...warnings,
      '-shared',
      '-fPIC',
      '-I',
      join(PACKAGE_ROOT, 'include'),
      '-o',
      written,
    ].concat(input, libraries),
    { input: text ?? '', stdio: ['pipe', 'pipe', 'pipe'] },
  );
  renameSync(written, library);
  return library;
}
