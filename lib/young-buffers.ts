// young-buffers.ts: has V8 collect the Buffers that a large body leaves behind, before they pile up.

const MIB = 2 ** 20;

/** How much may lie about. A scavenge takes some 0.1 ms, so more often costs more than it gives. */
const GARBAGE_BYTES = MIB;

/**
 * V8 collects its young generation when an ArrayBuffer is made while others of 32 MiB are young: with this one they are.
 * Nobody writes to it, so it is address space and not memory. glibc learns nothing for other blocks from one above 32 MiB.
 */
const BALLAST_BYTES = 33 * MIB;

/** So much of the thread's time may go into it, unless that makes the rest too long. */
const MOST_TIME = 1 / 20;

/** On a busy machine most of its time is waiting for V8's helper threads, and says nothing about its cost. */
const LONGEST_REST_MS = 4;

/** Later ones have no such limit: they would mark the whole heap instead, which costs what the app's heap is large. */
const LAST_V8_WITH_LIMIT = 12;

let isWorthIt = Number.parseInt(process.versions.v8, 10) <= LAST_V8_WITH_LIMIT;

let bytesSince = 0;
let restsUntil = 0;

/** To be called for each Buffer given away of a body that is large. */
export function noteYoungBuffer(bytes: number): void {
  bytesSince += bytes;
  if (bytesSince < GARBAGE_BYTES || !isWorthIt) return;
  const began = performance.now();
  if (began < restsUntil) return;
  bytesSince = 0;
  scavenge();
  const ended = performance.now();
  restsUntil = ended + Math.min((ended - began) / MOST_TIME, LONGEST_REST_MS);
}

function scavenge(): void {
  try {
    new ArrayBuffer(BALLAST_BYTES);
    new ArrayBuffer(1);
  } catch {
    // Address space is that scarce. V8 has collected the whole heap for it, which must not happen each time.
    isWorthIt = false;
  }
}
