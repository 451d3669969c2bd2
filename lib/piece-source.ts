// piece-source.ts: what pipe() reads from, each kind in the way that costs least.

import { Duplex, finished, Readable } from 'node:stream';

import { ResponseError } from './errors.js';
import { showValue } from './show-value.js';

/** Takes a piece, or throws. A promise: no more of them until it has resolved. */
type TakePiece = (piece: unknown) => Promise<void> | undefined;

/** What gives the pieces of a body, and can be destroyed while somebody waits for it. */
export interface PieceSource {
  /** Resolves when there are no more. Rejects with what the source, or whoever takes its pieces, has failed with. */
  giveTo(take: TakePiece): Promise<void>;
  destroy(): void;
}

/** As much of a ReadableStream's reader as is used. */
interface WebReader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
  cancel(): Promise<unknown>;
}

/**
 * What {@link HttpResponse.pipe} takes: a Readable, a ReadableStream or any async iterable, of strings and Uint8Arrays.
 *
 * A ReadableStream by what is used of it: there are two types of the name, Node's and the DOM's, which is that of
 * `fetch` where a project has the library `dom`, and has no iterator before TypeScript 6.
 */
export type PipeSource = AsyncIterable<string | Uint8Array> | { getReader(): WebReader };

/** @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY` */
export function checkPieceSource(source: PipeSource): void {
  if (isSource(source)) return;
  const hint = typeof source === 'string' || ArrayBuffer.isView(source) ? ': use end() for a whole body' : '';
  throw new ResponseError(
    'ERR_MILLRACE_RESPONSE_BODY',
    `pipe() takes a Readable, a ReadableStream or an async iterable, not ${showValue(source)}${hint}`,
  );
}

/** Throws what the source throws: it may have another reader, or give no iterator. */
export function pieceSourceOf(source: PipeSource): PieceSource {
  // Somebody who listens for `readable` keeps a Readable from flowing.
  if (source instanceof Readable && source.listenerCount('readable') === 0) return new FlowingSource(source);
  if ('getReader' in source) return new WebSource(source.getReader());
  if (!(Symbol.asyncIterator in source)) return new FlowingSource(Readable.from(source));
  return new IteratedSource(source);
}

/** Arrays and the like pass: their pieces are checked one by one. Not so bytes, whose pieces are numbers. */
function isSource(source: unknown): boolean {
  if (typeof source !== 'object' || source === null || ArrayBuffer.isView(source)) return false;
  return 'getReader' in source || Symbol.asyncIterator in source || Symbol.iterator in source;
}

/** A Readable. Its iterator would cost a promise for each piece, and a copy where it has read ahead. */
class FlowingSource implements PieceSource {
  readonly #readable: Readable;

  constructor(readable: Readable) {
    this.#readable = readable;
  }

  giveTo(take: TakePiece): Promise<void> {
    const readable = this.#readable;
    return new Promise<void>((resolve, reject) => {
      let isFull = false;
      const fail = (error: Error): void => {
        isFull = false;
        readable.off('data', onPiece);
        reject(error);
        readable.destroy();
      };
      const onPiece = (piece: unknown): void => {
        try {
          const room = take(piece);
          if (room === undefined) return;
          isFull = true;
          readable.pause();
          room.then(() => {
            isFull = false;
            readable.resume();
          }, fail);
        } catch (error) {
          fail(error as Error);
        }
      };
      const onEnd = (): void => {
        resolve();
        if (readable instanceof Duplex) readable.destroy(); // it would wait for its other side to be ended
      };
      readable.on('data', onPiece);
      // Somebody else whom it is piped to has room again.
      readable.on('resume', () => {
        if (isFull) readable.pause();
      });
      readable.on('end', onEnd); // `finished` may come much later: a file is closed first
      finished(readable, { writable: false }, (error) => {
        if (error) reject(error);
        else onEnd(); // it had ended before
      });
      readable.resume();
    });
  }

  destroy(): void {
    this.#readable.destroy();
  }
}

/** A ReadableStream. A Readable around it would cost twice as much. */
class WebSource implements PieceSource {
  readonly #reader: WebReader;

  constructor(reader: WebReader) {
    this.#reader = reader;
  }

  async giveTo(take: TakePiece): Promise<void> {
    try {
      for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
        const room = take(read.value);
        if (room !== undefined) await room;
      }
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  destroy(): void {
    // Nobody waits for the pieces any more, so nobody for what fails now either.
    this.#reader.cancel().catch(() => undefined);
  }
}

/** A generator or the like, or a Readable that is not Node's. Nothing is read ahead. */
class IteratedSource implements PieceSource {
  readonly #source: AsyncIterable<unknown>;
  readonly #iterator: AsyncIterator<unknown>;

  constructor(source: AsyncIterable<unknown>) {
    this.#source = source;
    this.#iterator = source[Symbol.asyncIterator]();
  }

  async giveTo(take: TakePiece): Promise<void> {
    for await (const piece of { [Symbol.asyncIterator]: () => this.#iterator }) {
      const room = take(piece);
      if (room !== undefined) await room;
    }
  }

  /** A generator that waits for something itself ends when it has come. */
  destroy(): void {
    if (isDestroyable(this.#source)) {
      this.#source.destroy();
    } else {
      void this.#return().catch(() => undefined);
    }
  }

  async #return(): Promise<void> {
    await this.#iterator.return?.();
  }
}

function isDestroyable(source: object): source is { destroy(): unknown } {
  return 'destroy' in source && typeof source.destroy === 'function';
}
