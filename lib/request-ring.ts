// request-ring.ts: takes requests out of one reactor's ring. The protocol is described in native/ring/request_ring.h.

import { RequestBody } from './request-body.js';
import {
  DOORBELL_IDLE,
  DOORBELL_TAKEN,
  DOORBELL_VACANT,
  REACTOR_SLEEP,
  REQUEST_BODY_ASCII,
  REQUEST_BODY_BYTES,
  REQUEST_BODY_FOLLOWS,
  REQUEST_BODY_OUTSIDE,
  REQUEST_CLAIM,
  REQUEST_DESCRIPTORS,
  REQUEST_EXCHANGE_GENERATION,
  REQUEST_EXCHANGE_SLOT,
  REQUEST_FLAGS,
  REQUEST_HEAD,
  REQUEST_OWNER_SHIFT,
  REQUEST_RECORD_BYTES,
  REQUEST_RECORD_OFFSET,
  REQUEST_RELEASED,
  REQUEST_ROUTE,
  REQUEST_WORDS,
  RESPONSE_CLAIMING,
  SLEEP_AWAKE,
} from './ring-layout.js';
import type { RingMemory } from './ring-memory.js';

/** Requests claimed at once; more would be kept from other threads. */
export const MAX_RUN = 16;

/**
 * Claimed requests, out of the ring: everything in it is a copy. Reused from run to run, and numbers in typed arrays:
 * what is written for each request must not be garbage, nor make an old object point to a young one.
 */
export class ClaimedRun {
  /** Requests in it, and how many of them have been begun. */
  count = 0;
  begun = 0;
  readonly exchangeSlots: Int32Array = new Int32Array(MAX_RUN);
  readonly exchangeGenerations: Int32Array = new Int32Array(MAX_RUN);
  readonly routes: Int32Array = new Int32Array(MAX_RUN);
  /** Where each request's record starts in `records`. */
  readonly starts: Int32Array = new Int32Array(MAX_RUN);
  /** Where its body starts and ends there; the same where it has none. */
  readonly bodyStarts: Int32Array = new Int32Array(MAX_RUN);
  readonly bodyEnds: Int32Array = new Int32Array(MAX_RUN);
  /** Flags of the descriptors. */
  readonly flags: Int32Array = new Int32Array(MAX_RUN);
  /** The records and bodies, one character a byte. */
  records = '';
  /** Of the last request, if it was too large for the arena. */
  outsideBody: Buffer | undefined;

  /** The body has to be asked for. */
  bodyFollows(index: number): boolean {
    return (this.flags[index]! & REQUEST_BODY_FOLLOWS) !== 0;
  }

  bodyOf(index: number): RequestBody | undefined {
    const start = this.bodyStarts[index]!;
    const end = this.bodyEnds[index]!;
    if (start !== end) {
      return new RequestBody(this.records, start, end, (this.flags[index]! & REQUEST_BODY_ASCII) !== 0);
    }
    const isLast = index === this.count - 1;
    return isLast && this.outsideBody !== undefined ? RequestBody.ofBuffer(this.outsideBody) : undefined;
  }
}

/** Fetches a body that was too large for the arena. */
export type TakeBody = (index: number) => Buffer;

/** One of several JS threads that claim. */
export interface Claimer {
  readonly place: number;
  /** Memory of its answers to this reactor, where it says what it is about to claim. */
  readonly claiming: Int32Array;
  /** Where it counts what it has claimed. */
  readonly doorbell: Int32Array;
}

/** Records and bodies copied with one call: a request that is kept keeps all of them in memory. */
const MAX_COPY_BYTES = 8192;

const WORD_BYTES = 4;

/** From any index in use: `no_claim()` in native/ring/ring_layout.h. */
const FAR_AWAY = 0x4000_0000;

export class RequestRing {
  readonly #words: Int32Array;
  readonly #arena: Buffer;
  readonly #mask: number;
  readonly #takeBody: TakeBody;
  readonly #claimer: Claimer | undefined;

  /** `claimer` is undefined where this thread is the only one, and nobody has to know what it has claimed. */
  constructor(memory: RingMemory, takeBody: TakeBody, claimer: Claimer | undefined) {
    this.#words = memory.words;
    this.#arena = memory.arena;
    this.#mask = memory.slots - 1;
    this.#takeBody = takeBody;
    this.#claimer = claimer;
  }

