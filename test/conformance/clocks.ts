// clocks.ts: the time-outs that a server under test has been started with.

import type { Clock } from '../protocol/cases/row.js';

/** Milliseconds. */
export interface Clocks {
  /** From the first byte of a head to its last. */
  readonly header: number;
  /** Without progress of a body, or of an answer. */
  readonly body: number;
  /** Between two requests. */
  readonly keepAlive: number;
}

export function millisecondsOf(clocks: Clocks, clock: Clock): number {
  return clock === 'longest' ? Math.max(clocks.header, clocks.body, clocks.keepAlive) : clocks[clock];
}
