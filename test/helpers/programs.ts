// programs.ts: the programs that a page of the documentation shows, as files.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_ROOT } from './script.js';

/**
 * Writes each block of JavaScript whose first line is a file's name, and gives the paths by these names. They are below
 * out/, from where 'millrace' is found, and listen on a free port.
 */
export function programsOf(page: string): ReadonlyMap<string, string> {
  const blocks = readFileSync(join(PACKAGE_ROOT, page), 'utf8').matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```$/gms);
  const folder = join(PACKAGE_ROOT, 'out/programs', page);
  mkdirSync(folder, { recursive: true });
  return new Map(
    [...blocks].map(([, name, code]) => {
      const file = join(folder, name!);
      writeFileSync(file, code!.replace('port: 8080', 'port: 0'));
      return [name!, file];
    }),
  );
}
