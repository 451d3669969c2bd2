// requests.ts: the text of requests.

/** Field lines by name; an array gives a line for each value. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** A request head: HTTP/1.1, with Host unless `fields` has one. */
export function head(method: string, target: string, fields: Fields = {}): string {
  const lines = Object.entries({ Host: 'test', ...fields }).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}\r\n`),
  );
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A GET request. */
export function get(target: string, fields: Fields = {}): string {
  return head('GET', target, fields);
}

/** A POST request with a Content-Length; a body of text is sent as latin1, one byte for each character. */
export function post(target: string, body: string, fields: Fields = {}): string {
  return head('POST', target, { 'Content-Length': String(body.length), ...fields }) + body;
}

/** A POST request whose body is sent in these chunks. */
export function postChunked(target: string, chunks: readonly string[], fields: Fields = {}): string {
  return head('POST', target, { 'Transfer-Encoding': 'chunked', ...fields }) + chunked(chunks);
}

/** A body in chunked coding (RFC 9112 §7.1). */
export function chunked(chunks: readonly string[]): string {
  return chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('') + '0\r\n\r\n';
}
