// byte-turns.ts: work that takes memory, not all of it at once.

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

/** Gives turns, first come, first served, so that those who have one take no more memory together than they may. */
export class ByteTurns {
  readonly #most: number;
  readonly #waiting: Waiting[] = [];
  #taken = 0;

  /** One that wants more than `most` has its turn when nobody else has one. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Does the work, which takes up to so many bytes, when it is its turn. */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((start) => {
        this.#waiting.push({ bytes, start });
      });
    } else {
      this.#taken += bytes;
    }
    try {
      return await work();
    } finally {
      this.#taken -= bytes;
      this.#startNext();
    }
  }

  #fits(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#most;
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#taken += next.bytes; // before it runs: others may ask meanwhile
      next.start();
    }
  }
}
