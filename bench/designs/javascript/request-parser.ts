// request-parser.ts: takes one HTTP/1.1 request out of what was received: Content-Length bodies only, and strict.

import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../limits.js';

export type Parsed =
  /** `bytes`: how many there must be before looking again makes sense. */
  | { readonly state: 'incomplete'; readonly bytes: number }
  /** The connection has to end then. */
  | { readonly state: 'refused'; readonly status: number }
  | { readonly state: 'complete'; readonly bytes: number; readonly request: ParsedRequest };

export interface ParsedRequest {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
  readonly keepAlive: boolean;
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\/[\x21-\x7e]*) (HTTP\/\d\.\d)$/;
/** Names are tokens; no space before the colon, and no folded lines (RFC 9112 §5). */
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\xff]*)$/;

const LINE_END = '\r\n';
const HEAD_END = '\r\n\r\n';

export function parseRequest(received: Buffer): Parsed {
  let begin = 0; // empty lines before a request are to be ignored (RFC 9112 §2.2)
  while (received.indexOf(LINE_END, begin) === begin) begin += LINE_END.length;
  const end = received.indexOf(HEAD_END, begin);
  if ((end < 0 ? received.length : end) > MAX_HEAD_BYTES) return { state: 'refused', status: 431 };
  if (end < 0) {
    // What cannot become a request is not waited for.
    const [first = ''] = received.toString('latin1', begin).split(LINE_END, 1);
    return first.includes('\n') ? refused(400) : { state: 'incomplete', bytes: received.length + 1 };
  }
  const [requestLine = '', ...fieldLines] = received.toString('latin1', begin, end).split(LINE_END);
  const [, method, target, version] = REQUEST_LINE.exec(requestLine) ?? [];
  if (method === undefined || target === undefined) return refused(400);
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return refused(505);

  const fields = fieldsOf(fieldLines);
  if (fields === undefined) return refused(400);
  const hosts = fields.get('host') ?? [];
  if (hosts.length > 1 || (hosts.length === 0 && version === 'HTTP/1.1')) return refused(400);
  const lengths = fields.get('content-length') ?? [];
  if (fields.has('transfer-encoding'))
    return refused(lengths.length > 0 || version === 'HTTP/1.0' ? 400 : 411);
  const [length = '0'] = lengths;
  if (lengths.length > 1 || !/^\d+$/.test(length)) return refused(400);
  if (Number(length) > MAX_BODY_BYTES) return refused(413);

  const bodyAt = end + HEAD_END.length;
  const bytes = bodyAt + Number(length);
  if (received.length < bytes) return { state: 'incomplete', bytes };
  const options = (fields.get('connection') ?? []).flatMap((value) =>
    value.toLowerCase().split(/[\t ]*,[\t ]*/),
  );
  const keepAlive = !options.includes('close') && (version === 'HTTP/1.1' || options.includes('keep-alive'));
  return {
    state: 'complete',
    bytes,
    request: { method, target, body: received.subarray(bodyAt, bytes), keepAlive },
  };
}

function refused(status: number): Parsed {
  return { state: 'refused', status };
}

/** Values by lower-case name; undefined where a line is none. */
function fieldsOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> | undefined {
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const values = fields.get(name.toLowerCase());
    const trimmed = value.replace(/[\t ]+$/, '');
    if (values) values.push(trimmed);
    else fields.set(name.toLowerCase(), [trimmed]);
  }
  return fields;
}
