// run.mjs: `node scripts/run.mjs examples/demo`: builds what is stale, then runs that program.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './fingerprint.mjs';
import { ensureBuilt } from './project.mjs';
import { fail } from './say.mjs';

/** Longer than npm needs to pass a signal on, shorter than a person to press Ctrl-C again. */
const ECHO_MS = 300;

const [program, ...args] = process.argv.slice(2);
if (!program) fail('usage: node scripts/run.mjs PROGRAM [ARGUMENT...], for example examples/demo.');
const name = program.replace(/\.ts$/, '');
if (!existsSync(join(root, `${name}.ts`))) fail(`there is no ${name}.ts.`);
ensureBuilt(['lib', name.split('/', 1)[0]]);

for (const signal of ['SIGINT', 'SIGTERM']) swallowEchoOf(signal);
// In this process, not in a child: signals and the exit code are the program's own.
const compiled = join(root, 'out', `${name}.js`);
process.argv = [process.argv[0], compiled, ...args];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(compiled).href);

/**
 * Ctrl-C comes twice: from the terminal, and once more from npm, which passes on what it gets. A program that
 * leaves in order at the first and at once at the second would never get to do the former.
 */
function swallowEchoOf(signal) {
  let last = -Infinity;
  process.on(signal, function listener() {
    const isEcho = performance.now() - last < ECHO_MS;
    last = performance.now();
    if (isEcho || process.listenerCount(signal) > 1) return;
    // The program does not listen, or no longer: what happens to it without us.
    process.off(signal, listener);
    process.kill(process.pid, signal);
  });
}
