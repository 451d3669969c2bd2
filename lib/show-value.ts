// show-value.ts: shows a value that somebody passed in, inside an error message. Never throws, never runs user code.

const LONGEST_SHOWN = 60;

/**
 * Escapes whatever could garble a log line or a terminal (line breaks, escape sequences, bidirectional marks) and
 * shortens the rest.
 */
export function escapeText(text: string): string {
  const head = text.length > LONGEST_SHOWN ? text.slice(0, LONGEST_SHOWN) : text;
  const escaped = head.replace(/[^\x20-\x7e]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
  });
  return head === text ? escaped : `${escaped}…`;
}

/** Names a value for an error message: `the string '10'`, `NaN`, `10n`, `null`, `an array`. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `the string '${escapeText(value)}'`;
    case 'bigint':
      return `the bigint ${escapeText(String(value))}n`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'symbol':
      return 'a symbol';
    case 'function':
      return 'a function';
    default:
      return value === null ? 'null' : isArray(value) ? 'an array' : 'an object';
  }
}

/** `Array.isArray`, which throws for a revoked proxy. */
function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}
