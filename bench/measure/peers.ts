// peers.ts: installs the servers of other projects that are packages, when they are first needed.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { sourceFile } from '../paths.js';

const FOLDER = sourceFile('peers');

/** False where they cannot be fetched. */
export function installPeers(): boolean {
  if (existsSync(sourceFile('peers/node_modules/express/package.json'))) return true;
  const args = ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund', '--silent'];
  return spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}
