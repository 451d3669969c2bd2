// files.ts: directories of files, and servers of them, for the length of one test.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

import type { Handler, ServerOptions, StaticOptions } from 'millrace';

import { startServer, type Setup, type TestServer } from './server.js';

/** Contents by path; one that ends with a slash is an empty directory. */
export type Tree = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function writeTree(folder: string, tree: Tree): void {
  for (const [path, contents] of Object.entries(tree)) {
    const whole = join(folder, path);
    mkdirSync(path.endsWith('/') ? whole : dirname(whole), { recursive: true });
    if (path.endsWith('/')) continue;
    if (typeof contents === 'object' && 'link' in contents) symlinkSync(contents.link, whole);
    else writeFileSync(whole, contents);
  }
}

/** Bytes that say where they stand: of two places less than 16 MiB apart none looks like the other. */
export function numberedBytes(length: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at / 4, at);
  return bytes.subarray(0, length);
}

export interface FileServer extends TestServer {
  /** The directory that is served. */
  readonly folder: string;
  /** The one that it is in: nothing beside it is for clients. */
  readonly outside: string;
}

export interface FileServerSetup {
  /** @defaultValue `/` */
  readonly prefix?: string;
  readonly server?: ServerOptions;
  /** Further routes. */
  readonly routes?: Setup;
  readonly fallback?: Handler;
}

/** A server of these files. */
export async function startFiles(
  t: TestContext,
  tree: Tree,
  options: StaticOptions = {},
  setup: FileServerSetup = {},
): Promise<FileServer> {
  const outside = temporaryFolder(t);
  const folder = join(outside, 'public');
  mkdirSync(folder);
  writeTree(folder, tree);
  const started = await startServer(
    t,
    setup.server ?? {},
    (server) => {
      server.static(setup.prefix ?? '/', folder, options);
      setup.routes?.(server);
    },
    setup.fallback,
  );
  return { ...started, folder, outside };
}
