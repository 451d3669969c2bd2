// work.ts: what the handlers of the threads suite do, and how they answer: shared, so that all servers do the same.

import { setTimeout as sleep } from 'node:timers/promises';

/** How many iterations of `spin()` are a millisecond of CPU on this machine: counted once, by the bench, for all servers. */
export const ITERATIONS_VARIABLE = 'MILLRACE_BENCH_ITERATIONS';

const iterationsPerMs = Number(process.env[ITERATIONS_VARIABLE] ?? Number.NaN);

/**
 * `compute`: so many milliseconds of CPU; `block`: the thread sleeps for so long; `wait`: the handler awaits a timer.
 * All of them answer what they were asked for, so that an answer that belongs to another request is noticed.
 */
export type Kind = 'compute' | 'block' | 'wait';

/** What is asked for, with a number of its own for each request. */
export function pathOf(kind: Kind, ms: number, request: number): string {
  return `/${kind}/${ms}/${request}`;
}

export function answerOf(kind: string, ms: string | number, request: string | number): string {
  return `${kind} ${ms} ms for request ${request}`;
}

export async function wait(ms: number): Promise<void> {
  await sleep(ms);
}

export function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** By iterations, not by the clock: where threads share a core, so much time would be less work. */
export function compute(ms: number): void {
  result = spin(Math.round(ms * iterationsPerMs));
}

/** Kept, so that no compiler finds out that nobody wants it. */
export let result = 0;

/** Each step needs the one before it, and none needs memory: two threads do not slow each other but for a shared core. */
export function spin(iterations: number): number {
  let state = 1;
  for (let i = 0; i < iterations; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}
