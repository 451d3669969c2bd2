// build.mjs: `npm run build`: everything that is stale.

import { ensureBuilt } from './project.mjs';

ensureBuilt();
