// compressed-body.ts: the body of a request that its client has compressed (RFC 9110 §8.4), as its handler wants it.
//
// Node's zlib does it, on threads of its own.

import { constants } from 'node:buffer';
import { Readable, pipeline } from 'node:stream';
import { createGunzip, gunzip } from 'node:zlib';

import { ByteTurns } from './byte-turns.js';
import { BodyError } from './errors.js';
import type { BodySource } from './incoming-body.js';
import { RequestBody } from './request-body.js';

/** What may come of a body. */
export interface DecompressionLimits {
  /** How many bytes of one compressed byte. */
  readonly ratio: number;
  /** Altogether. */
  readonly bodyBytes: number;
}

/** So much may come of any body: what is small is no bomb. */
const RATIO_COUNTS_FROM = 64 * 1024;

/** zlib's pieces. */
const PIECE_BYTES = 64 * 1024;

/** What many bodies become, or less: then zlib has one piece to fill. */
const USUAL_RATIO = 8;

/**
 * zlib goes on with all bodies that it has been given by turns, so without this all of them have most of their memory at
 * the same time: what thousands of clients can bring about.
 */
const turns = new ByteTurns(64 * 1024 * 1024);

export class CompressedBody implements BodySource {
  readonly #compressed: BodySource;
  /** Of the field Content-Encoding, if it is none that we know. */
  readonly #unknownCoding: string | undefined;
  readonly #limits: DecompressionLimits;
  #pieces: AsyncIterator<Buffer, void, undefined> | undefined;

  private constructor(
    compressed: BodySource,
    unknownCoding: string | undefined,
    limits: DecompressionLimits,
  ) {
    this.#compressed = compressed;
    this.#unknownCoding = unknownCoding;
    this.#limits = limits;
  }

  /** The same body where it is not compressed. `coding` is the value of Content-Encoding. */
  static of(
    body: RequestBody | BodySource,
    coding: string | undefined,
    limits: DecompressionLimits,
  ): RequestBody | BodySource {
    const codings = (coding?.toLowerCase().split(',') ?? [])
      .map((name) => name.trim())
      .filter((name) => name !== '' && name !== 'identity');
    if (codings.length === 0) return body;
    const isKnown = codings.length === 1 && (codings[0] === 'gzip' || codings[0] === 'x-gzip');
    const source = body instanceof RequestBody ? sourceOf(body) : body;
    return new CompressedBody(source, isKnown ? undefined : coding, limits);
  }

  get trailerLines(): string {
    return this.#compressed.trailerLines;
  }

  /** @throws {@link BodyError}, {@link AbortedError} */
  async next(): Promise<Buffer | undefined> {
    this.#requireKnown();
    this.#pieces ??= this.#decompressed();
    const { value } = await this.#pieces.next();
    return value ?? undefined;
  }

  leave(): void {
    this.#pieces?.return?.().catch(() => undefined);
    this.#compressed.leave();
  }

  /** @throws {@link BodyError}, {@link AbortedError} */
  async whole(): Promise<Buffer> {
    this.#requireKnown();
    const compressed = await this.#compressed.whole();
    if (compressed.length === 0) return compressed;
    const most = this.#mostOf(compressed.length);
    return turns.run(most, () => decompressed(compressed, most));
  }

  async *#decompressed(): AsyncGenerator<Buffer, void, undefined> {
    const compressed = this.#compressed;
    let given = 0;
    async function* pieces(): AsyncGenerator<Buffer, void, undefined> {
      for (let piece = await compressed.next(); piece !== undefined; piece = await compressed.next()) {
        given += piece.length;
        yield piece;
      }
    }
    const unzip = createGunzip({ chunkSize: PIECE_BYTES });
    // What fails destroys the others, and is thrown by the iteration.
    pipeline(Readable.from(pieces(), { objectMode: false }), unzip, () => undefined);
    let come = 0;
    try {
      for await (const piece of unzip as AsyncIterable<Buffer>) {
        come += piece.length;
        if (come > this.#mostOf(given)) throw tooLarge();
        yield piece;
      }
    } catch (error) {
      if (!isBadGzip(error)) throw error;
      if (given > 0) throw badGzip(error);
    }
  }

  /** What may come of so many compressed bytes. */
  #mostOf(compressed: number): number {
    const { ratio, bodyBytes } = this.#limits;
    return Math.min(bodyBytes, Math.max(compressed * ratio, RATIO_COUNTS_FROM));
  }

  #requireKnown(): void {
    if (this.#unknownCoding === undefined) return;
    throw new BodyError(
      `The request body has the Content-Encoding ${JSON.stringify(this.#unknownCoding)}, of which only gzip is known`,
      { code: 'ERR_MILLRACE_BODY_CODING' },
    );
  }
}

function decompressed(compressed: Buffer, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = {
      chunkSize: Math.min(Math.max(compressed.length, 128) * USUAL_RATIO, PIECE_BYTES),
      // `most` may be more than Buffers can hold, which zlib refuses to be told.
      maxOutputLength: Math.min(Math.max(most, 1), constants.MAX_LENGTH),
    };
    gunzip(compressed, options, (error, bytes) => {
      if (error !== null) reject(isTooLarge(error) ? tooLarge() : isBadGzip(error) ? badGzip(error) : error);
      else if (bytes.length > most) reject(tooLarge());
      else resolve(bytes);
    });
  });
}

/** A body that came with its head. */
function sourceOf(body: RequestBody): BodySource {
  let isRead = false;
  return {
    trailerLines: '',
    whole: () => Promise.resolve(body.buffer()),
    next: () => {
      const piece = isRead ? undefined : body.buffer();
      isRead = true;
      return Promise.resolve(piece);
    },
    leave: () => undefined,
  };
}

function isTooLarge(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

/** The client's doing, as too little memory is not. */
function isBadGzip(error: unknown): error is Error {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR';
}

function tooLarge(): BodyError {
  return new BodyError('The request body is too large when it is decompressed', {
    code: 'ERR_MILLRACE_BODY_TOO_LARGE',
  });
}

function badGzip(cause: Error): BodyError {
  return new BodyError(`The request body is not what gzip makes: ${cause.message}`, {
    code: 'ERR_MILLRACE_BODY_GZIP',
    cause,
  });
}
