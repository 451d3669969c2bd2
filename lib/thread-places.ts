// thread-places.ts: the places of one server at which handler threads claim requests, and who has them.

import type { NativeServer } from './binding.js';
import type { DecompressionLimits } from './compressed-body.js';
import type { HandlerThread } from './handler-thread.js';
import { DOORBELL_IDLE, DOORBELL_TAKEN, DOORBELL_TURNS } from './ring-layout.js';
import type { ServerMemory } from './ring-memory.js';
import { sleep } from './timers.js';

/** A place more than threads: the next thread is there before the last one has gone. */
const SPARE_PLACES = 1;

/** How many places a server with so many threads needs. */
export function placesFor(threads: number): number {
  return threads + SPARE_PLACES;
}

/** What the threads have to know of the server that they work for. */
export interface ThreadsServer {
  readonly native: NativeServer;
  readonly memory: ServerMemory;
  /** Each thread has a lane of its own. */
  readonly sticky: boolean;
  readonly unsentBytes: number;
  readonly decompression: DecompressionLimits | undefined;
}

export class ThreadPlaces {
  readonly #server: ThreadsServer;
  readonly #native: NativeServer;
  /** A tenant's place is free again when the thread has ended and the reactors have let go of it. */
  readonly #tenants: (HandlerThread | undefined)[];
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(server: ThreadsServer) {
    this.#server = server;
    this.#native = server.native;
    this.#tenants = Array.from({ length: server.memory.places }, () => undefined);
  }

  /** A reactor has let go of a thread, or has ended: somebody may be waiting for that. */
  readonly onChange = (): void => {
    for (const look of this.#waiting.splice(0)) look();
  };

  /** Lets the thread with this number claim, as soon as a place is free; resolves when it does, or has ended. */
  async give(thread: HandlerThread, number: number): Promise<void> {
    const { memory, sticky, unsentBytes, decompression } = this.#server;
    const lane = sticky ? number : 0;
    void thread.ended.then(this.onChange);
    while (!this.#isClosed && !thread.hasEnded) {
      const place = this.#tenants.findIndex((_, index) => this.#isFree(index));
      if (place < 0) {
        await this.#nextChange();
        continue;
      }
      this.#tenants[place] = thread;
      memory.doorbell(place)[DOORBELL_TAKEN] = 0;
      await thread.join({
        server: this.#native.number(),
        place,
        lane,
        memory: memory.of(place, lane),
        unsentBytes,
        decompression,
      });
      return;
    }
  }

  /** Has a thread claim no more, and waits until it has answered what it has claimed; then ends it. */
  async retire(thread: HandlerThread, graceMs: number): Promise<void> {
    const answered = thread.retire().then(() => this.#answeredAll(thread));
    const stop = new AbortController();
    const grace = sleep(graceMs, undefined, { signal: stop.signal }).then(
      () => {
        this.abandon(thread);
      },
      () => undefined,
    );
    await Promise.race([answered, grace]);
    stop.abort();
    await thread.exit();
  }

  /** What the thread has claimed is answered 503: it is not waited for. */
  abandon(thread: HandlerThread): void {
    if (thread.place !== undefined && !thread.hasEnded) this.#native.abandon(thread.place);
  }

  /** Requests that a thread has taken, and has not answered yet. */
  workOf(thread: HandlerThread): { readonly taken: number; readonly outstanding: number } {
    const { place } = thread;
    if (place === undefined || this.#tenants[place] !== thread) return { taken: 0, outstanding: 0 };
    const taken = this.#server.memory.doorbell(place)[DOORBELL_TAKEN]! >>> 0;
    return { taken, outstanding: this.#native.outstanding(place) };
  }

  /** How often the thread's event loop has come by; undefined: it has nothing to do. */
  turnsOf(thread: HandlerThread): number | undefined {
    if (thread.place === undefined) return undefined;
    const doorbell = this.#server.memory.doorbell(thread.place);
    const isAtWork = Atomics.load(doorbell, DOORBELL_IDLE) === 0;
    // What it takes counts, too: with several reactors a turn can hold some handlers.
    const progress = Atomics.load(doorbell, DOORBELL_TURNS) + Atomics.load(doorbell, DOORBELL_TAKEN);
    return isAtWork ? progress | 0 : undefined;
  }

  /** Ends all threads, after the server has stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.onChange();
    await Promise.all(this.#tenants.map(async (thread) => thread?.exit()));
  }

  #isFree(place: number): boolean {
    const tenant = this.#tenants[place];
    return tenant === undefined || (tenant.hasEnded && this.#native.hasLeft(place));
  }

  async #answeredAll(thread: HandlerThread): Promise<void> {
    const { place } = thread;
    if (place === undefined || thread.hasEnded) return;
    this.#native.retire(place);
    const isOver = (): boolean => this.#isClosed || thread.hasEnded || this.#native.hasRetired(place);
    while (!isOver()) await this.#nextChange();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