  /**
   * Claims up to `most` requests, at most {@link MAX_RUN}, and copies them out. One of several threads claims one: what
   * is claimed cannot be given to another thread, however long the handler before it takes.
   * @returns False: there are none.
   */
  claim(most: number, into: ClaimedRun): boolean {
    if (this.#claimer !== undefined) return this.#claimOne(this.#claimer, into);
    const words = this.#words;
    for (;;) {
      const first = Atomics.load(words, REQUEST_CLAIM);
      // Head after claim: so it is never behind, and the difference is what there is.
      const available = (Atomics.load(words, REQUEST_HEAD) - first) | 0;
      if (available <= 0) return false;
      const end = this.#readRun(first, available < most ? available : most, into);
      const { count } = into;
      if (Atomics.compareExchange(words, REQUEST_CLAIM, first, (first + count) | 0) !== first) continue;
      this.#copyBytes(first, end, into);
      // Now the reactor may write there again.
      Atomics.store(words, this.#descriptor(first) + REQUEST_RELEASED, (first + count) | 0);
      return true;
    }
  }

  /** As `RequestClaimer::claim_one()` in native/ring/request_ring.cc, where it is said why. */
  #claimOne(claimer: Claimer, into: ClaimedRun): boolean {
    const words = this.#words;
    // The server's thread has given this one up, and answers what it claims in its place.
    if (Atomics.load(claimer.doorbell, DOORBELL_IDLE) === DOORBELL_VACANT) return false;
    for (let hasTried = false; ; hasTried = true) {
      const first = Atomics.load(words, REQUEST_CLAIM);
      if (((Atomics.load(words, REQUEST_HEAD) - first) | 0) <= 0) {
        if (hasTried) Atomics.store(claimer.claiming, RESPONSE_CLAIMING, (first - FAR_AWAY) | 0);
        return false;
      }
      const end = this.#readRun(first, 1, into);
      Atomics.store(claimer.claiming, RESPONSE_CLAIMING, first);
      if (Atomics.compareExchange(words, REQUEST_CLAIM, first, (first + 1) | 0) !== first) continue;
      const descriptor = this.#descriptor(first);
      words[descriptor + REQUEST_FLAGS] = into.flags[0]! | ((claimer.place + 1) << REQUEST_OWNER_SHIFT);
      this.#copyBytes(first, end, into);
      Atomics.store(words, descriptor + REQUEST_RELEASED, (first + 1) | 0);
      const { doorbell } = claimer;
      doorbell[DOORBELL_TAKEN] = (doorbell[DOORBELL_TAKEN]! + 1) | 0;
      return true;
    }
  }

  /** Is there anything to claim? Sequentially consistent: for the last look before this thread sleeps. */
  hasWork(): boolean {
    const first = Atomics.load(this.#words, REQUEST_CLAIM);
    return ((Atomics.load(this.#words, REQUEST_HEAD) - first) | 0) > 0;
  }

  /** What the reactor says of itself: `SLEEP_AWAKE`, `SLEEP_NAP` or `SLEEP_DEEP`. */
  reactorSleep(): number {
    return Atomics.load(this.#words, REACTOR_SLEEP);
  }

  /** True: the reactor slept, and nobody else will wake it. */
  winWake(): boolean {
    const words = this.#words;
    return (
      Atomics.load(words, REACTOR_SLEEP) !== SLEEP_AWAKE &&
      Atomics.exchange(words, REACTOR_SLEEP, SLEEP_AWAKE) !== SLEEP_AWAKE
    );
  }

  #descriptor(index: number): number {
    return REQUEST_DESCRIPTORS + (index & this.#mask) * REQUEST_WORDS;
  }

  /**
   * Reads the descriptors of the next requests, as many as can be copied in one piece: they lie together, without large
   * bodies between them. Another thread may claim these first and the reactor write over them: then the exchange in
   * claim() fails, and what was read here is forgotten.
   * @returns The end of their bytes in the arena.
   */
  #readRun(first: number, most: number, into: ClaimedRun): number {
    const words = this.#words;
    let descriptor = this.#descriptor(first);
    const start = words[descriptor + REQUEST_RECORD_OFFSET]!;
    let end = start;
    let count = 0;
    do {
      const offset = words[descriptor + REQUEST_RECORD_OFFSET]!;
      // Records begin at whole words.
      if ((offset - end) >>> 0 >= WORD_BYTES) break;
      const flags = words[descriptor + REQUEST_FLAGS]!;
      const isOutside = (flags & REQUEST_BODY_OUTSIDE) !== 0;
      const bodyStart = offset + words[descriptor + REQUEST_RECORD_BYTES]!;
      end = isOutside ? bodyStart : bodyStart + words[descriptor + REQUEST_BODY_BYTES]!;
      into.starts[count] = offset - start;
      into.bodyStarts[count] = bodyStart - start;
      into.bodyEnds[count] = end - start;
      into.flags[count] = flags;
      into.exchangeSlots[count] = words[descriptor + REQUEST_EXCHANGE_SLOT]!;
      into.exchangeGenerations[count] = words[descriptor + REQUEST_EXCHANGE_GENERATION]!;
      into.routes[count] = words[descriptor + REQUEST_ROUTE]!;
      count++;
      if (isOutside || end - start > MAX_COPY_BYTES) break;
      descriptor = this.#descriptor(first + count);
    } while (count < most);
    into.count = count;
    into.begun = 0;
    return end;
  }

  #copyBytes(first: number, end: number, into: ClaimedRun): void {
    const start = this.#words[this.#descriptor(first) + REQUEST_RECORD_OFFSET]!;
    into.records = this.#arena.toString('latin1', start, end);
    const last = into.count - 1;
    // Only the last of a run can have a body that is not among the records.
    const isOutside = (into.flags[last]! & REQUEST_BODY_OUTSIDE) !== 0;
    into.outsideBody = isOutside ? this.#takeBody(first + last) : undefined;
  }
}
