// ring-memory.ts: makes the shared memory of one server.

import type { NativePlace } from './binding.js';
import {
  DOORBELL_STRIDE,
  RECORD_FIELD_BYTES,
  RECORD_PEER_ADDRESS,
  REQUEST_DESCRIPTORS,
  REQUEST_WORDS,
  RESPONSE_DESCRIPTORS,
  RESPONSE_WORDS,
} from './ring-layout.js';
import type { ServerConfig } from './options.js';

/**
 * Bodies of requests up to this size travel in the arenas (`kArenaBodyBytes` in native/base/limits.h). Of the text of an
 * answer it is the number of UTF-16 units, each of which may take three bytes.
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

const WORD_BYTES = 4;

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

/** What one JS thread works with: its own memory, and the request rings that all of them have. */
export interface ThreadMemory {
  /** One for each reactor. */
  readonly requests: readonly RingMemory[];
  readonly responses: readonly RingMemory[];
  readonly doorbell: Int32Array;
}

/** The same as it can be sent to another thread. */
export interface SharedThreadMemory extends PlaceMemory {
  readonly sizes: RingSizes;
  readonly requests: readonly SharedArrayBuffer[];
}

/** What belongs to one place for a JS thread. */
interface PlaceMemory {
  /** One for each reactor. */
  readonly responses: readonly SharedArrayBuffer[];
  readonly doorbell: SharedArrayBuffer;
}

// SharedArrayBuffers also where one thread may be all that reads them: an ArrayBuffer can be transferred or resized away
// under the native threads. And the thread that listens makes all of them: what a worker makes ends with it.

/** The memory of a server, for so many JS threads and lanes of requests. */
export class ServerMemory {
  readonly sizes: RingSizes;
  /** By lane, then by reactor. */
  readonly #lanes: readonly (readonly SharedArrayBuffer[])[];
  readonly #places: readonly PlaceMemory[];

  constructor(sizes: RingSizes, reactors: number, places: number, lanes: number) {
    const forEachReactor = (bytes: number): SharedArrayBuffer[] =>
      Array.from({ length: reactors }, () => new SharedArrayBuffer(bytes));
    this.sizes = sizes;
    this.#lanes = Array.from({ length: lanes }, () =>
      forEachReactor(requestWords(sizes) * WORD_BYTES + sizes.requestArenaBytes),
    );
    this.#places = Array.from({ length: places }, () => ({
      responses: forEachReactor(responseWords(sizes) * WORD_BYTES + sizes.responseArenaBytes),
      doorbell: new SharedArrayBuffer(DOORBELL_STRIDE * WORD_BYTES),
    }));
  }

  get places(): number {
    return this.#places.length;
  }

  /** What a JS thread at this place needs to claim from this lane. */
  of(place: number, lane: number): SharedThreadMemory {
    return { sizes: this.sizes, requests: this.#lanes[lane]!, ...this.#places[place]! };
  }

  doorbell(place: number): Int32Array {
    return new Int32Array(this.#places[place]!.doorbell);
  }

  // The native side's view of it.

  requestMemory(): Int32Array[] {
    return this.#lanes.flat().map((memory) => new Int32Array(memory));
  }

  jsThreads(): NativePlace[] {
    return this.#places.map(({ doorbell, responses }) => ({
      doorbell: new Int32Array(doorbell),
      responseMemory: responses.map((memory) => new Int32Array(memory)),
    }));
  }
}

/** This thread's views of it. */
export function threadMemory(shared: SharedThreadMemory): ThreadMemory {
  const { sizes } = shared;
  return {
    requests: shared.requests.map((memory) => ringMemory(memory, requestWords(sizes), sizes.requestSlots)),
    responses: shared.responses.map((memory) =>
      ringMemory(memory, responseWords(sizes), sizes.responseSlots),
    ),
    doorbell: new Int32Array(shared.doorbell),
  };
}

function requestWords(sizes: RingSizes): number {
  return REQUEST_DESCRIPTORS + sizes.requestSlots * REQUEST_WORDS;
}

function responseWords(sizes: RingSizes): number {
  return RESPONSE_DESCRIPTORS + sizes.responseSlots * RESPONSE_WORDS;
}

function ringMemory(memory: SharedArrayBuffer, words: number, slots: number): RingMemory {
  const arenaBytes = memory.byteLength - words * WORD_BYTES;
  return {
    // The native side asks for the memory from the first word to the end, so the words' view spans all of it.
    words: new Int32Array(memory),
    arena: Buffer.from(memory, words * WORD_BYTES, arenaBytes),
    slots,
    arenaBytes,
  };
}

function arenaBytes(largest: number): number {
  const needed = Math.max(MIN_ARENA_BYTES, LARGEST_IN_ARENA * largest);
  return 2 ** Math.ceil(Math.log2(needed));
}
