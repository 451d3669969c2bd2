// killed-requests.ts: which requests were inside a handler thread when it ended: noted by the thread, read by the server.

/** Far more than a run of ten minutes needs; what is beyond would show as a difference to what clients got. */
const MOST = 100_000;
const COUNT = 0;

export class KilledRequests {
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  static newMemory(): SharedArrayBuffer {
    return new SharedArrayBuffer((1 + MOST) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Two threads may end at the same time. */
  add(numbers: ReadonlySet<number>): void {
    let at = 1 + Atomics.add(this.#words, COUNT, numbers.size);
    for (const number of numbers) Atomics.store(this.#words, at++, number);
  }

  get all(): number[] {
    return [...this.#words.subarray(1, 1 + Atomics.load(this.#words, COUNT))];
  }
}
