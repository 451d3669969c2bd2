// channel.ts: this JS thread's end of a server: takes requests, gives answers, and knows when to wake whom.
//
// The thread is "at work" from its first request or answer until a slice finds nothing to do. While it is, its doorbell
// flag is 0: nobody rings, and reactors sleep for a millisecond at most, so answers published one by one are collected
// without a wake for each. docs/architecture.md has the whole protocol.

import { AsyncLocalStorage } from 'node:async_hooks';

import type { NativeServer } from './binding.js';
import { ClaimedRun, MAX_RUN, RequestRing } from './request-ring.js';
import { ResponseRing } from './response-ring.js';
import { SLEEP_DEEP } from './ring-layout.js';
import type { RingMemory } from './ring-memory.js';

/** A handler's work goes on for so long before timers and other I/O get their turn. Milliseconds. */
const SLICE_MS = 0.2;

/** A run that takes longer makes the next one shorter: what is claimed cannot be given to another thread. */
const SLOW_RUN_MS = 0.1;

/** An answer that has to wait: the arguments of `ResponseRing.push`. */
type Answer = Parameters<ResponseRing['push']>;

/** Runs the handlers of requests. */
export interface Runner {
  /** Runs the handler of the request with this index. */
  run(channel: Channel, reactor: number, claimed: ClaimedRun, index: number, body: Buffer | undefined): void;
}

export class Channel {
  readonly #native: NativeServer;
  readonly #requests: RequestRing[];
  readonly #responses: ResponseRing[];
  readonly #doorbell: Int32Array;
  readonly #runner: Runner;
  readonly #claimed = new ClaimedRun();

  /** Answers that found their ring full, by reactor. */
  readonly #backlog: Answer[][];
  #hasBacklog = false;

