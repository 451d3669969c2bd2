// fingerprint.mjs: tells whether something has to be built again, by content and not by date,
// because git and tar set dates as they like.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder, with a slash at the end removed: every path of the scripts starts here. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** All files under the given folder (relative to the root) whose name passes, sorted; none if there is no folder. */
export function filesUnder(folder, passes = () => true) {
  const top = join(root, folder);
  if (!statSync(top, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && passes(entry.name))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** One hash over the names and contents of `files`, and over `facts` that are not files (versions, flags). */
export function fingerprint(files, facts = []) {
  const hash = createHash('sha256');
  for (const fact of facts) hash.update(`${fact}\0`);
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

export function readStamp(file) {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    return undefined;
  }
}

export function writeStamp(file, value) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), value);
}
