// uncaught.ts: errors that nobody catches.

import type { TestContext } from 'node:test';

/** What would end the process, from now to the end of the test. */
export function catchUncaught(t: TestContext): Error[] {
  const uncaught: Error[] = [];
  const catcher = (error: Error): void => {
    uncaught.push(error);
  };
  // node:test listens too; for this moment nobody else does.
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', catcher);
  t.after(() => {
    process.removeListener('uncaughtException', catcher);
    for (const listener of others) process.on('uncaughtException', listener);
  });
  return uncaught;
}
