// sent-files.ts: a server whose handler sends files with res.sendFile(), and the files.

import { join } from 'node:path';
import type { TestContext } from 'node:test';

import type { Handler, HttpResponse, SendFileOptions, ServerOptions } from 'millrace';

import { numberedBytes, temporaryFolder, writeTree, type Tree } from './files.js';
import { deferred } from './promises.js';
import { startHandler, type TestServer } from './server.js';

export const TREE: Tree = {
  'a.txt': 'contents of a',
  'b.css': 'b{}',
  'sub/c.html': '<p>c',
  'ü e.txt': 'umlaut',
  '.hidden': 'secret',
  '.dir/inside.txt': 'secret',
  'empty.json': '',
  'large.bin': numberedBytes(3_000_000),
  'with.js': 'plain',
  'with.js.br': 'in br',
  'to-a.txt': { link: 'a.txt' },
  'out.txt': { link: '../outside.txt' },
  noext: 'what is it',
};

/** A handler that keeps `/slow` waiting, and sends what other paths name. */
export function heldFirst(): {
  readonly entered: () => number;
  readonly release: () => void;
  readonly handler: (folder: string, ...args: Parameters<Handler>) => unknown;
} {
  const held = deferred();
  let entered = 0;
  const handler = async (folder: string, ...[req, res]: Parameters<Handler>): Promise<void> => {
    entered += 1;
    if (req.path === '/slow') {
      await held.promise;
      res.text('slow');
    } else {
      await res.sendFile(nameIn(req.path), { root: folder }).catch(() => {
        res.status(404).end();
      });
    }
  };
  return { entered: () => entered, release: held.resolve, handler };
}

export interface Sending extends TestServer {
  readonly folder: string;
}

/** A server whose handler is given the folder, and what is below it by path. */
export async function start(
  t: TestContext,
  handler: (folder: string, ...args: Parameters<Handler>) => unknown,
  options: ServerOptions = {},
): Promise<Sending> {
  const outside = temporaryFolder(t);
  const folder = join(outside, 'public');
  writeTree(outside, { 'outside.txt': 'of nobody’s business', 'public/': '' });
  writeTree(folder, TREE);
  const running = await startHandler(t, (req, res) => handler(folder, req, res), options);
  return { ...running, folder };
}

export const nameIn = (path: string): string => decodeURIComponent(path.slice(1));

/** Sends what the path names, below the folder. */
export function below(
  options: SendFileOptions = {},
  before: (res: HttpResponse) => unknown = () => undefined,
) {
  return (folder: string, ...[req, res]: Parameters<Handler>): unknown => {
    before(res);
    return res.sendFile(nameIn(req.path), { root: folder, ...options });
  };
}
