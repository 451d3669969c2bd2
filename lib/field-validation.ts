// field-validation.ts: lets a response header field pass only if it can do no harm on the wire.

import { InvalidHeaderError } from './errors.js';
import { indexOfBadCharacter, isToken } from './field-characters.js';
import { percentEncode } from './percent-encoding.js';
import { escapeText, showValue } from './show-value.js';

/** What the server has to know about a field, besides sending it. */
export type FieldKind = 'plain' | 'connection' | 'content-length' | 'content-type' | 'date';

/** A field name that has been checked. There is one object for each spelling, for as long as the cache holds it. */
export interface FieldName {
  /** As the app spells it, and as it is sent. */
  readonly name: string;
  /** In lower case: two names are the same if these are equal (RFC 9110 §5.1). */
  readonly lower: string;
  /** What stands before the value on the wire: `Content-Type: `. */
  readonly prefix: string;
  readonly kind: FieldKind;
  /** The field may occur only once, because its value is no list (RFC 9110 §5.3). */
  readonly single: boolean;
}

/** What `header()` and `append()` take as a value. */
export type FieldValueInput = string | number | readonly (string | number)[];

/** Equal to nothing that an app can give; `undefined` is what it gives by mistake. */
const NONE_YET = Symbol('none yet');

interface CachedName extends FieldName {
  /** The last value that passed for this name: apps send the same few again and again. */
  lastValid: string | typeof NONE_YET;
}

/** Fields whose meaning belongs to the server, because it delimits messages and manages connections. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['transfer-encoding', 'the server delimits the body itself (RFC 9112 §6.1)'],
  ['te', 'it belongs to requests (RFC 9110 §10.1.4)'],
  ['keep-alive', 'the server manages its connections; see timeouts.keepAliveMs'],
  ['proxy-connection', 'it never was a standard; use Connection (RFC 9112 appendix C.2.2)'],
]);

const KINDS: ReadonlyMap<string, FieldKind> = new Map([
  ['connection', 'connection'],
  ['content-length', 'content-length'],
  ['content-type', 'content-type'],
  ['date', 'date'],
]);

/** Response fields whose definition gives them one value, of RFC 9110, 9111, 6265, 6797 and 6266. */
const SINGLE: ReadonlySet<string> = new Set([
  'access-control-allow-origin',
  'age',
  'connection',
  'content-disposition',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
  'server',
  'strict-transport-security',
]);

/** Room for the names of any app; what makes up names from its input gains nothing, and loses no memory. */
const MAX_CACHED_NAMES = 1000;

/** No usual name is longer. Bounds the cache's memory together with the number above. */
const MAX_CACHED_NAME_LENGTH = 64;

/** Longer values are seldom the same twice, and would keep their memory. */
const MAX_REMEMBERED_VALUE_LENGTH = 64;

const names = new Map<string, CachedName>();

/**
 * Checks the name of a response field.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_NAME` if it is not a token (RFC 9110 §5.6.2),
 * `ERR_MILLRACE_HEADER_FRAMING` if the field belongs to the server.
 */
export function fieldName(name: string): FieldName {
  return names.get(name) ?? newFieldName(name);
}

/**
 * Checks one value of a field and gives it as text.
 *
 * White space around a value passes: it belongs to the field line, not to the value, and every receiver removes it
 * (RFC 9112 §5.1). Characters from U+0080 to U+00FF are sent as one byte each, as in node:http.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_VALUE` for a control character other than HTAB, a character above
 * U+00FF, or what is neither a string nor a finite number (RFC 9110 §5.5); `ERR_MILLRACE_HEADER_FRAMING` for a
 * Connection other than `close` and `keep-alive`, or a Content-Length that is not a decimal number.
 */
export function fieldValue(field: FieldName, value: string | number): string {
  const cached = field as CachedName; // fieldName() makes no others
  if (value === cached.lastValid) return value;
  const text = typeof value === 'string' ? value : numberText(field, value);
  const bad = indexOfBadCharacter(text);
  if (bad >= 0) throw badCharacter(field, text, bad);
  if (field.kind === 'connection') connectionWish(text);
  else if (field.kind === 'content-length') checkDecimal(text);
  if (text.length <= MAX_REMEMBERED_VALUE_LENGTH) cached.lastValid = text;
  return text;
}

/**
 * Checks all values of a field and gives them as text. An array gives a new array, so that nobody can change
 * it after the check.
 * @throws {@link InvalidHeaderError} as {@link fieldValue}, and `ERR_MILLRACE_HEADER_REPEATED` for several values of a field
 * that may occur only once.
 */
export function fieldValues(field: FieldName, values: FieldValueInput): string | readonly string[] {
  if (!isList(values)) return fieldValue(field, values);
  if (values.length === 1) return fieldValue(field, values[0]!);
  if (values.length > 1) checkRepeatable(field);
  const texts: string[] = [];
  for (const value of values) texts.push(fieldValue(field, value));
  return texts;
}

/**
 * Refuses a name that is no string, where any other is right: also one that could not be set.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_NAME`
 */
export function checkNameIsText(name: string): void {
  if (typeof name !== 'string') throw notAName(name);
}

/**
 * Refuses a second value for a field that may occur only once.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_REPEATED`
 */
export function checkRepeatable(field: FieldName): void {
  if (!field.single) return;
  throw new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_REPEATED',
    field.name,
    `Header field '${field.name}' may occur only once (RFC 9110 §5.3): set it, do not append to it`,
  );
}

/**
 * What a Connection field asks the server for.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_FRAMING` for anything but `close` and `keep-alive`.
 */
