// answer-reader.ts: takes answers out of the bytes of a connection, and refuses whatever is not exactly right.

import assert from 'node:assert/strict';

/** One answer, read strictly. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** As they were sent: name and value of each field line. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** By lower-case name; of several lines, the values joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body as UTF-8. */
  readonly text: string;
  /** Statuses of the interim answers (1xx) that came before, and the field lines of them all. */
  readonly interim: readonly number[];
  readonly hints: Answer['fields'];
  /** Lengths of the chunks, where it came in chunks (RFC 9112 §7.1), and the field lines behind the last one. */
  readonly chunks: readonly number[] | undefined;
  readonly trailers: Answer['fields'];
}

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly fields: [string, string][];
  readonly bytes: number;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)$/;
const FIELD_LINE =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

/** Fields of which two in one answer are always a mistake. */
const ONCE = ['content-length', 'content-type', 'date', 'connection', 'retry-after', 'location', 'allow'];

/**
 * Takes one final answer from the front of `received`, with the interim ones before it.
 * @param toHead - It answers HEAD, so it has no body whatever its fields say (RFC 9110 §9.3.2).
 * @returns While it is incomplete, how many bytes there must be at least before looking again makes sense.
 */
export function takeAnswer(
  received: Buffer,
  toHead: boolean,
): { answer: Answer; rest: Buffer } | { needed: number } {
  const interim: number[] = [];
  const hints: [string, string][] = [];
  let rest = received;
  for (;;) {
    const head = takeHead(rest);
    if (head === undefined) return { needed: received.length + 1 };
    rest = rest.subarray(head.bytes);
    const headers = joined(head.fields);
    if (head.status < 200) {
      for (const name of ['content-length', 'transfer-encoding'])
        assert.ok(!(name in headers), `${name} in a 1xx`);
      interim.push(head.status);
      hints.push(...head.fields);
      continue;
    }
    checkFields(head.status, headers, toHead);
    const taken = takeBody(rest, head.status, headers, toHead);
    if ('needed' in taken) return { needed: received.length + taken.needed };
    const { status, reason, fields } = head;
    const { body, chunks, trailers } = taken;
    const answer = {
      status,
      reason,
      fields,
      headers,
      body,
      // Only where it is asked for: of a large body that is no text it takes longer than all else.
      get text() {
        return body.toString();
      },
      interim,
      hints,
      chunks,
      trailers,
    };
    return { answer, rest: rest.subarray(taken.bytes) };
  }
}

interface Body {
  readonly body: Buffer;
  /** On the wire. */
  readonly bytes: number;
  readonly chunks: readonly number[] | undefined;
  readonly trailers: Answer['fields'];
}

/** `needed`: so many bytes more, at least. */
function takeBody(
  rest: Buffer,
  status: number,
  headers: Readonly<Record<string, string>>,
  toHead: boolean,
): Body | { needed: number } {
  if (headers['transfer-encoding'] === 'chunked' && !toHead) return takeChunks(rest);
  const length = bodyLength(status, headers, toHead);
  if (rest.length < length) return { needed: length - rest.length };
  return { body: Buffer.from(rest.subarray(0, length)), bytes: length, chunks: undefined, trailers: [] };
}

/** A body in chunks, read as strictly as RFC 9112 §7.1 allows: no extensions, no leading zeros. */
function takeChunks(rest: Buffer): Body | { needed: number } {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return { needed: 1 };
    const size = rest.toString('latin1', at, lineEnd);
    assert.match(size, /^(?:0|[1-9a-f][0-9a-f]*)$/, 'a chunk size');
    const length = Number.parseInt(size, 16);
    at = lineEnd + 2;
    if (length === 0) break;
    if (rest.length < at + length + 2) return { needed: at + length + 2 - rest.length };
    pieces.push(rest.subarray(at, at + length));
    assert.equal(rest.toString('latin1', at + length, at + length + 2), '\r\n', 'the end of a chunk');
    at += length + 2;
  }
  const trailers: [string, string][] = [];
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return { needed: 1 };
    const line = rest.toString('latin1', at, lineEnd);
    at = lineEnd + 2;
    if (line === '') break;
    trailers.push(fieldOf(line));
  }
  return { body: Buffer.concat(pieces), bytes: at, chunks: pieces.map(({ length }) => length), trailers };
}

function takeHead(received: Buffer): Head | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const [, status, reason] = STATUS_LINE.exec(statusLine) ?? assert.fail(`bad status line: ${statusLine}`);
  const fields = lines.map(fieldOf);
  return { status: Number(status), reason: reason!, fields, bytes: end + 4 };
}

function fieldOf(line: string): [string, string] {
  const [, name, value = ''] =
    FIELD_LINE.exec(line) ?? assert.fail(`bad field line: ${JSON.stringify(line)}`);
  return [name!, value];
}

function joined(fields: readonly (readonly [string, string])[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const before = headers[lower];
    assert.ok(before === undefined || !ONCE.includes(lower), `two lines of ${name}`);
    headers[lower] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}

/** An answer to HEAD may leave out its length (RFC 9110 §9.3.2): its end is known without it. */
function checkFields(status: number, headers: Readonly<Record<string, string>>, toHead: boolean): void {
  assert.match(headers['date'] ?? 'none', DATE, 'every final answer has a Date (RFC 9110 §6.6.1)');
  if ('transfer-encoding' in headers) {
    assert.equal(headers['transfer-encoding'], 'chunked');
    assert.ok(!('content-length' in headers), 'Content-Length beside Transfer-Encoding (RFC 9112 §6.2)');
    assert.ok(status !== 204 && status !== 304, `Transfer-Encoding in a ${String(status)}`);
    return;
  }
  if (status === 204) assert.ok(!('content-length' in headers), 'Content-Length in a 204 (RFC 9110 §8.6)');
  else if (status !== 304 && (!toHead || 'content-length' in headers))
    assert.match(headers['content-length'] ?? 'none', /^\d+$/, 'Content-Length');
}

function bodyLength(status: number, headers: Readonly<Record<string, string>>, toHead: boolean): number {
  if (toHead || status === 204 || status === 304) return 0;
  return Number(headers['content-length']);
}
