// pattern.ts: reads route patterns, and takes parameters out of the paths that they match.

import { RouteError } from './errors.js';
import { isToken } from './field-characters.js';
import { percentDecode, percentEncode } from './percent-encoding.js';
import { showValue } from './show-value.js';

/** A parameter of a pattern. */
export interface PathParam {
  readonly name: string;
  /** Which segment of the path it takes; 0 is the first. */
  readonly segment: number;
}

/** A route pattern that has been checked. */
export interface RoutePattern {
  /** As the app wrote it. */
  readonly source: string;
  /** As the native router takes it: percent-encoded, because it compares paths as they were sent. */
  readonly native: string;
  /** In the order in which they occur. */
  readonly params: readonly PathParam[];
  /** The pattern ends in `*`. */
  readonly wildcard: boolean;
  /** Which segment the `*` starts at; −1: it is the whole pattern, or there is none. */
  readonly wildcardSegment: number;
}

/** The parameters of a request's path, decoded. What `*` took is under the name `*`. */
export type PathParams = Record<string, string>;

/** The native router's bound (`Router::kMaxSegments`). */
const MAX_SEGMENTS = 64;

const PARAM_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What clients that follow the URL standard escape in a path, and so never send as it is (URL standard, §1.3). */
const ESCAPED_BY_CLIENTS = /[^!$%&'()*+,\-./0-9:;=@A-Z[\]_a-z|~]+/gu;

/** `.` and `..`, also escaped. Clients resolve them before they send anything (RFC 3986 §5.2.4). */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;

/**
 * Reads a route pattern.
 *
 * - `/a/b`: exactly this path. What has to be percent-encoded is: `/café` is found as clients ask for it, `/caf%C3%A9`.
 *   A pattern that is encoded already stays so.
 * - `/users/:id`: one segment, not empty. Names are letters, digits and `_`, do not start with a digit and occur once.
 * - `/files/*`: everything below `/files/`.
 * - `*`: any path, also the `*` of `OPTIONS *` (RFC 9112 §3.2.4).
 *
 * A `:` inside a segment is literal (`/books:search`).
 * @throws {@link RouteError} `ERR_MILLRACE_ROUTE_PATTERN`
 */
export function parsePattern(pattern: unknown): RoutePattern {
  if (typeof pattern !== 'string') throw malformed(pattern, 'it must be a string');
  if (pattern === '*') return { source: '*', native: '*', params: [], wildcard: true, wildcardSegment: -1 };
  if (!pattern.startsWith('/')) throw malformed(pattern, "it must start with '/', or be '*'");
  if (/[?#]/.test(pattern)) {
    const hint = /:\w+\?/.test(pattern) ? '; for a segment that may be missing add two routes' : '';
    throw malformed(pattern, `a route is found by its path: no '?' and no '#'${hint}`);
  }

  const segments = pattern.slice(1).split('/');
  if (segments.length > MAX_SEGMENTS) {
    throw malformed(pattern, `it has more than ${String(MAX_SEGMENTS)} segments`);
  }
  const wildcard = segments.at(-1) === '*';
  const params: PathParam[] = [];
  const native = segments.map((segment, index) => {
    if (wildcard && index === segments.length - 1) return segment;
    if (!segment.startsWith(':')) return encodeLiteral(pattern, segment);
    const name = segment.slice(1);
    checkParamName(pattern, name, params);
    params.push({ name, segment: index });
    return segment;
  });
  const wildcardSegment = wildcard ? segments.length - 1 : -1;
  return { source: pattern, native: `/${native.join('/')}`, params, wildcard, wildcardSegment };
}

/**
 * Checks the method of a route: a token, used as it is written, because methods are case-sensitive (RFC 9110 §9.1).
 * @throws {@link RouteError} `ERR_MILLRACE_ROUTE_METHOD`
 */
export function checkMethod(method: unknown): string {
  // `*` is a token, but to the router it means all methods.
  if (typeof method === 'string' && method !== '*' && isToken(method)) return method;
  const hint = method === '*' ? '; all() adds a route for all methods' : '';
  throw new RouteError(
    'ERR_MILLRACE_ROUTE_METHOD',
    `A method must be a token such as 'GET' (RFC 9110 §9.1), not ${showValue(method)}${hint}`,
  );
}

/**
 * Takes the parameters out of a path that the pattern matches.
 * @param path - As it was sent, without the query.
 * @returns An object without prototype: a parameter may have any name. Values are percent-decoded; one that is not
 * valid UTF-8 when decoded stays as it was sent. Decoding also turns `%2F` into `/`, so tell segments of `*` apart
 * in the raw path where that matters.
 */
export function paramsOf(pattern: RoutePattern, path: string): PathParams {
  const params = Object.create(null) as PathParams;
  let segment = 0;
  let start = 1;
  for (const param of pattern.params) {
    start = skipSegments(path, start, param.segment - segment);
    segment = param.segment;
    const end = path.indexOf('/', start);
    params[param.name] = percentDecode(path.slice(start, end < 0 ? path.length : end));
  }
  if (pattern.wildcard) {
    start = pattern.wildcardSegment < 0 ? 0 : skipSegments(path, start, pattern.wildcardSegment - segment);
    params['*'] = percentDecode(path.slice(start));
  }
  return params;
}

/** Where the segment starts that comes `count` after the one at `start`; the end of the path if there is none. */
function skipSegments(path: string, start: number, count: number): number {
  let at = start;
  for (let i = 0; i < count; i++) {
    const slash = path.indexOf('/', at);
    if (slash < 0) return path.length;
    at = slash + 1;
  }
  return at;
}

function checkParamName(pattern: string, name: string, params: readonly PathParam[]): void {
  if (!PARAM_NAME.test(name)) {
    throw malformed(
      pattern,
      `':' is followed by a name of letters, digits and '_' up to the next '/', not by ${showValue(name)}`,
    );
  }
  if (params.some((param) => param.name === name))
    throw malformed(pattern, `the name '${name}' occurs twice`);
}

function encodeLiteral(pattern: string, segment: string): string {
  if (segment.includes('*')) throw malformed(pattern, "'*' stands alone, as the last segment");
  if (DOT_SEGMENT.test(segment)) throw malformed(pattern, `clients never send the segment '${segment}'`);
  if (/%(?![0-9A-Fa-f]{2})/.test(segment)) {
    throw malformed(pattern, "'%' is followed by two hexadecimal digits; the character itself is '%25'");
  }
  const upper = segment.replaceAll(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase()); // RFC 3986 §6.2.2.1
  return percentEncode(upper, ESCAPED_BY_CLIENTS);
}

function malformed(pattern: unknown, reason: string): RouteError {
  return new RouteError('ERR_MILLRACE_ROUTE_PATTERN', `Route pattern ${showValue(pattern)}: ${reason}`);
}
