// channel.ts: this JS thread's end of a server: takes requests, and knows when it is awake.
//
// The thread is "at work" from its first request or answer until a slice finds nothing to do. While it is, its doorbell
// flag is 0: nobody rings, and reactors sleep for a millisecond at most, so answers published one by one are collected
// without a wake for each. docs/architecture.md has the whole protocol.

import { AsyncLocalStorage } from 'node:async_hooks';

import type { NativeServer } from './binding.js';
import { ReactorLink, type Thread } from './reactor-link.js';
import { ClaimedRun, MAX_RUN } from './request-ring.js';
import { DOORBELL_IDLE, DOORBELL_NEWS } from './ring-layout.js';
import type { RingMemory } from './ring-memory.js';

/** A handler's work goes on for so long before timers and other I/O get their turn. Milliseconds. */
const SLICE_MS = 0.2;

/** A run that takes longer makes the next one shorter: what is claimed cannot be given to another thread. */
const SLOW_RUN_MS = 0.1;

/** Runs the handlers of requests. */
export interface Runner {
  /** Runs the handlers of all requests of the run. */
  run(link: ReactorLink, claimed: ClaimedRun): void;
}

export class Channel implements Thread {
  readonly #links: readonly ReactorLink[];
  readonly #doorbell: Int32Array;
  readonly #runner: Runner;
  readonly #claimed = new ClaimedRun();

  #atWork = false;
  #isScheduled = false;
  #isClosed = false;
  #run = 1;
  #nextLink = 0;
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
    unsentBytes: number,
  ) {
    this.#links = requests.map(
      (memory, reactor) => new ReactorLink(native, reactor, memory, responses[reactor]!, this, unsentBytes),
    );
    this.#doorbell = doorbell;
    this.#runner = runner;
    // From the start this thread waits for its doorbell.
    Atomics.store(doorbell, DOORBELL_IDLE, 1);
  }

  /**
   * One slice of work: called by the doorbell, and by the event loop's next turn when there was more than one slice.
   */
  readonly drain = (): void => {
    if (this.#isClosed) return;
    this.#startWork();
    if (this.#hasNews()) this.#readNews();
    for (const link of this.#links) link.retryBacklog();
    const end = performance.now() + SLICE_MS;
    // Until each reactor's ring has been found empty, one after the other; a slice that ends before goes on with the
    // next reactor, or the first would be all that is ever served under load.
    for (let empty = 0; empty < this.#links.length;) {
      const link = this.#links[this.#nextLink]!;
      this.#nextLink = this.#nextLink + 1 === this.#links.length ? 0 : this.#nextLink + 1;
      if (!link.claim(this.#run, this.#claimed)) {
        empty++;
        continue;
      }
      empty = 0;
      this.#runner.run(link, this.#claimed);
      link.endRun();
      if (this.#isSliceOver(end)) break;
    }
    for (const link of this.#links) link.tell();
    // When the slice is over and the ring is not empty, the rest comes after timers and other I/O.
    if (!this.#goIdle()) this.#continueLater();
  };

  /** The server has ended: answers that still come are for nobody. */
  close(): void {
    this.#isClosed = true;
    for (const link of this.#links) link.close();
  }

  beginAnswer(): boolean {
    if (this.#isClosed) return false;
    if (!this.#atWork) {
      // The first answer of a turn, long after its request: more may follow, and the reactors are told of all at once.
      this.#startWork();
      this.#continueLater();
    }
    return true;
  }

  #startWork(): void {
    this.#atWork = true;
    Atomics.store(this.#doorbell, DOORBELL_IDLE, 0);
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
    Atomics.exchange(this.#doorbell, DOORBELL_IDLE, 1);
    // Now reactors ring. What one of them published before it could see that is found here.
    if (!this.#hasNews() && !this.#links.some((link) => link.hasWork())) return true;
    if (Atomics.exchange(this.#doorbell, DOORBELL_IDLE, 0) === 0) return true; // somebody rings already
    this.#atWork = true;
    return false;
  }

  #hasNews(): boolean {
    return Atomics.load(this.#doorbell, DOORBELL_NEWS) !== 0;
  }

  #readNews(): void {
    // First the word, then the news: what comes in between is told again.
    Atomics.exchange(this.#doorbell, DOORBELL_NEWS, 0);
    for (const link of this.#links) link.readNews();
  }

  #isSliceOver(end: number): boolean {
    const now = performance.now();
    const left = end - now;
    // The slice began with SLICE_MS: what is left tells how long the runs took.
    if (left > SLICE_MS - SLOW_RUN_MS) this.#run = Math.min(this.#run * 2, MAX_RUN);
    else if (left < 0) this.#run = 1;
    return left < 0;
  }
}
