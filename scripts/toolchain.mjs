// toolchain.mjs: says in one sentence why this machine cannot build or run millrace, before anything is tried.

import { spawnSync } from 'node:child_process';
import { fail } from './say.mjs';

/** Major and minor, as in `engines` of package.json. */
export const OLDEST_NODE = [20, 19];
const DEBIAN_PACKAGES = { 'a C++20 compiler (g++)': 'g++', make: 'make', python3: 'python3' };

/** Headers and a function that the native code needs and that compilers before GCC 10 do not have. */
const CXX20_PROBE = '#include <bit>\n#include <span>\nstatic_assert(std::bit_ceil(3u) == 4);\n';

export function requireSupportedSystem() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    fail(`millrace runs on Linux on x64 and arm64, not on ${process.platform} on ${process.arch}.`);
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    fail(`millrace needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
  }
}

/** For the native tests a compiler and make are enough; node-gyp needs Python as well. */
export function requireToolchain({ python = true } = {}) {
  const missing = [];
  const compiler = process.env.CXX || 'g++';
  const hasCompiler = runs(`${compiler} --version`);
  if (!hasCompiler) missing.push('a C++20 compiler (g++)');
  if (!runs(`${process.env.MAKE || 'make'} --version`)) missing.push('make');
  if (python && !hasPython()) missing.push('python3');
  if (missing.length > 0) {
    const packages = missing.map((tool) => DEBIAN_PACKAGES[tool]).join(' ');
    fail(
      `building millrace needs ${list(missing)}, which this machine does not have ` +
        `(on Debian or Ubuntu: apt-get install ${packages}).`,
    );
  }
  if (!runs(`${compiler} -std=c++20 -fsyntax-only -x c++ -`, CXX20_PROBE)) {
    fail(`${compiler} cannot compile C++20; building millrace needs GCC 11 or newer, or Clang 14 or newer.`);
  }
}

/** The same places in which node-gyp looks. */
function hasPython() {
  const { NODE_GYP_FORCE_PYTHON, npm_config_python, PYTHON } = process.env;
  const candidates = [NODE_GYP_FORCE_PYTHON, npm_config_python, PYTHON, 'python3', 'python'];
  return candidates.some(
    (python) => python && runs(`"${python}" -c "import sys; sys.exit(sys.version_info < (3, 6))"`),
  );
}

/** Through the shell, because CXX and MAKE may hold arguments (`ccache g++`). */
function runs(command, input = '') {
  return spawnSync(command, { shell: true, input, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}

function list(words) {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
