// compare.ts: finds where two readings of the same bytes differ, and makes the bytes that show it few.

import { isDeepStrictEqual } from 'node:util';

import type { MillraceReading } from './millrace-reader.js';
import { stepAt, type Reading, type ReadRequest, type Step } from './reading.js';

/** The first place in the sequence of requests where two servers differ. */
export interface Difference {
  /** The bytes from that place on. */
  readonly rest: string;
  /** The request ahead of it, which both understood. */
  readonly previous: ReadRequest | undefined;
  readonly millrace: Step;
  readonly node: Step;
}

/** What is read behind a difference is not compared: the two may no longer be at the same byte. */
export function firstDifference(
  bytes: string,
  millrace: MillraceReading,
  node: Reading,
): Difference | undefined {
  let at = 0;
  for (let place = 0; ; ++place) {
    const [ours, theirs] = [stepAt(millrace, place), stepAt(node, place)];
    if ('end' in ours && 'end' in theirs && ours.end === theirs.end) return undefined;
    if (!isDeepStrictEqual(ours, theirs)) {
      return { rest: bytes.slice(at), previous: millrace.requests[place - 1], millrace: ours, node: theirs };
    }
    at += millrace.sizes[place]!;
  }
}

/**
 * Takes pieces out, each round of half the size, for as long as what is left still shows it.
 * @param firstThatShows - Which of the given is the first one that does, or -1.
 */
export function minimised(bytes: string, firstThatShows: (candidates: readonly string[]) => number): string {
  let least = bytes;
  for (let size = Math.ceil(bytes.length / 2); size > 0; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (;;) {
      const candidates: string[] = [];
      for (let at = 0; at < least.length; at += size) {
        candidates.push(least.slice(0, at) + least.slice(at + size));
      }
      const found = firstThatShows(candidates);
      if (found < 0) break;
      least = candidates[found]!;
    }
  }
  return least;
}