  #atWork = false;
  #isScheduled = false;
  #isClosed = false;
  /** A bit for each reactor that may not know of answers published for it. */
  #untold = 0;
  #run = 1;
  #nextReactor = 0;
  readonly #inStartContext = AsyncLocalStorage.snapshot() as (
    schedule: (callback: () => void) => unknown,
    callback: () => void,
  ) => void;

  constructor(
    native: NativeServer,
    requests: readonly RingMemory[],
    responses: readonly RingMemory[],
    doorbell: Int32Array,
    runner: Runner,
  ) {
    this.#native = native;
    this.#requests = requests.map(
      (memory, r) => new RequestRing(memory, (index) => native.takeBody(r, index)),
    );
    this.#responses = responses.map(
      (memory, r) => new ResponseRing(memory, (index, body) => native.putBody(r, index, body)),
    );
    this.#backlog = responses.map(() => []);
    this.#doorbell = doorbell;
    this.#runner = runner;
    // From the start this thread waits for its doorbell.
    Atomics.store(doorbell, 0, 1);
  }

  /**
   * One slice of work: called by the doorbell, and by the event loop's next turn when there was more than one slice.
   */
  readonly drain = (): void => {
    if (this.#isClosed) return;
    this.#startWork();
    if (this.#hasBacklog) this.#retryBacklog();
    const end = performance.now() + SLICE_MS;
    // Until each reactor's ring has been found empty, one after the other; a slice that ends before goes on with the
    // next reactor, or the first would be all that is ever served under load.
    for (let empty = 0; empty < this.#requests.length;) {
      const reactor = this.#nextReactor;
      this.#nextReactor = reactor + 1 === this.#requests.length ? 0 : reactor + 1;
      const count = this.#requests[reactor]!.claim(this.#run, this.#claimed);
      if (count === 0) {
        empty++;
        continue;
      }
      empty = 0;
      for (let i = 0; i < count; i++) {
        this.#runner.run(this, reactor, this.#claimed, i, i === count - 1 ? this.#claimed.body : undefined);
      }
      if (this.#isSliceOver(end)) break;
    }
    this.#tellReactors();
    // When the slice is over and the ring is not empty, the rest comes after timers and other I/O.
    if (!this.#goIdle()) this.#continueLater();
  };

  /** The server has ended: answers that still come are for nobody. */
  close(): void {
    this.#isClosed = true;
  }

  /** Gives an answer to its reactor. */
  answer(
    reactor: number,
    exchangeSlot: number,
    exchangeGeneration: number,
    packed: number,
    reason: string,
    fields: string,
    body: string | Uint8Array,
  ): void {
    if (this.#isClosed) return;
    if (!this.#atWork) {
      // The first answer of a turn, long after its request: more may follow, and the reactors are told of all at once.
      this.#startWork();
      this.#continueLater();
    }
    if (
      this.#hasBacklog ||
      !this.#responses[reactor]!.push(exchangeSlot, exchangeGeneration, packed, reason, fields, body)
    ) {
      // The app may reuse its buffer as soon as end() has returned.
      const kept = typeof body === 'string' ? body : Uint8Array.from(body);
      this.#keep(reactor, [exchangeSlot, exchangeGeneration, packed, reason, fields, kept]);
      return;
    }
    // Without the doorbell's flag a reactor does not know that this thread works, and may sleep for long: one that does
    // is told now, since this handler may never come to an end.
    if (this.#requests[reactor]!.reactorSleep() === SLEEP_DEEP) this.#wake(reactor);
    else this.#untold |= 1 << (reactor % 32);
  }

  /** Is somebody still waiting for this answer? */
  isLive(reactor: number, exchangeSlot: number, exchangeGeneration: number): boolean {
    return this.#native.isLive(reactor, exchangeSlot, exchangeGeneration);
  }

  #startWork(): void {
    this.#atWork = true;
    Atomics.store(this.#doorbell, 0, 0);
  }

  #continueLater(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Not in the context of a handler that answers late: requests of the next slice would inherit its stores.
    this.#inStartContext(setImmediate, this.#onImmediate);
  }

  readonly #onImmediate = (): void => {
    this.#isScheduled = false;
    this.drain();
  };

  /** From here on this thread is woken by its doorbell. False: there is work after all. */
  #goIdle(): boolean {
    this.#atWork = false;
    // An exchange: emulated arm64 may let what follows overtake a store (native/ring/shared_words.h).
    Atomics.exchange(this.#doorbell, 0, 1);
    // Now reactors ring. What one of them published before it could see that is found here.
    if (!this.#requests.some((ring) => ring.hasWork())) return true;
    if (Atomics.exchange(this.#doorbell, 0, 0) === 0) return true; // somebody rings already
    this.#atWork = true;
    return false;
  }

  #isSliceOver(end: number): boolean {
    const now = performance.now();
    const left = end - now;
    // The slice began with SLICE_MS: what is left tells how long the runs took.
    if (left > SLICE_MS - SLOW_RUN_MS) this.#run = Math.min(this.#run * 2, MAX_RUN);
    else if (left < 0) this.#run = 1;
    return left < 0;
  }

  #tellReactors(): void {
    if (this.#untold === 0) return;
    for (let reactor = 0; reactor < this.#requests.length; reactor++) {
      if ((this.#untold & (1 << (reactor % 32))) !== 0) this.#wake(reactor);
    }
    this.#untold = 0;
  }

  #wake(reactor: number): void {
    if (this.#requests[reactor]!.winWake()) this.#native.wake(reactor);
  }

  #keep(reactor: number, answer: Answer): void {
    this.#backlog[reactor]!.push(answer);
    this.#hasBacklog = true;
    this.#retryBacklog();
  }

  #retryBacklog(): void {
    let left = 0;
    for (let reactor = 0; reactor < this.#responses.length; reactor++) {
      const waiting = this.#backlog[reactor]!;
      if (waiting.length === 0) continue;
      const ring = this.#responses[reactor]!;
      let sent = 0;
      while (sent < waiting.length && ring.push(...waiting[sent]!)) sent++;
      if (sent < waiting.length) {
        ring.askForRoom();
        while (sent < waiting.length && ring.push(...waiting[sent]!)) sent++;
      }
      waiting.splice(0, sent);
      left += waiting.length;
      this.#untold |= 1 << (reactor % 32);
    }
    this.#hasBacklog = left > 0;
  }
}
