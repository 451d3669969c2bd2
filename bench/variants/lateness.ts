// lateness.ts: how late a 1 ms timer of the application comes.

const INTERVAL_MS = 1;

/** Sets the next timer when one has fired, as applications do, and keeps the worst delay. */
export class LatenessWatch {
  #worstMs = 0;
  #due = 0;

  start(): void {
    this.#due = performance.now() + INTERVAL_MS;
    setTimeout(() => {
      this.#worstMs = Math.max(this.#worstMs, performance.now() - this.#due);
      this.start();
    }, INTERVAL_MS);
  }

  /** The worst since it was last taken. */
  take(): number {
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return worst;
  }
}
