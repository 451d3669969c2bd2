// incoming-body.ts: the body of a request that did not come with its head: asked of the reactor, piece by piece or whole.

import { AbortedError, bodyTooLarge } from './errors.js';
import type { BodyListener, ResponseStream } from './response-stream.js';
import { CONTROL_READ_PIECE, CONTROL_READ_WHOLE } from './ring-layout.js';
import { collectYoungBuffers } from './young-buffers.js';

/** A body in pieces of which more than this has come is a large one. */
const LARGE_BODY_BYTES = 2 ** 21;

/** A body that has to be waited for. */
export interface BodySource {
  /** The next piece; undefined after the last. One call at a time. */
  next(): Promise<Buffer | undefined>;
  /** All of it. To be called once, and instead of `next()`. */
  whole(): Promise<Buffer>;
  /** Field lines of the trailer section, once the body has ended. */
  readonly trailerLines: string;
  /** Nobody will ask for further pieces. */
  leave(): void;
}

/** Somebody who waits for what has been asked for. */
interface Reader {
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The reactor receives it as it comes, up to a window, and gives what has been asked for; so a reader that is slow holds
 * back the client, and one that never asks costs a window.
 */
export class IncomingBody implements BodyListener, BodySource {
  readonly #exchange: ResponseStream;
  #reader: Reader | undefined;
  #hasEnded = false;
  #isLeft = false;
  #received = 0;
  trailerLines = '';

  /** `exchange` is that of the request. */
  constructor(exchange: ResponseStream) {
    this.#exchange = exchange;
  }

  async next(): Promise<Buffer | undefined> {
    if (this.#hasEnded || this.#isLeft) return undefined;
    const piece = await this.#ask(CONTROL_READ_PIECE);
    return piece.length === 0 ? undefined : piece; // only the last can be empty
  }

  whole(): Promise<Buffer> {
    return this.#ask(CONTROL_READ_WHOLE);
  }

  leave(): void {
    if (!this.#hasEnded && !this.#isLeft) this.#exchange.leaveBody();
    this.#isLeft = true;
  }

  onBody(bytes: Buffer, isLast: boolean): void {
    this.#hasEnded = isLast;
    this.#received += bytes.length;
    if (this.#received > LARGE_BODY_BYTES && !isLast) collectYoungBuffers();
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(bytes);
  }

  /** Only of one that is read whole: pieces are small. */
  onBodyTooLarge(cause: Error): void {
    this.#hasEnded = true;
    this.#fail(bodyTooLarge('a Buffer', cause));
  }

  onTrailers(lines: string): void {
    this.trailerLines = lines;
  }

  onGone(): void {
    this.#fail(new AbortedError());
  }

  #fail(error: Error): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(error);
  }

  #ask(control: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#exchange.readBody(control, this);
    });
  }
}