export function connectionWish(value: string): 'close' | 'keep-alive' {
  const option = value.trim().toLowerCase();
  if (option === 'close' || option === 'keep-alive') return option;
  throw new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_FRAMING',
    'Connection',
    `Header field 'Connection' must be 'close' or 'keep-alive', not ${showValue(value)}`,
  );
}

/**
 * Checks a Content-Length against what is sent, and gives it as a number.
 *
 * It must be the length of the body. Without a body, an answer to HEAD and a 304 may name the length that the
 * answer to GET would have (RFC 9110 §8.6); a 204 has none at all.
 * @param declared - A value that {@link fieldValue} let pass.
 * @param bodyBytes - Length of the body that the handler gave.
 * @param head - True for an answer to a HEAD request.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_FRAMING`
 */
export function checkContentLength(
  declared: string,
  bodyBytes: number,
  status: number,
  head: boolean,
): number {
  if (status === 204) throw framing('Content-Length', 'an answer 204 has none (RFC 9110 §8.6)');
  const length = Number(declared);
  // What GET or the 200 would have; a 205 has nothing either way (RFC 9110 §15.3.6).
  const isOfAnother = (head && status !== 205) || status === 304;
  if (length === bodyBytes || (bodyBytes === 0 && isOfAnother)) return length;
  throw framing('Content-Length', `it says ${declared}, the body has ${String(bodyBytes)} bytes`);
}

/** Controls, which nobody means to have in a URL; line breaks among them are how responses are split. */
const CONTROL = /\p{Cc}/u;

/** What RFC 3986 allows nowhere in a URI. `%` stays: what is encoded already is not encoded again. */
const NOT_IN_URI = /[^!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]+/gu;

/**
 * Makes a URL fit for a Location field (RFC 9110 §10.2.2): percent-encodes spaces, non-ASCII and other characters that
 * no URI has.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_VALUE` for control characters, which are refused, not repaired.
 */
export function encodeLocation(url: string): string {
  if (typeof url !== 'string') throw wrongType('Location', url);
  if (CONTROL.test(url)) throw badCharacter(fieldName('Location'), url, url.search(CONTROL));
  return percentEncode(url, NOT_IN_URI);
}

function newFieldName(name: string): FieldName {
  if (typeof name !== 'string' || !isToken(name)) throw notAName(name);
  const lower = name.toLowerCase();
  const reason = REFUSED.get(lower);
  if (reason !== undefined) throw framing(name, reason);

  const field: CachedName = {
    name,
    lower,
    // Whoever sends Upgrade, for example with 426, has to name it in Connection too (RFC 9110 §7.8).
    prefix: lower === 'upgrade' ? `Connection: Upgrade\r\n${name}: ` : `${name}: `,
    kind: KINDS.get(lower) ?? 'plain',
    single: SINGLE.has(lower),
    lastValid: NONE_YET,
  };
  if (name.length <= MAX_CACHED_NAME_LENGTH) {
    if (names.size >= MAX_CACHED_NAMES) names.clear();
    names.set(name, field);
  }
  return field;
}

function notAName(name: unknown): InvalidHeaderError {
  return new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_NAME',
    typeof name === 'string' ? escapeText(name) : typeof name,
    `A header field name must be a token (RFC 9110 §5.6.2), not ${showValue(name)}`,
  );
}

function isList(values: FieldValueInput): values is readonly (string | number)[] {
  return Array.isArray(values);
}

function numberText(field: FieldName, value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw wrongType(field.name, value);
}

function checkDecimal(text: string): void {
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(Number(text))) return;
  throw framing('Content-Length', `it must be a decimal number of bytes, not ${showValue(text)}`);
}

function framing(name: string, reason: string): InvalidHeaderError {
  return new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_FRAMING',
    escapeText(name),
    `Header field '${escapeText(name)}' cannot be sent: ${reason}`,
  );
}

function wrongType(name: string, value: unknown): InvalidHeaderError {
  return new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_VALUE',
    name,
    `Header field '${name}' must be a string or a finite number, not ${showValue(value)}`,
  );
}

/** Says where and what, but does not repeat the value: it may be a secret, and errors are logged. */
function badCharacter(field: FieldName, text: string, index: number): InvalidHeaderError {
  const code = text.charCodeAt(index).toString(16).toUpperCase().padStart(4, '0');
  return new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_VALUE',
    field.name,
    `Header field '${escapeText(field.name)}' has the forbidden character U+${code} at index ${String(index)} of its value ` +
      '(RFC 9110 §5.5)',
  );
}

/** Fields that a recipient has to know before the body, or that are about the message itself (RFC 9110 §6.5.1). */
const NOT_TRAILERS: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'content-encoding',
  'content-range',
  'expires',
  'host',
  'location',
  'proxy-authenticate',
  'retry-after',
  'set-cookie',
  'trailer',
  'upgrade',
  'vary',
  'www-authenticate',
]);

/**
 * Refuses fields that may not follow the body.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_FRAMING`
 */
export function checkTrailerName(field: FieldName): void {
  if (field.kind === 'plain' && !NOT_TRAILERS.has(field.lower)) return;
  throw new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_FRAMING',
    field.name,
    `'${field.name}' cannot be a trailer field: recipients need it ahead of the body (RFC 9110 §6.5.1)`,
  );
}

/**
 * Refuses fields that early hints cannot have: those that are about the final answer's framing or the connection.
 * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_FRAMING`
 */
export function checkHintName(field: FieldName): void {
  if ((field.kind === 'plain' && field.lower !== 'upgrade') || field.kind === 'content-type') return;
  throw new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_FRAMING',
    field.name,
    `'${field.name}' belongs to the final answer, not to early hints (RFC 8297 §2)`,
  );
}
