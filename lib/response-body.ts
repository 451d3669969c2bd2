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

/**
 * Whatever gives chunks, as the one kind of source that can be destroyed while somebody waits for it.
 * @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY`
 */
export function readableOf(source: AsyncIterable<string | Uint8Array> | ReadableStream): Readable {
  if (source instanceof Readable) return source;
  if (!isSource(source)) {
    const hint =
      typeof source === 'string' || ArrayBuffer.isView(source) ? ': use end() for a whole body' : '';
    throw new ResponseError(
      'ERR_MILLRACE_RESPONSE_BODY',
      `pipe() takes a Readable, a ReadableStream or an async iterable, not ${showValue(source)}${hint}`,
    );
  }
  if ('getReader' in source) return Readable.fromWeb(source);
  return Readable.from(source);
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
