// response-ring.ts: puts answers into the ring of one reactor. The protocol is described in native/ring/response_ring.h.

import {
  RESPONSE_BODY_BYTES,
  RESPONSE_BODY_OUTSIDE,
  RESPONSE_DESCRIPTORS,
  RESPONSE_EXCHANGE_GENERATION,
  RESPONSE_EXCHANGE_SLOT,
  RESPONSE_FIELDS_BYTES,
  RESPONSE_HEAD,
  RESPONSE_PAYLOAD_END,
  RESPONSE_PAYLOAD_OFFSET,
  RESPONSE_REASON_BYTES,
  RESPONSE_STATUS_AND_FLAGS,
  RESPONSE_TAIL,
  RESPONSE_WANTED,
  RESPONSE_WORDS,
} from './ring-layout.js';
import { ARENA_BODY_BYTES, type RingMemory } from './ring-memory.js';

/** Hands a body over that goes beside the arena, for the answer at `index`. False: no memory. */
export type PutBody = (index: number, body: Uint8Array) => boolean;

/**
 * Bytes up to this size travel in the arena; more goes beside it, from where the reactor sends it without copying it once
 * more. Texts are encoded in the arena, so beside it they would be the ones that are copied once more.
 */
const COPIED_BUFFER_BYTES = 4 * 1024;

/** A text from this on goes beside an arena that is full: to keep it here until there is room costs a copy more. */
const SPILLED_TEXT_UNITS = 4 * 1024;

/** Below this, writing characters here is faster than a call into Node. */
const SHORT_STRING = 64;

/** Texts of up to this many bytes are encoded in memory that is used again and again: new memory costs more than that. */
const SCRATCH_BYTES = 256 * 1024;

/** UTF-8 needs at most three bytes for what is one unit in a string. */
const UTF8_BYTES_PER_UNIT = 3;

export class ResponseRing {
  readonly #words: Int32Array;
  readonly #arena: Buffer;
  readonly #mask: number;
  readonly #arenaBytes: number;
  /** Where the arena starts in `#words`, which spans all of the memory. */
  readonly #arenaWord: number;
  readonly #putBody: PutBody;

  /** Next index to write; how far the reactor has read when we last looked. */
  #head = 0;
  #freed = 0;
  /** Arena positions: they only grow, modulo 2^32, as in native/ring/arena.h. */
  #arenaHead = 0;
  #arenaTail = 0;

  constructor(memory: RingMemory, putBody: PutBody) {
    this.#words = memory.words;
    this.#arena = memory.arena;
    this.#mask = memory.slots - 1;
    this.#arenaBytes = memory.arenaBytes;
    this.#arenaWord = this.#descriptor(memory.slots - 1) + RESPONSE_WORDS;
    this.#putBody = putBody;
  }

