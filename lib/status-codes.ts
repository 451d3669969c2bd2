// status-codes.ts: which status codes and reason phrases a handler may answer with.

import { InvalidHeaderError, ResponseError } from './errors.js';
import { indexOfBadCharacter } from './field-characters.js';
import { showValue } from './show-value.js';

/** The first code of final answers: 1xx are interim ones (RFC 9110 §15.2). */
const FIRST_FINAL = 200;

/** The last code that fits the three digits of a status line (RFC 9112 §4). */
const LAST = 999;

/** Codes that send a client elsewhere by their Location field (RFC 9110 §15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([300, 301, 302, 303, 307, 308]);

/**
 * Checks the status code of a final answer.
 *
 * 1xx are refused, because after one a client waits for another answer. Codes from 600 are no HTTP status
 * (RFC 9110 §15), but clients treat them like 5xx and node:http lets them through, so they pass.
 * @param code - An integer from 200 to 999.
 * @throws {@link ResponseError} `ERR_MILLRACE_STATUS`
 */
export function checkStatus(code: number): number {
  if (Number.isInteger(code) && code >= FIRST_FINAL && code <= LAST) return code;
  throw new ResponseError(
    'ERR_MILLRACE_STATUS',
    `A status code must be an integer from ${String(FIRST_FINAL)} to ${String(LAST)}, not ${showValue(code)}`,
  );
}

/**
 * Checks the status code of a redirection.
 * @param code - 300, 301, 302, 303, 307 or 308.
 * @throws {@link ResponseError} `ERR_MILLRACE_STATUS`
 */
export function checkRedirectStatus(code: number): number {
  if (REDIRECTS.has(code)) return code;
  const isLocation = typeof (code as unknown) === 'string';
  throw new ResponseError(
    'ERR_MILLRACE_STATUS',
    `A redirection has the status ${[...REDIRECTS].join(', ')}, not ${showValue(code)}` +
      (isLocation ? ': write redirect(location, code)' : ''),
  );
}

/** Clients ignore reason phrases (RFC 9112 §4); the reactor reserves room for them. */
const MAX_REASON_LENGTH = 512;

/**
 * Checks a reason phrase: visible characters, spaces and tabs of Latin-1 (RFC 9112 §4). It may be empty.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_REASON`
 */
export function checkReason(reason: string): string {
  if (typeof reason !== 'string') throw badReason(`must be a string, not ${showValue(reason)}`);
  if (reason.length > MAX_REASON_LENGTH) {
    throw badReason(`has at most ${String(MAX_REASON_LENGTH)} characters, not ${String(reason.length)}`);
  }
  const bad = indexOfBadCharacter(reason);
  if (bad < 0) return reason;
  throw badReason(`has a forbidden character at index ${String(bad)} (RFC 9112 §4)`);
}

/** Of the class of bad field values: they would split a response in the same way. */
function badReason(what: string): InvalidHeaderError {
  return new InvalidHeaderError('ERR_MILLRACE_REASON', 'reason', `A reason phrase ${what}`);
}

/** The one code without content that says so with a length. */
export const RESET_CONTENT = 205;

/**
 * False for the codes whose answers end after the header fields: 204 and 304 (RFC 9110 §6.4.1), and 205, which says so
 * with `Content-Length: 0` (§15.3.6).
 */
export function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== RESET_CONTENT && status !== 304;
}
