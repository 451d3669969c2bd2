// clients.ts: all that clients do to a server.

import { CONNECTS } from './connects.js';
import type { Fault } from './fault.js';
import { GARBAGE } from './garbage.js';
import { HALF_CLOSES } from './half-closes.js';
import { RESETS } from './resets.js';
import { SLOW } from './slow.js';
import { UPLOADS } from './uploads.js';

export const CLIENT_FAULTS: readonly Fault[] = [
  ...CONNECTS,
  ...RESETS,
  ...HALF_CLOSES,
  ...GARBAGE,
  ...SLOW,
  ...UPLOADS,
];
