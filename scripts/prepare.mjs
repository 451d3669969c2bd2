// prepare.mjs: npm runs this before it packs this folder, and after it has linked or installed it: compiles the library.

import { ensureCompiled, ensureDependencies } from './project.mjs';

ensureDependencies();
ensureCompiled(['lib']);