  /**
   * Publishes an answer: everything in it has been checked. Arguments instead of an object: what is allocated for each
   * answer is paid again to the garbage collector.
   * @param packed - Status, content type and flags, as the descriptor wants them.
   * @param reason - Empty: the registered phrase. Latin-1, as `fields`.
   * @param fields - Whole field lines.
   * @returns False: the ring is full, nothing has happened. After `askForRoom` the doorbell rings when there is room.
   * @throws RangeError when there is no memory for a large body.
   */
  push(
    exchangeSlot: number,
    exchangeGeneration: number,
    packed: number,
    reason: string,
    fields: string,
    body: string | Uint8Array,
  ): boolean {
    const headBytes = reason.length + fields.length;
    const isText = typeof body === 'string';
    let isOutside = body.length > (isText ? ARENA_BODY_BYTES : COPIED_BUFFER_BYTES);
    let mostBodyBytes = isOutside ? 0 : isText ? body.length * UTF8_BYTES_PER_UNIT : body.length;
    let offset = this.#reserve(headBytes + mostBodyBytes);
    if (offset < 0 && !isOutside && body.length >= SPILLED_TEXT_UNITS) {
      isOutside = true;
      mostBodyBytes = 0;
      offset = this.#reserve(headBytes);
    }
    if (offset < 0) return false;
    let flags = 0;
    let bodyBytes: number;
    let at = offset;
    if (headBytes > 0) at += this.#writeHead(reason, fields, at);
    if (isOutside) {
      // Should this throw, what has been reserved is free again with the next answer.
      bodyBytes = this.#handOver(isText ? encoded(body) : body);
      flags = RESPONSE_BODY_OUTSIDE << 24;
    } else {
      bodyBytes = isText ? this.#writeText(body, at) : this.#writeBytes(body, at);
      // Text was reserved at its worst; what it did not need is free again.
      this.#arenaHead =
        (this.#arenaHead - wholeWords(headBytes + mostBodyBytes) + wholeWords(headBytes + bodyBytes)) | 0;
    }
    const words = this.#words;
    const descriptor = this.#descriptor(this.#head);
    words[descriptor + RESPONSE_EXCHANGE_SLOT] = exchangeSlot;
    words[descriptor + RESPONSE_EXCHANGE_GENERATION] = exchangeGeneration;
    words[descriptor + RESPONSE_STATUS_AND_FLAGS] = packed | flags;
    words[descriptor + RESPONSE_REASON_BYTES] = reason.length;
    words[descriptor + RESPONSE_FIELDS_BYTES] = fields.length;
    words[descriptor + RESPONSE_BODY_BYTES] = bodyBytes;
    words[descriptor + RESPONSE_PAYLOAD_OFFSET] = offset;
    words[descriptor + RESPONSE_PAYLOAD_END] = this.#arenaHead;
    this.#head = (this.#head + 1) | 0;
    Atomics.exchange(words, RESPONSE_HEAD, this.#head); // an exchange: see native/ring/shared_words.h
    return true;
  }

  /** Asks for the doorbell. Afterwards push() has to be tried once more: there may be room by now. */
  askForRoom(): void {
    Atomics.exchange(this.#words, RESPONSE_WANTED, 1);
  }

  /** A body goes beside the arena; returns its length. */
  #handOver(body: Uint8Array): number {
    if (this.#putBody(this.#head, body)) return body.length;
    throw new RangeError(`No memory for a response body of ${String(body.length)} bytes`);
  }

  /** Takes a piece of the arena; returns where it is, or −1: there is no room. */
  #reserve(bytes: number): number {
    const needed = wholeWords(bytes);
    let start = this.#startOf(needed);
    // Most of the ring is free, as far as we know: no need to ask how much exactly.
    const isRoomy =
      ((this.#head - this.#freed) | 0) < this.#mask >> 2 &&
      ((start + needed - this.#arenaTail) | 0) < this.#arenaBytes >> 2;
    if (!isRoomy) {
      this.#takeBack();
      start = this.#startOf(needed);
      if (((this.#head - this.#freed) | 0) > this.#mask) return -1;
      if (((start + needed - this.#arenaTail) | 0) > this.#arenaBytes) return -1;
    }
    this.#arenaHead = (start + needed) | 0;
    return start & (this.#arenaBytes - 1);
  }

  /** What the reactor has read is free again. */
  #takeBack(): void {
    const tail = Atomics.load(this.#words, RESPONSE_TAIL);
    if (tail !== this.#freed) {
      this.#freed = tail;
      this.#arenaTail = this.#words[this.#descriptor(tail - 1) + RESPONSE_PAYLOAD_END]!;
    }
    if (tail === this.#head) {
      // Nothing is in use: start over where the memory is warm.
      this.#arenaHead = (this.#arenaHead + this.#arenaBytes - 1) & -this.#arenaBytes;
      this.#arenaTail = this.#arenaHead;
    }
  }

  /** A piece that would cross the arena's end starts at its beginning instead. */
  #startOf(bytes: number): number {
    const toEnd = this.#arenaBytes - (this.#arenaHead & (this.#arenaBytes - 1));
    return bytes <= toEnd ? this.#arenaHead : (this.#arenaHead + toEnd) | 0;
  }

  #writeHead(reason: string, fields: string, at: number): number {
    const arena = this.#arena;
    let end = at;
    if (reason.length > 0) end += arena.write(reason, end, 'latin1');
    if (fields.length > 0) end += arena.write(fields, end, 'latin1');
    return end - at;
  }

  #writeText(text: string, at: number): number {
    const isShort = text.length < SHORT_STRING && (at & 3) === 0;
    if (isShort && this.#writeAscii(text, this.#arenaWord + (at >> 2))) return text.length;
    return this.#arena.write(text, at);
  }

  /** Four characters a store. False: they were not all ASCII, and have to be written again. */
  #writeAscii(text: string, word: number): boolean {
    const words = this.#words;
    const length = text.length;
    let seen = 0;
    let i = 0;
    for (; i + 3 < length; i += 4) {
      const a = text.charCodeAt(i);
      const b = text.charCodeAt(i + 1);
      const c = text.charCodeAt(i + 2);
      const d = text.charCodeAt(i + 3);
      seen |= a | b | c | d;
      words[word++] = a | (b << 8) | (c << 16) | (d << 24);
    }
    let last = 0;
    for (let shift = 0; i < length; i++, shift += 8) {
      const code = text.charCodeAt(i);
      seen |= code;
      last |= code << shift;
    }
    if ((length & 3) !== 0) words[word] = last;
    return seen < 0x80;
  }

  #writeBytes(bytes: Uint8Array, at: number): number {
    this.#arena.set(bytes, at);
    return bytes.length;
  }

  #descriptor(index: number): number {
    return RESPONSE_DESCRIPTORS + (index & this.#mask) * RESPONSE_WORDS;
  }
}

let scratch: Buffer | undefined;

/** The text in UTF-8, until the next call: for what is copied at once. */
function encoded(text: string): Buffer {
  if (text.length * UTF8_BYTES_PER_UNIT > SCRATCH_BYTES) return Buffer.from(text);
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  return scratch.subarray(0, scratch.write(text));
}

/** Pieces of the arena start at whole words, so that text can be written by the word. */
function wholeWords(bytes: number): number {
  return (bytes + 3) & ~3;
}
