// install.mjs: npm runs this when millrace is installed, from a package, from a folder, or by `npm ci` in a checkout.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addonIsFresh, buildAddon } from './addon.mjs';
import { root } from './fingerprint.mjs';
import { requireSupportedSystem, requireToolchain } from './toolchain.mjs';

requireSupportedSystem();
if (!addonIsFresh()) requireToolchain();
// npm links a folder outside the project without installing what that folder depends on. Packages have no tsconfig.
if (existsSync(join(root, 'tsconfig.json'))) (await import('./project.mjs')).ensureDependencies();
if (!addonIsFresh()) buildAddon();
