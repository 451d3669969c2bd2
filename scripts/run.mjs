// run.mjs: `node scripts/run.mjs examples/demo`: builds what is stale, then runs that program.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './fingerprint.mjs';
import { ensureBuilt } from './project.mjs';
import { fail } from './say.mjs';
import { dropEchoes } from './signals.mjs';

const [program, ...args] = process.argv.slice(2);
if (!program) fail('usage: node scripts/run.mjs PROGRAM [ARGUMENT...], for example examples/demo.');
const name = program.replace(/\.ts$/, '');
if (!existsSync(join(root, `${name}.ts`))) fail(`there is no ${name}.ts.`);
ensureBuilt(['lib', name.split('/', 1)[0]]);

dropEchoes();
// In this process, not in a child: signals and the exit code are the program's own.
const compiled = join(root, 'out', `${name}.js`);
process.argv = [process.argv[0], compiled, ...args];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(compiled).href);
