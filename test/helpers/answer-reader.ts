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
  /** Statuses of the interim answers (1xx) that came before. */
  readonly interim: readonly number[];
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
      continue;
    }
    checkFields(head.status, headers);
    const length = bodyLength(head.status, headers, toHead);
    if (rest.length < length) return { needed: received.length + length - rest.length };
    const body = Buffer.from(rest.subarray(0, length));
    const { status, reason, fields } = head;
    const answer = { status, reason, fields, headers, body, text: body.toString(), interim };
    return { answer, rest: rest.subarray(length) };
  }
}

function takeHead(received: Buffer): Head | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const [, status, reason] = STATUS_LINE.exec(statusLine) ?? assert.fail(`bad status line: ${statusLine}`);
  const fields = lines.map((line): [string, string] => {
    const [, name, value = ''] =
      FIELD_LINE.exec(line) ?? assert.fail(`bad field line: ${JSON.stringify(line)}`);
    return [name!, value];
  });
  return { status: Number(status), reason: reason!, fields, bytes: end + 4 };
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

function checkFields(status: number, headers: Readonly<Record<string, string>>): void {
  assert.match(headers['date'] ?? 'none', DATE, 'every final answer has a Date (RFC 9110 §6.6.1)');
  assert.ok(!('transfer-encoding' in headers), 'no answer of this server is chunked');
  if (status === 204) assert.ok(!('content-length' in headers), 'Content-Length in a 204 (RFC 9110 §8.6)');
  else if (status !== 304) assert.match(headers['content-length'] ?? 'none', /^\d+$/, 'Content-Length');
}

function bodyLength(status: number, headers: Readonly<Record<string, string>>, toHead: boolean): number {
  if (toHead || status === 204 || status === 304) return 0;
  return Number(headers['content-length']);
}
