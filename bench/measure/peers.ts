// peers.ts: installs the servers of other projects that are packages, when they are first needed.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CannotRun } from '../cannot-run.js';
import { sourceFile } from '../paths.js';

const FOLDER = sourceFile('peers');

/** @throws CannotRun where they cannot be fetched. */
export function installPeers(): void {
  if (existsSync(sourceFile('peers/node_modules/express/package.json'))) return;
  const args = ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund', '--silent'];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0)
    throw new CannotRun(`the servers to compare with could not be installed: npm ci --prefix ${FOLDER}`);
}
