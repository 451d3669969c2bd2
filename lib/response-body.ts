// response-body.ts: what an app may give as the body of an answer.

import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

import { ResponseError } from './errors.js';
import { showValue } from './show-value.js';

/** @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY` */
export function checkBody(body: string | Uint8Array): void {
  if (typeof body === 'string' || body instanceof Uint8Array) return;
  throw new ResponseError('ERR_MILLRACE_RESPONSE_BODY', 'A response body must be a string or a Uint8Array');
}

/** What gives the pieces of a body, and can be destroyed while somebody waits for it. */
export interface PieceSource extends AsyncIterable<unknown> {
  destroy(): unknown;
}

/** @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY` */
export function pieceSourceOf(source: AsyncIterable<string | Uint8Array> | ReadableStream): PieceSource {
  if (!isSource(source)) {
    const hint =
      typeof source === 'string' || ArrayBuffer.isView(source) ? ': use end() for a whole body' : '';
    throw new ResponseError(
      'ERR_MILLRACE_RESPONSE_BODY',
      `pipe() takes a Readable, a ReadableStream or an async iterable, not ${showValue(source)}${hint}`,
    );
  }
  if ('getReader' in source) return Readable.fromWeb(source);
  if (!(Symbol.asyncIterator in source)) return Readable.from(source);
  // Readables of other packages are not Node's.
  if (isDestroyable(source)) return source;
  return new IteratorSource(source[Symbol.asyncIterator]());
}

/** A generator or the like. Without a Readable around it a piece costs half of the CPU, and nothing is read ahead. */
class IteratorSource implements PieceSource {
  readonly #iterator: AsyncIterator<unknown>;

  constructor(iterator: AsyncIterator<unknown>) {
    this.#iterator = iterator;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.#iterator;
  }

  /** A generator that waits for something itself ends when it has come. */
  destroy(): void {
    // Nobody waits for the pieces any more, so nobody for what fails now either.
    void this.#return().catch(() => undefined);
  }

  async #return(): Promise<void> {
    await this.#iterator.return?.();
  }
}

function isDestroyable(source: AsyncIterable<unknown>): source is PieceSource {
  return 'destroy' in source && typeof source.destroy === 'function';
}

/** Arrays and the like pass: their pieces are checked one by one. Not so bytes, whose pieces are numbers. */
function isSource(source: unknown): boolean {
  if (typeof source !== 'object' || source === null || ArrayBuffer.isView(source)) return false;
  return 'getReader' in source || Symbol.asyncIterator in source || Symbol.iterator in source;
}

/**
 * A value as JSON.
 * @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY` if JSON cannot express it
 */
export function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    // Undefined for functions, symbols and undefined itself, whatever its declared type says.
    text = (JSON.stringify as (value: unknown) => string | undefined)(value);
  } catch (cause) {
    throw new ResponseError(
      'ERR_MILLRACE_RESPONSE_BODY',
      `This value cannot be sent as JSON: ${String(cause)}`,
      { cause },
    );
  }
  if (text !== undefined) return text;
  throw new ResponseError(
    'ERR_MILLRACE_RESPONSE_BODY',
    `JSON has no text for a value of type ${typeof value}`,
  );
}
