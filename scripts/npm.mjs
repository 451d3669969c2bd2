// npm.mjs: runs npm from within a script that npm runs.

import { spawnSync } from 'node:child_process';
import { root } from './fingerprint.mjs';

/** Runs npm in this folder and returns whether it succeeded. What it says about failures is shown. */
export function runNpm(args) {
  const quiet = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: root, env: environmentForNpm(), stdio: ['ignore', 'ignore', 'inherit'] };
  const { npm_execpath: npm } = process.env;
  const { status } = npm?.endsWith('npm-cli.js')
    ? spawnSync(process.execPath, [npm, ...quiet], options)
    : spawnSync('npm', quiet, options);
  return status === 0;
}

/**
 * `npm install <path>` of another project runs our scripts with its own settings in the environment.
 * Those say where to install and what to leave out, and are not meant for this folder.
 */
function environmentForNpm() {
  const foreign =
    /^npm_config_(global|location|prefix|local_prefix|omit|include|only|production|dry_run|package_lock_only|install_links|install_strategy|workspace|workspaces|save.*)$/;
  const ours = Object.entries(process.env).filter(([name]) => !foreign.test(name) && name !== 'NODE_ENV');
  return Object.fromEntries(ours);
}
