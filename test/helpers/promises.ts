// promises.ts: waiting for what has to happen.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** A promise that somebody else settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle! };
}

/** Waits until something is so that no event tells of, such as a figure of `stats()`. */
export async function until(what: string, isSo: () => boolean, patienceMs = 20_000): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!isSo()) {
    if (performance.now() > end) assert.fail(`not in ${String(patienceMs)} ms: ${what}`);
    await delay(1);
  }
}
