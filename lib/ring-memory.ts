// ring-memory.ts: makes the shared memory of one server.

import {
  RECORD_FIELD_BYTES,
  RECORD_PEER_ADDRESS,
  REQUEST_DESCRIPTORS,
  REQUEST_WORDS,
} from './ring-layout.js';
import { RESPONSE_DESCRIPTORS, RESPONSE_WORDS } from './ring-layout.js';
import type { ServerConfig } from './options.js';

/**
 * Bodies up to this size travel in the arenas (`kArenaBodyBytes` in native/base/limits.h). Of a text it is the number of
 * UTF-16 units, each of which may take three bytes.
 */
export const ARENA_BODY_BYTES = 16 * 1024;

/** All header fields of one answer. More than any client accepts; it bounds the arena and the reactor's buffers. */
export const MAX_RESPONSE_FIELDS_BYTES = 64 * 1024;

/** Sizes of the rings, all powers of two. */
export interface RingSizes {
  readonly requestSlots: number;
  readonly requestArenaBytes: number;
  readonly responseSlots: number;
  readonly responseArenaBytes: number;
}

/** A ring's memory: its words (header and descriptors), and the arena's bytes behind them. */
export interface RingMemory {
  readonly words: Int32Array;
  readonly arena: Buffer;
  readonly slots: number;
  readonly arenaBytes: number;
}

/** Requests that can wait in one ring. More wait in their connections, up to `limits.queue`. */
const SLOTS = 1024;

/** Room for a full ring of usual requests: untouched pages of it cost nothing. */
const MIN_ARENA_BYTES = 1024 * 1024;

/** A ring has room for so many of the largest messages, or a single one could block it. */
const LARGEST_IN_ARENA = 4;

export function ringSizes(config: ServerConfig): RingSizes {
  const { requestLineBytes, headerBytes, headerCount } = config.limits;
  const record = RECORD_PEER_ADDRESS + 64 + headerCount * RECORD_FIELD_BYTES + requestLineBytes + headerBytes;
  return {
    requestSlots: SLOTS,
    requestArenaBytes: arenaBytes(record + ARENA_BODY_BYTES),
    responseSlots: SLOTS,
    responseArenaBytes: arenaBytes(MAX_RESPONSE_FIELDS_BYTES + 3 * ARENA_BODY_BYTES),
  };
}

export function requestMemory(sizes: RingSizes): RingMemory {
  return ringMemory(
    REQUEST_DESCRIPTORS + sizes.requestSlots * REQUEST_WORDS,
    sizes.requestSlots,
    sizes.requestArenaBytes,
  );
}

export function responseMemory(sizes: RingSizes): RingMemory {
  return ringMemory(
    RESPONSE_DESCRIPTORS + sizes.responseSlots * RESPONSE_WORDS,
    sizes.responseSlots,
    sizes.responseArenaBytes,
  );
}

function ringMemory(words: number, slots: number, bytes: number): RingMemory {
  // A SharedArrayBuffer, although one thread may be all that reads it: an ArrayBuffer can be transferred or resized
  // away under the native threads.
  const memory = new SharedArrayBuffer(words * 4 + bytes);
  return {
    // The native side asks for the memory from the first word to the end, so the words' view spans all of it.
    words: new Int32Array(memory),
    arena: Buffer.from(memory, words * 4, bytes),
    slots,
    arenaBytes: bytes,
  };
}

function arenaBytes(largest: number): number {
  const needed = Math.max(MIN_ARENA_BYTES, LARGEST_IN_ARENA * largest);
  return 2 ** Math.ceil(Math.log2(needed));
}
