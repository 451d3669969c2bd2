// routes.ts: what the designs in plain JavaScript answer. How a wait is waited is the design's own affair.

import { HELLO, sleepMsOf, SLEEP_PROBLEM, sleptText, splitTarget } from '../limits.js';

export interface Outcome {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** How long the answer has to wait before it is given. */
  readonly afterMs: number;
}

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';

export function textOutcome(status: number, body: string, afterMs = 0): Outcome {
  return { status, type: TEXT, body, afterMs };
}

export function outcomeOf(method: string, target: string, body: Uint8Array): Outcome {
  const { path, query } = splitTarget(target);
  if (method === 'GET' && path === '/') return textOutcome(200, HELLO);
  if (method === 'POST' && path === '/echo') return { status: 200, type: BYTES, body, afterMs: 0 };
  if (method === 'GET' && path === '/sleep') {
    const ms = sleepMsOf(query);
    return ms === undefined ? textOutcome(400, SLEEP_PROBLEM) : textOutcome(200, sleptText(ms), ms);
  }
  return textOutcome(404, 'Not Found');
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread, as a slow synchronous call would. */
export function block(ms: number): void {
  Atomics.wait(nothing, 0, 0, ms);
}
