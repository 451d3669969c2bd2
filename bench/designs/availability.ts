// availability.ts: whether a design can run on this machine, and where what it needs is.

import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { compiler } from '../measure/programs.js';
import { repository, sourceFile } from '../paths.js';
import type { Design } from './design.js';

/** Where packages of peers are looked for: those of the bench, then the project's. */
const PACKAGE_FOLDERS = [sourceFile('peers/node_modules'), join(repository, 'node_modules')];

/** Why it cannot run, with what would help; null where it can. Nothing is installed by itself. */
export function whyUnavailable({ start }: Design): string | null {
  if ('native' in start)
    return programPath(compiler) === null ? `${compiler} is not installed: apt-get install g++` : null;
  if ('module' in start)
    return programPath(start.program) === null
      ? `${start.program} is not installed: npm install --no-save --prefix bench/peers ${start.program}`
      : null;
  if (start.program !== undefined && programPath(start.program) === null)
    return `${start.program} is not installed: apt-get install ${start.program}`;
  return whyPackagesMissing(start.packages ?? []);
}

/** The same of packages. */
export function whyPackagesMissing(packages: readonly string[]): string | null {
  const missing = packages.filter((name) => packageFolder(name) === null);
  if (missing.length === 0) return null;
  const isOne = missing.length === 1;
  return `${missing.join(' and ')} ${isOne ? 'is' : 'are'} not installed: ${installCommand(missing)}`;
}

function installCommand(packages: readonly string[]): string {
  // It is not in the npm registry; hyper-express depends on it.
  const specifiers = packages.map((name) =>
    name === 'uWebSockets.js' ? 'uNetworking/uWebSockets.js#v20.52.0' : name,
  );
  return `npm install --no-save --prefix bench/peers ${specifiers.join(' ')}`;
}

/** The folder of an installed package. */
export function packageFolder(name: string): string | null {
  const folders = PACKAGE_FOLDERS.map((folder) => join(folder, name));
  return folders.find((folder) => existsSync(join(folder, 'package.json'))) ?? null;
}

/** The path of a program: as npm has installed it, or as PATH has it. */
export function programPath(name: string): string | null {
  // CXX may be `ccache g++`.
  const [word = name] = name.split(' ');
  const folders = [
    ...PACKAGE_FOLDERS.map((folder) => join(folder, '.bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const paths = word.includes('/') ? [word] : folders.map((folder) => join(folder, word));
  return paths.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
