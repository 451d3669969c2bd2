// in-flight.ts: counts the requests of a server that does not tell when all of them are answered.

/** What a server with buffers of its own may need to send an answer that it has been given. */
const SENDING_MS = 50;

export class InFlight {
  #count = 0;
  #settled: (() => void) | undefined;

  /** Returns what is to be called once, when the request is answered or its client has gone. */
  begin(): () => void {
    this.#count++;
    return () => {
      if (--this.#count === 0) this.#settled?.();
    };
  }

  /** Resolves when nothing is in flight, or when the grace is over. */
  async settled(graceMs: number): Promise<void> {
    if (this.#count > 0) {
      const isIdle = new Promise<void>((resolve) => (this.#settled = resolve));
      await Promise.race([isIdle, new Promise((resolve) => setTimeout(resolve, graceMs))]);
    }
    await new Promise((resolve) => setTimeout(resolve, SENDING_MS));
  }
}
