// package.ts: loads the package of a peer from where it is installed.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CannotRun } from '../../cannot-run.js';
import { packageFolder } from '../availability.js';

/** @throws CannotRun where it is not installed; the runner has said so before. */
export function requirePeer(name: string): unknown {
  const folder = packageFolder(name);
  if (folder === null) throw new CannotRun(`${name} is not installed`);
  return createRequire(join(folder, 'package.json'))(folder);
}
