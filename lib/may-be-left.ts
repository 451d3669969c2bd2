// may-be-left.ts: promises that clients can make reject while nobody looks.

import { AbortedError } from './errors.js';

/**
 * The same promise, but one that rejects with an {@link AbortedError} may be left alone: a client that goes while the
 * handler awaits something else would end the process otherwise (`unhandledRejection`).
 */
export function mayBeLeft<T>(work: Promise<T>): Promise<T> {
  const result = work.then();
  work.catch((error: unknown) => {
    if (error instanceof AbortedError) result.catch(() => undefined);
  });
  return result;
}
