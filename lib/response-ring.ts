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

/** One whole answer: everything in it has been checked. */
export interface Answer {
  readonly exchangeSlot: number;
  readonly exchangeGeneration: number;
  /** Status, content type and flags, as the descriptor wants them. */
  readonly packed: number;
  /** Empty: the registered phrase. Latin-1, as `fields`. */
  readonly reason: string;
  /** Whole field lines. */
  readonly fields: string;
  readonly body: string | Uint8Array;
}

/** Hands a body over that is too large for the arena, for the answer at `index`. False: no memory. */
export type PutBody = (index: number, body: Uint8Array) => boolean;

/** Below this, writing characters one by one is faster than a call into Node. */
const SHORT_STRING = 64;

/** UTF-8 needs at most three bytes for what is one unit in a string. */
const UTF8_BYTES_PER_UNIT = 3;

export class ResponseRing {
  readonly #words: Int32Array;
  readonly #arena: Buffer;
  readonly #mask: number;
  readonly #arenaBytes: number;
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
    this.#putBody = putBody;
  }

  /**
   * Publishes an answer.
   * @returns False: the ring is full, nothing has happened. After `askForRoom` the doorbell rings when there is room.
   * @throws RangeError when there is no memory for a large body.
   */
  push(answer: Answer): boolean {
    const { reason, fields, body } = answer;
    if (body.length > ARENA_BODY_BYTES) return this.#pushLarge(answer);
    const isText = typeof body === 'string';
    const mostBodyBytes = isText ? body.length * UTF8_BYTES_PER_UNIT : body.length;
    const headBytes = reason.length + fields.length;
    if (!this.#hasRoom(headBytes + mostBodyBytes)) return false;
    const offset = this.#take(headBytes + mostBodyBytes);
    let at = offset;
    if (headBytes > 0) at += this.#writeHead(reason, fields, at);
    const bodyBytes = isText ? this.#writeText(body, at) : this.#writeBytes(body, at);
    // Text was reserved at its worst; what it did not need is free again.
    this.#arenaHead = (this.#arenaHead - (mostBodyBytes - bodyBytes)) | 0;
    this.#publish(answer, answer.packed, offset, bodyBytes);
    return true;
  }

  /** Asks for the doorbell. Afterwards push() has to be tried once more: there may be room by now. */
  askForRoom(): void {
    Atomics.store(this.#words, RESPONSE_WANTED, 1);
  }

  #pushLarge(answer: Answer): boolean {
    const headBytes = answer.reason.length + answer.fields.length;
    if (!this.#hasRoom(headBytes)) return false;
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
    if (!this.#putBody(this.#head, body)) {
      throw new RangeError(`No memory for a response body of ${String(body.length)} bytes`);
    }
    const offset = this.#take(headBytes);
    this.#writeHead(answer.reason, answer.fields, offset);
    this.#publish(answer, answer.packed | (RESPONSE_BODY_OUTSIDE << 24), offset, body.length);
    return true;
  }

  #hasRoom(bytes: number): boolean {
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
    const used = (this.#startOf(bytes) + bytes - this.#arenaTail) | 0;
    return ((this.#head - tail) | 0) <= this.#mask && used <= this.#arenaBytes;
  }

  /** A piece that would cross the arena's end starts at its beginning instead. */
  #startOf(bytes: number): number {
    const toEnd = this.#arenaBytes - (this.#arenaHead & (this.#arenaBytes - 1));
    return bytes <= toEnd ? this.#arenaHead : (this.#arenaHead + toEnd) | 0;
  }

  #take(bytes: number): number {
    const start = this.#startOf(bytes);
    this.#arenaHead = (start + bytes) | 0;
    return start & (this.#arenaBytes - 1);
  }

  #writeHead(reason: string, fields: string, at: number): number {
    const arena = this.#arena;
    let end = at;
    if (reason.length > 0) end += arena.write(reason, end, 'latin1');
    if (fields.length > 0) end += arena.write(fields, end, 'latin1');
    return end - at;
  }

  #writeText(text: string, at: number): number {
    const arena = this.#arena;
    const length = text.length;
    if (length >= SHORT_STRING) return arena.write(text, at);
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return arena.write(text, at);
      arena[at + i] = code;
    }
    return length;
  }

  #writeBytes(bytes: Uint8Array, at: number): number {
    this.#arena.set(bytes, at);
    return bytes.length;
  }

  #descriptor(index: number): number {
    return RESPONSE_DESCRIPTORS + (index & this.#mask) * RESPONSE_WORDS;
  }

  #publish(answer: Answer, packed: number, offset: number, bodyBytes: number): void {
    const words = this.#words;
    const descriptor = this.#descriptor(this.#head);
    words[descriptor + RESPONSE_EXCHANGE_SLOT] = answer.exchangeSlot;
    words[descriptor + RESPONSE_EXCHANGE_GENERATION] = answer.exchangeGeneration;
    words[descriptor + RESPONSE_STATUS_AND_FLAGS] = packed;
    words[descriptor + RESPONSE_REASON_BYTES] = answer.reason.length;
    words[descriptor + RESPONSE_FIELDS_BYTES] = answer.fields.length;
    words[descriptor + RESPONSE_BODY_BYTES] = bodyBytes;
    words[descriptor + RESPONSE_PAYLOAD_OFFSET] = offset;
    words[descriptor + RESPONSE_PAYLOAD_END] = this.#arenaHead;
    this.#head = (this.#head + 1) | 0;
    Atomics.store(words, RESPONSE_HEAD, this.#head);
  }
}
