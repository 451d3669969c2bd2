// bytes.ts: what the rows of the table are put together from. One character is one byte.

/** Beginnings that most rows share, so that a row shows what is special about it. */
export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
export const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
/** Behind a request line's method and target. */
export const TAIL = ' HTTP/1.1\r\nHost: a\r\n\r\n';
/** The head of a POST whose body is chunked. */
export const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
/** A body of one chunk, and one of none. */
export const HELLO = '5\r\nhello\r\n0\r\n\r\n';
export const LAST = '0\r\n\r\n';
/** A request behind the one in question, and what has to come of it. */
export const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
export const NEXT_SEEN = { body: '', seen: { path: '/next' } } as const;

/** The characters of a text, each a byte. */
export function charactersOf(text: string): string[] {
  return Array.from(text);
}

/** Characters from `first` to `last`. */
function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, n) => String.fromCharCode(first + n));
}

/** Control characters that may stand in no value; not CR and LF, which would end it (RFC 9110 §5.5). */
export const CONTROLS = [...range(0x00, 0x1f), '\x7f'].filter((c) => !'\t\r\n'.includes(c));
/** Bytes above 127: obs-text (RFC 9110 §5.5). */
export const HIGH_BYTES = range(0x80, 0xff);
/** What may stand in a token, and the visible characters that may not (RFC 9110 §5.6.2). */
export const DELIMITERS = charactersOf('"(),/:;<=>?@[\\]{}');
export const TOKEN_CHARACTERS = range(0x21, 0x7e).filter((c) => !DELIMITERS.includes(c));

/** One request for each of these texts. */
export function forEach(texts: readonly string[], make: (text: string) => string): string[] {
  return texts.map(make);
}
