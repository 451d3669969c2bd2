// index.ts: all scenarios, in the order in which they run.

import type { Scenario } from '../scenario.js';
import { asyncHello } from './async-hello.js';
import { browserHead } from './browser-head.js';
import { fourReactors } from './four-reactors.js';
import { hello } from './hello.js';
import { idleMemory } from './idle-memory.js';
import { largeAnswers, uploadsInPieces, wholeUploads, writtenAnswers } from './large-bodies.js';
import { eightConnections, oneConnection } from './low-load.js';
import { order } from './order.js';
import { pipelined } from './pipelined.js';
import { timer } from './timer.js';
import { userJson } from './user-json.js';

export const SCENARIOS: readonly Scenario[] = [
  hello,
  browserHead,
  userJson,
  asyncHello,
  pipelined,
  oneConnection,
  eightConnections,
  fourReactors,
  timer,
  idleMemory,
  order,
  largeAnswers,
  writtenAnswers,
  uploadsInPieces,
  wholeUploads,
];
