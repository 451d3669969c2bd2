// timers.ts: the timers and the clock of Node.js as they are when the package is loaded.
//
// Test frameworks put fake ones into the place of the global ones, whose time stands still until a test moves it. A server
// goes on with the real ones, as those of Node.js do.

import { setTimeout as delay } from 'node:timers/promises';

export const { clearInterval, clearTimeout, queueMicrotask, setImmediate, setInterval, setTimeout } =
  globalThis;

/** `setTimeout` of `node:timers/promises`. */
export const sleep = delay;

/** `performance.now()`. */
export const now: () => number = performance.now.bind(performance);
