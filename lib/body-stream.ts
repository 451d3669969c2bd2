// body-stream.ts: the body of a request as a Readable.

import { Readable } from 'node:stream';

import { AbortedError } from './errors.js';

export class BodyStream extends Readable {
  readonly #pieces: AsyncIterator<Buffer, void, undefined>;

  constructor(pieces: AsyncIterator<Buffer, void, undefined>) {
    super();
    this.#pieces = pieces;
  }

  override _read(): void {
    this.#pieces.next().then(
      ({ value }) => {
        if (!this.destroyed) this.push(value ?? null);
      },
      (error: unknown) => {
        this.destroy(error as Error);
      },
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Where one is waited for, when it has come.
    this.#pieces.return?.().catch(() => undefined);
    // As in node:http: where nobody listens for errors, a client that goes is none. It would end the process.
    process.nextTick(() => {
      done(error instanceof AbortedError && this.listenerCount('error') === 0 ? null : error);
    });
  }
}
