// addon.mjs: builds the native addon with node-gyp when its sources have changed.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { filesUnder, fingerprint, readStamp, root, writeStamp } from './fingerprint.mjs';
import { fail, seconds, step } from './say.mjs';

export const ADDON = 'build/Release/millrace.node';
/** Both lie under build/, so that whoever removes that folder has removed them too. */
const BUILT = 'build/built-from';
const CONFIGURED = 'build/configured-from';

export function addonIsFresh() {
  return existsSync(join(root, ADDON)) && readStamp(BUILT) === builtFrom();
}

/** Call `requireToolchain` first: the messages of node-gyp about missing tools are long. */
export function buildAddon() {
  const missing = nativeSources().filter((file) => !existsSync(join(root, file)));
  if (missing.length > 0) fail(`native/sources names ${missing.join(', ')}, which does not exist.`);
  const started = Date.now();
  step('building the native addon ...');
  const configured = configuredFrom();
  const built = builtFrom();
  if (readStamp(CONFIGURED) !== configured) {
    nodeGyp('configure');
    writeStamp(CONFIGURED, configured);
  }
  nodeGyp('build');
  writeStamp(BUILT, built);
  step(`built ${ADDON} in ${seconds(started)}.`);
}

/** The list that binding.gyp, CMakeLists.txt and the native tests read, too. */
export function nativeSources() {
  const text = readFileSync(join(root, 'native/sources'), 'utf8');
  return text.replace(/#.*/g, '').split(/\s+/).filter(Boolean);
}

/** What decides about flags and the list of files. Not the version of Node: Node-API addons run on all of them. */
function configuredFrom() {
  const { CXX = '', CXXFLAGS = '', CFLAGS = '', LDFLAGS = '' } = process.env;
  const facts = [process.arch, nodeAddonApiVersion(), CXX, CXXFLAGS, CFLAGS, LDFLAGS];
  return fingerprint(['binding.gyp', 'native/sources'], facts);
}

function builtFrom() {
  return fingerprint([...filesUnder('native'), ...filesUnder('include')], [configuredFrom()]);
}

function nodeAddonApiVersion() {
  try {
    return createRequire(join(root, 'package.json'))('node-addon-api/package.json').version;
  } catch {
    return 'not installed';
  }
}

/** The folder with the headers that the addon was built with last, wherever node-gyp found them. */
export function nodeIncludes() {
  const config = readFileSync(join(root, 'build/config.gypi'), 'utf8');
  return join(config.match(/"nodedir": "([^"]+)"/)[1], 'include/node');
}

function nodeGyp(command) {
  const args = [
    command,
    '--release',
    `--jobs=${availableParallelism()}`,
    '--loglevel=error',
    ...nodeHeaders(),
  ];
  // Standard output is the list of compiled files; warnings and errors come on standard error.
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] };
  const script = nodeGypScript();
  const { status, error } = script
    ? spawnSync(process.execPath, [script, ...args], options)
    : spawnSync('node-gyp', args, options);
  if (error?.code === 'ENOENT') fail('node-gyp was not found; it comes with npm: use `npm run build`.');
  if (status !== 0) fail('the native addon could not be built; the reason stands above.');
}

/** npm and pnpm name theirs; run without them, it is the one of the npm that came with this Node. */
function nodeGypScript() {
  const beside = resolve(
    dirname(process.execPath),
    '../lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js',
  );
  return [process.env.npm_config_node_gyp, beside].find((file) => file && existsSync(file));
}

/** Node's headers mostly lie beside its binary already: nothing has to be downloaded then. */
function nodeHeaders() {
  if (process.env.npm_config_nodedir) return [];
  const prefix = resolve(dirname(process.execPath), '..');
  const header = join(prefix, 'include/node/node_version.h');
  if (!existsSync(header) || !existsSync(join(prefix, 'include/node/common.gypi'))) return [];
  const text = readFileSync(header, 'utf8');
  const version = ['MAJOR', 'MINOR', 'PATCH']
    .map((part) => text.match(`NODE_${part}_VERSION (\\d+)`)?.[1])
    .join('.');
  return version === process.versions.node ? [`--nodedir=${prefix}`] : [];
}
