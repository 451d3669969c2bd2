// channel.ts: this JS thread's end of a server: takes requests, and knows when it is awake.
//
// The thread is "at work" from its first request or answer until a slice finds nothing to do. While it is, its doorbell
// flag is 0: nobody rings, and reactors sleep for a millisecond at most, so answers published one by one are collected
// without a wake for each. docs/architecture.md has the whole protocol.

import { AsyncLocalStorage } from 'node:async_hooks';

import type { NativeThread } from './binding.js';
import { ReactorLink, type Thread } from './reactor-link.js';
import { ClaimedRun, MAX_RUN, type Claimer } from './request-ring.js';
import {
  DOORBELL_IDLE,
  DOORBELL_NEWS,
  DOORBELL_RETIRING,
  DOORBELL_TURNS,
  DOORBELL_VACANT,
  DOORBELL_WAITING,
} from './ring-layout.js';
import type { ThreadMemory } from './ring-memory.js';
import { now, setImmediate } from './timers.js';

/** A handler's work goes on for so long before timers and other I/O get their turn. Milliseconds. */
const SLICE_MS = 0.2;

/** A run that takes longer makes the next one shorter: what is claimed cannot be given to another thread. */
const SLOW_RUN_MS = 0.1;

/** Runs the handlers of requests. */
export interface Runner {
  /**
   * Claims up to `most` requests and runs their handlers; where they are claimed one by one, none after `end`, a time of
   * `now()`. Returns how many there were.
   */
  run(link: ReactorLink, claimed: ClaimedRun, most: number, end: number): number;
}

export class Channel implements Thread {
  readonly #links: readonly ReactorLink[];
  readonly #doorbell: Int32Array;
  readonly #runner: Runner;
  /** Undefined while requests are being claimed into it. */
  #claimed: ClaimedRun | undefined = new ClaimedRun();

  #atWork = false;
  #isScheduled = false;
  #isClosed = false;
  #isRetired = false;
  #run = 1;
  #nextLink = 0;
  readonly #inStartContext = AsyncLocalStorage.snapshot() as (
    schedule: (callback: () => void) => unknown,
    callback: () => void,
  ) => void;

  readonly #native: NativeThread;

  /** `place`: that of this thread, where it is one of several. */
  constructor(
    native: NativeThread,
    memory: ThreadMemory,
    runner: Runner,
    unsentBytes: number,
    place: number | undefined,
  ) {
    const { requests, responses, doorbell } = memory;
    const claimerOf = (reactor: number): Claimer | undefined =>
      place === undefined ? undefined : { place, claiming: responses[reactor]!.words, doorbell };
    this.#links = requests.map(
      (ring, reactor) =>
        new ReactorLink(native, reactor, ring, responses[reactor]!, this, unsentBytes, claimerOf(reactor)),
    );
    this.#native = native;
    this.#doorbell = doorbell;
    this.#runner = runner;
  }

  /**
   * Takes its place at the server: from now on this thread is rung.
   * @returns False: there is no such server any more.
   */
  join(server: number, place: number, lane: number): boolean {
    if (!this.#native.join(server, place, lane, this.drain)) return false;
    // It counts as being at work, so what has come before is not rung for.
    this.#atWork = true;
    this.#continueLater();
    return true;
  }

  /** Claims no more. What has been claimed goes on, and news of it are heard. */
  retire(): void {
    this.#isRetired = true;
    if (!this.#atWork) this.drain(); // so that the doorbell says so
  }

  /**
   * One slice of work: called by the doorbell, and by the event loop's next turn when there was more than one slice.
   */
  readonly drain = (): void => {
    if (this.#isClosed) return;
    this.#startWork();
    this.#doorbell[DOORBELL_TURNS] = (this.#doorbell[DOORBELL_TURNS]! + 1) | 0;
    try {
      if (this.#hasNews()) this.#readNews();
      for (const link of this.#links) link.retryBacklog();
      if (!this.#isRetired) this.#work();
      for (const link of this.#links) link.tell();
    } finally {
      // When the slice is over and the ring is not empty, the rest comes after timers and other I/O. Also when something
      // has been thrown: nobody rings for a thread that is at work.
      if (!this.#goIdle()) this.#continueLater();
    }
  };

  #work(): void {
    // A handler may have the event loop turn before it returns, as the addon deasync does, and so be called by a slice, and
    // call the next one: that must not write over the requests of the first.
    const claimed = this.#claimed ?? new ClaimedRun();
    this.#claimed = undefined;
    try {
      this.#claimAndRun(claimed);
    } finally {
      this.#claimed = claimed;
    }
  }

  #claimAndRun(claimed: ClaimedRun): void {
    const end = now() + SLICE_MS;
    // Until each reactor's ring has been found empty, one after the other; a slice that ends before goes on with the
    // next reactor, or the first would be all that is ever served under load.
    for (let empty = 0; empty < this.#links.length;) {
      const link = this.#links[this.#nextLink]!;
      this.#nextLink = this.#nextLink + 1 === this.#links.length ? 0 : this.#nextLink + 1;
      if (this.#runner.run(link, claimed, this.#run, end) === 0) {
        empty++;
        continue;
      }
      empty = 0;
      if (this.#isRetired || this.#isSliceOver(end)) break;
    }
  }

  /** The server has ended: answers that still come are for nobody. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const link of this.#links) link.close();
    this.#native.leave();
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
    this.#say(0);
  }

  /**
   * What this thread does, as the doorbell's word says it from now on; returns what it said before. Where the server's
   * thread has given this one up it stays vacant: requests that this one took now would be lost when it ends.
   */
  #say(what: number): number {
    // An exchange: emulated arm64 may let what follows overtake a store (native/ring/shared_words.h).
    const before = Atomics.exchange(this.#doorbell, DOORBELL_IDLE, what);
    if (before === DOORBELL_VACANT) {
      Atomics.store(this.#doorbell, DOORBELL_IDLE, DOORBELL_VACANT);
      this.#isRetired = true;
    }
    return before;
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
    this.#say(this.#isRetired ? DOORBELL_RETIRING : DOORBELL_WAITING);
    // Now reactors ring. What one of them published before it could see that is found here.
    const hasWork = !this.#isRetired && this.#links.some((link) => link.hasWork());
    if (!this.#hasNews() && !hasWork) return true;
    if (this.#say(0) === 0) return true; // somebody rings already
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
    const left = end - now();
    // The slice began with SLICE_MS: what is left tells how long the runs took.
    if (left > SLICE_MS - SLOW_RUN_MS) this.#run = Math.min(this.#run * 2, MAX_RUN);
    else if (left < 0) this.#run = 1;
    return left < 0;
  }
}
