// throw-later.ts: what an app's callback throws where nobody can catch it.

import { setImmediate } from './timers.js';

/** Lets Node.js report it as any uncaught error, but after what is being done: it is no reason to leave that half done. */
export function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
