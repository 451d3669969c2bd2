// header-joins.ts: what becomes of request fields that occur several times; the same as in node:http.

/**
 * How several fields of one name become one value.
 *
 * - `first`: the first counts, the others are dropped.
 * - `list`: joined by `, ` (RFC 9110 §5.3).
 * - `cookie`: joined by `; ` (RFC 9113 §8.2.3).
 * - `array`: kept apart, in an array.
 */
export type HeaderJoin = 'first' | 'list' | 'cookie' | 'array';

/** The names whose rule is not `list`, in lower case, as node:http documents them for `message.headers`. */
const RULES: ReadonlyMap<string, HeaderJoin> = new Map<string, HeaderJoin>([
  ['age', 'first'],
  ['authorization', 'first'],
  ['content-length', 'first'],
  ['content-type', 'first'],
  ['etag', 'first'],
  ['expires', 'first'],
  ['from', 'first'],
  ['host', 'first'],
  ['if-modified-since', 'first'],
  ['if-unmodified-since', 'first'],
  ['last-modified', 'first'],
  ['location', 'first'],
  ['max-forwards', 'first'],
  ['proxy-authorization', 'first'],
  ['referer', 'first'],
  ['retry-after', 'first'],
  ['server', 'first'],
  ['user-agent', 'first'],
  ['cookie', 'cookie'],
  ['set-cookie', 'array'],
]);

/** The rule for a field. */
export function joinRuleOf(lowerName: string): HeaderJoin {
  return RULES.get(lowerName) ?? 'list';
}

/** The joined value of a field after one more has been met. Not for `array`, which is not joined. */
export function joinHeader(
  rule: Exclude<HeaderJoin, 'array'>,
  before: string | undefined,
  next: string,
): string {
  if (before === undefined) return next;
  switch (rule) {
    case 'first':
      return before;
    case 'list':
      return `${before}, ${next}`;
    case 'cookie':
      return `${before}; ${next}`;
  }
}

/** Adds a field to an object like node:http's `message.headers`, which has no prototype: a field may have any name. */
export function addHeader(
  headers: Record<string, string | string[]>,
  lowerName: string,
  value: string,
): void {
  const rule = joinRuleOf(lowerName);
  const before = headers[lowerName];
  if (rule !== 'array') headers[lowerName] = joinHeader(rule, before as string | undefined, value);
  else if (Array.isArray(before)) before.push(value);
  else headers[lowerName] = [value];
}
