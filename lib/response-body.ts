// response-body.ts: what an app may give as the body of an answer.

import { types } from 'node:util';

import { ResponseError } from './errors.js';
import { showValue } from './show-value.js';

const { isUint8Array } = types;

/** What sends values that are no body, by where they were given. */
const INSTEAD = {
  response: 'json() sends a value, pipe() a stream',
  reply: 'JSON.stringify() makes a string of a value',
} as const;

/**
 * A Uint8Array of another realm (`node:vm`, test runners) is one too, and an object that only inherits from it is none.
 * @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY`
 */
export function checkBody(body: string | Uint8Array, where: keyof typeof INSTEAD = 'response'): void {
  if (typeof body === 'string' || isUint8Array(body)) return;
  const isObject = typeof body === 'object' && (body as unknown) !== null;
  throw new ResponseError(
    'ERR_MILLRACE_RESPONSE_BODY',
    `A response body must be a string or a Uint8Array, not ${showValue(body)}${isObject ? `: ${INSTEAD[where]}` : ''}`,
  );
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
