// clean.mjs: `npm run clean`: removes everything that was built; the dependencies stay.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './fingerprint.mjs';

for (const folder of ['build', 'dist', 'out']) rmSync(join(root, folder), { recursive: true, force: true });
