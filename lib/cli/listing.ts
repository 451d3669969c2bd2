// listing.ts: reads directories below a root, and nothing that is outside of it.

import { constants, type Dirent } from 'node:fs';
import { access, lstat, open, readdir, readlink, realpath, type FileHandle } from 'node:fs/promises';

import { mayBeInName } from './decode-path.js';

/** A directory that is open: whatever becomes of its path, it stays the one that was looked at. */
export interface OpenDirectory {
  readonly handle: FileHandle;
  /** The real path of the root. */
  readonly root: Buffer;
  /** Its own below that, when it was opened; a byte for each character. */
  readonly below: string;
}

export interface Entry {
  /** Bytes, since names of files need not be UTF-8. */
  readonly name: Buffer;
  readonly isDirectory: boolean;
  readonly size: number;
  readonly modified: Date;
}

export interface Entries {
  /** Directories first, then by name. */
  readonly entries: readonly Entry[];
  /** How many more there are. */
  readonly left: number;
}

/** More is no page that anybody reads, and each costs a look at its file. */
const MOST_ENTRIES = 5000;
/** Node.js has four threads for them. */
const LOOKS_AT_ONCE = 16;
/** As Linux has it. */
const MOST_LINKS = 40;
const DOT = 0x2e;
const SLASH = '/';

/** What asking for a path that is not there, or not ours to read, ends with. */
const NOT_FOUND = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG']);

/** Undefined: there is no directory with this path below the root, links that lead out of it included. */
export async function openDirectory(root: string, path: Buffer): Promise<OpenDirectory | undefined> {
  try {
    const realRoot = await realpath(root, 'buffer');
    const wanted = await follow(realRoot, path.toString('latin1'));
    if (wanted === undefined) return undefined;
    // O_DIRECTORY: opening a pipe would wait, and a device might do something.
    const handle = await open(wanted, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK);
    // Asked of what has been opened, so that nobody can change it between the look and the use.
    const below = await pathBelow(realRoot, handle).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    if (below !== undefined) return { handle, root: realRoot, below };
    await handle.close();
    return undefined;
  } catch (error) {
    if (NOT_FOUND.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * What is in it and would be served: no link that leads out, no pipe or device, nothing that this process may not read, no
 * name that no URL leads to.
 */
export async function readEntries(directory: OpenDirectory, withDotfiles: boolean): Promise<Entries> {
  const all = await readdir(placeOf(directory.handle), { encoding: 'buffer', withFileTypes: true });
  const shown = all.filter(({ name }) => name.every(mayBeInName) && (withDotfiles || name[0] !== DOT));
  const order = new Intl.Collator('en', { numeric: true });
  const byName = (a: { name: Buffer }, b: { name: Buffer }): number =>
    order.compare(a.name.toString(), b.name.toString()) || Buffer.compare(a.name, b.name);
  // Before looking, for there may be too many to look at.
  const rank = (entry: Dirent<Buffer>): number => (entry.isDirectory() ? 0 : entry.isFile() ? 2 : 1);
  const looked = shown
    .sort((a, b) => rank(a) - rank(b) || byName(a, b))
    .slice(0, MOST_ENTRIES)
    .map(({ name }) => name);
  const entries: Entry[] = [];
  for (let start = 0; start < looked.length; start += LOOKS_AT_ONCE) {
    const some = looked.slice(start, start + LOOKS_AT_ONCE);
    const found = await Promise.all(some.map((name) => lookAt(directory, name)));
    entries.push(...found.filter((entry) => entry !== undefined));
  }
  // What links have led to is known only now.
  entries.sort((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || byName(a, b));
  return { entries, left: shown.length - looked.length };
}

async function lookAt({ handle, root, below }: OpenDirectory, name: Buffer): Promise<Entry | undefined> {
  try {
    let path: Buffer | undefined = Buffer.concat([Buffer.from(`${placeOf(handle)}/`), name]);
    let stats = await lstat(path);
    if (stats.isSymbolicLink()) {
      path = await follow(root, `${below}/${name.toString('latin1')}`);
      if (path === undefined) return undefined;
      stats = await lstat(path);
    }
    if (!(stats.isFile() || stats.isDirectory())) return undefined;
    await access(path, stats.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK);
    return { name, isDirectory: stats.isDirectory(), size: stats.size, modified: stats.mtime };
  } catch {
    return undefined; // it has gone, or leads nowhere
  }
}

/**
 * Where a path below the root leads, without links. Undefined: out of it, or by a way that static() does not go: links are
 * followed that stay below the root at each of their steps, and no absolute ones.
 * @param path - A byte for each character.
 */
async function follow(root: Buffer, path: string): Promise<Buffer | undefined> {
  const place = (segments: readonly string[]): Buffer =>
    Buffer.concat([root, Buffer.from(segments.map((name) => SLASH + name).join(''), 'latin1')]);
  const walked: string[] = [];
  const rest = path.split(SLASH).reverse();
  for (let links = 0; rest.length > 0;) {
    const name = rest.pop()!;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (walked.pop() === undefined) return undefined;
      continue;
    }
    const stats = await lstat(place([...walked, name]));
    if (stats.isSymbolicLink()) {
      const target = (await readlink(place([...walked, name]), 'buffer')).toString('latin1');
      if (target.startsWith(SLASH) || ++links > MOST_LINKS) return undefined;
      rest.push(...target.split(SLASH).reverse());
    } else {
      if (rest.length > 0 && !stats.isDirectory()) return undefined;
      walked.push(name);
    }
  }
  return place(walked);
}

/** Where it is now, below the root; undefined: nowhere. */
async function pathBelow(root: Buffer, handle: FileHandle): Promise<string | undefined> {
  // Also for the root of the file system, which ends with its slash.
  const prefix = root.toString('latin1').replace(/\/$/, '');
  const path = (await readlink(placeOf(handle), 'buffer')).toString('latin1');
  return path === prefix || path.startsWith(prefix + SLASH) ? path.slice(prefix.length) : undefined;
}

function placeOf(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}
