// young-buffers.ts: has V8 collect the Buffers that bodies leave behind, those of requests and of answers, before they pile up.

import { now } from './timers.js';

const MIB = 2 ** 20;

/**
 * How much may lie about: V8 itself lets it be 32 MiB. Memory that comes back earlier is still in the processor's cache. A
 * quarter of it costs more scavenges than it gives.
 */
const MOST_GARBAGE_BYTES = 12 * MIB;

/** How much of a large body, where time allows. A scavenge takes some 0.1 ms, so more often costs more than it gives. */
const LARGE_BODY_GARBAGE_BYTES = MIB;

/**
 * V8 collects its young generation when an ArrayBuffer is made while others of 32 MiB are young: with this one they are.
 * Nobody writes to it, so it is address space and not memory. glibc learns nothing for other blocks from one above 32 MiB.
 */
const BALLAST_BYTES = 33 * MIB;

/** So much of the thread's time may go into large bodies' garbage, unless that makes the rest too long. */
const MOST_TIME = 1 / 20;

/** On a busy machine most of its time is waiting for V8's helper threads, and says nothing about its cost. */
const LONGEST_REST_MS = 1;

const V8_MAJOR = Number.parseInt(process.versions.v8, 10);

/** Later ones have no such limit: they would mark the whole heap instead, which costs what the app's heap is large. */
const LAST_V8_WITH_LIMIT = 12;

/**
 * Later ones (Node.js 22) refuse to transfer Buffers of memory that is not V8's to other threads, where the one of
 * Node.js 20 copies them. From V8 13 on nothing would be gained either: it marks the heap when there is much such memory.
 */
const LAST_V8_THAT_TAKES_MEMORY = 11;

/** Whether Buffers of bodies may be native memory that has changed hands. */
export const TAKES_MEMORY_OVER = V8_MAJOR <= LAST_V8_THAT_TAKES_MEMORY;

let isWorthIt = V8_MAJOR <= LAST_V8_WITH_LIMIT;

let bytesSince = 0;
let restsUntil = 0;

/** To be called for each Buffer that is made of a body, or for some that an answer was written from. */
export function noteYoungBuffer(bytes: number): void {
  bytesSince += bytes;
  if (bytesSince >= MOST_GARBAGE_BYTES && isWorthIt) scavenge();
}

/** To be called when much of a body has come, or has been written and not yet sent. */
export function collectYoungBuffers(): void {
  if (bytesSince < LARGE_BODY_GARBAGE_BYTES || !isWorthIt) return;
  const began = now();
  if (began < restsUntil) return;
  scavenge();
  const ended = now();
  restsUntil = ended + Math.min((ended - began) / MOST_TIME, LONGEST_REST_MS);
}

function scavenge(): void {
  bytesSince = 0;
  try {
    new ArrayBuffer(BALLAST_BYTES);
    new ArrayBuffer(1);
  } catch {
    // Address space is that scarce. V8 has collected the whole heap for it, which must not happen each time.
    isWorthIt = false;
  }
}
