// may-be-left.ts: promises that clients can make reject while nobody looks.

import { AbortedError, BodyError } from './errors.js';

/**
 * The same promise, but one that rejects with an {@link AbortedError} or a {@link BodyError} may be left alone: a client
 * that goes, or has sent nonsense, while the handler awaits something else would end the process otherwise
 * (`unhandledRejection`).
 */
export function mayBeLeft<T>(work: Promise<T>): Promise<T> {
  const result = work.then();
  work.catch((error: unknown) => {
    if (error instanceof AbortedError || error instanceof BodyError) result.catch(() => undefined);
  });
  return result;
}
