// request.ts: HttpRequest, what a handler sees of a request.

import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { inspect, type InspectOptionsStylized } from 'node:util';

import { formatAddress } from './address.js';
import { binding } from './binding.js';
import { BodyStream } from './body-stream.js';
import { BodyError, StateError } from './errors.js';
import { addHeader, joinHeader, joinRuleOf, type HeaderJoin } from './header-joins.js';
import { paramsOf, type PathParams, type RoutePattern } from './pattern.js';
import {
  fieldCount,
  fieldId,
  fieldName,
  fieldSection,
  fieldsStart,
  fieldValue,
  mayHaveName,
  methodText,
  pathText,
  queryText,
  targetAuthority,
  targetText,
  u16,
  u8,
} from './request-record.js';
import { CompressedBody, type DecompressionLimits } from './compressed-body.js';
import type { BodySource } from './incoming-body.js';
import { inspectAs } from './inspect-as.js';
import { mayBeLeft } from './may-be-left.js';
import { decodeUtf8, RequestBody } from './request-body.js';
import { HttpResponse } from './response.js';
import {
  RECORD_FIELD_BYTES,
  RECORD_METHOD,
  RECORD_MINOR_VERSION,
  RECORD_PEER_ADDRESS,
  RECORD_PEER_FAMILY,
  RECORD_PEER_PORT,
  RECORD_TARGET_FORM,
} from './ring-layout.js';

/** By the numbers of `Method` in native/http/request_head.h; 0 is any other. */
const METHODS = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;

/** `TargetForm::absolute` and `TargetForm::authority`. */
const ABSOLUTE_FORM = 1;
const AUTHORITY_FORM = 2;

const EMPTY_BODY = Buffer.alloc(0);

/** What the server knows of a field's name. */
interface KnownField {
  readonly name: string;
  readonly rule: HeaderJoin;
}

/** Known fields by their numbers; 0 is none. With the numbers by name, filled when the first request comes. */
let knownFields: readonly KnownField[] = [];
const fieldIds = new Map<string, number>();
let hostId = 0;

function learnFieldNames(): void {
  knownFields = binding().fieldNames.map((name) => ({ name, rule: joinRuleOf(name) }));
  knownFields.forEach(({ name }, id) => {
    if (id > 0) fieldIds.set(name, id);
  });
  hostId = fieldIds.get('host')!;
}

/**
 * Request fields as node:http's `message.headers`, also by their type: lower-case names, no prototype. Only `set-cookie` is an
 * array.
 */
export type HeadersObject = IncomingHttpHeaders;

/** What few requests have, or are asked for: the body, and what is an object of the app's once it has been read. */
interface Extras {
  body?: RequestBody | BodySource | undefined;
  /** Of a BodySource: all of it, asked for once. */
  whole?: Promise<Buffer>;
  /** It is read, or has been, piece by piece. */
  isTakenApart?: boolean;
  params?: PathParams;
  searchParams?: URLSearchParams;
  headers?: HeadersObject;
}

/**
 * A request. Valid for as long as you hold it, also after the answer: everything in it is its own copy.
 *
 * Nothing is decoded before it is read. A request that is kept in memory keeps some kilobytes: its own head, and those
 * of requests that came in the same moment.
 */
export class HttpRequest {
  readonly #records: string;
  readonly #start: number;
  readonly #pattern: RoutePattern | undefined;
  readonly #response: HttpResponse;
  #extras: Extras | undefined;

  /** @internal Requests are made by the server. */
  constructor(
    records: string,
    start: number,
    body: RequestBody | BodySource | undefined,
    pattern: RoutePattern | undefined,
    response: HttpResponse,
  ) {
    this.#response = response;
    this.#records = records;
    this.#start = start;
    this.#pattern = pattern;
    this.#extras = body === undefined ? undefined : { body };
  }

  /** @internal Has the body decompressed if the client has compressed it, once it is read. */
  static decompress(request: HttpRequest, limits: DecompressionLimits): void {
    const extras = request.#extras;
    if (extras?.body === undefined) return;
    extras.body = CompressedBody.of(extras.body, request.header('content-encoding'), limits);
  }

  /** The method as it was sent; methods are case-sensitive (RFC 9110 §9.1). */
  get method(): string {
    const id = u8(this.#records, this.#start + RECORD_METHOD);
    return id === 0 ? methodText(this.#records, this.#start) : METHODS[id]!;
  }

  /** The request target exactly as it was sent (RFC 9112 §3.2). */
  get target(): string {
    return targetText(this.#records, this.#start);
  }

  /** The same as {@link target}: what node:http calls it. */
  get url(): string {
    return this.target;
  }

  /**
   * Path of the target as it was sent, not decoded, without the query; `*` for `OPTIONS *`, also when a proxy writes it as
   * `OPTIONS http://host` (RFC 9112 §3.2.4).
   */
  get path(): string {
    const path = pathText(this.#records, this.#start);
    if (path !== '' || this.#targetForm !== ABSOLUTE_FORM) return path;
    return this.method === 'OPTIONS' && !this.target.includes('?') ? '*' : '/';
  }

  /** Query of the target as it was sent, without its `?`; empty if there is none. */
  get query(): string {
    return queryText(this.#records, this.#start);
  }

  /** The query, taken apart. Parsed at the first use. */
  get searchParams(): URLSearchParams {
    const extras = (this.#extras ??= {});
    return (extras.searchParams ??= new URLSearchParams(this.query));
  }

  /**
   * What the pattern's `:name` segments and its `*` (under the name `*`) have matched, percent-decoded; text that does
   * not decode stays as it was sent.
   */
  get params(): PathParams {
    const extras = (this.#extras ??= {});
    return (extras.params ??= this.#readParams());
  }

  /**
   * Whom the client wants to talk to, `host[:port]`: from an absolute-form target, else the Host field (RFC 9112
   * §3.2.2); empty for HTTP/1.0 without either.
   */
  get authority(): string {
    const form = this.#targetForm;
    if (form === ABSOLUTE_FORM) return targetAuthority(this.#records, this.#start);
    if (form === AUTHORITY_FORM) return this.target;
    if (fieldIds.size === 0) learnFieldNames();
    return (this.#find(hostId, undefined, 'first') as string | undefined) ?? '';
  }

  /** `'1.1'` or `'1.0'`. */
  get httpVersion(): '1.0' | '1.1' {
    return u8(this.#records, this.#start + RECORD_MINOR_VERSION) === 0 ? '1.0' : '1.1';
  }

  /** The client's IP address; undefined on a Unix socket. */
  get remoteAddress(): string | undefined {
    const family = u8(this.#records, this.#start + RECORD_PEER_FAMILY);
    return formatAddress(family, (i) => u8(this.#records, this.#start + RECORD_PEER_ADDRESS + i));
  }

  /** The client's port; undefined on a Unix socket. */
  get remotePort(): number | undefined {
    if (u8(this.#records, this.#start + RECORD_PEER_FAMILY) === 0) return undefined;
    return u16(this.#records, this.#start + RECORD_PEER_PORT);
  }

  /**
   * Value of a header field, by its name in any case. Of a field sent several times, what node:http makes of it:
   * for most the values joined by `, `, for some the first, for `set-cookie` an array.
   *
   * `header('host')` is {@link authority}: the target's host counts, if it has one (RFC 9112 §3.2.2).
   */
  header(name: 'set-cookie'): string[] | undefined;
  header(name: string): string | undefined;
  header(name: string): string | string[] | undefined {
    if (fieldIds.size === 0) learnFieldNames();
    const id = fieldIds.get(name) ?? fieldIds.get(name.toLowerCase());
    if (id === undefined) {
      const lower = name.toLowerCase();
      return this.#find(0, lower, joinRuleOf(lower));
    }
    if (id === hostId) return this.authority || undefined;
    return this.#find(id, undefined, knownFields[id]!.rule);
  }

  /** All header fields by their lower-case names, joined as by {@link header}. Made at the first use. */
  get headers(): HeadersObject {
    const extras = (this.#extras ??= {});
    return (extras.headers ??= this.#readHeaders());
  }

  /** All header fields as they were sent: name, value, name, value, … */
  get rawHeaders(): string[] {
    const records = this.#records;
    const section = fieldSection(records, this.#start);
    const raw: string[] = [];
    let field = fieldsStart(records, this.#start);
    for (let left = fieldCount(records, this.#start); left > 0; left--, field += RECORD_FIELD_BYTES) {
      raw.push(fieldName(records, section, field), fieldValue(records, section, field));
    }
    return raw;
  }

  /**
   * The body, piece by piece as it comes: `for await (const chunk of req.body)`. A client that sends faster than this is
   * read has to wait. For bodies that came with their head it is one piece, for none it is none.
   *
   * A body can be read in this way, or with {@link stream}, once. What nobody reads is thrown away after the
   * answer, or the connection ends if much of it is left.
   * @throws {@link StateError} `ERR_MILLRACE_BODY_USED` when it has been read already; {@link AbortedError} when the
   * client goes, sends what is no body, or is too slow. Both from the iteration.
   */
  get body(): AsyncIterableIterator<Buffer> {
    return this.#pieces();
  }

  /**
   * The body as a Readable of Node's, for `pipe()` and `pipeline()`. As {@link body}; but where nobody listens for its
   * errors, it ends without one (`close` and no `end`) when the client goes, as in node:http.
   */
  stream(): Readable {
    return new BodyStream(this.#pieces());
  }

  /**
   * The body; empty if the request has none. Yours to keep and to change; the same each time.
   * @throws {@link StateError} `ERR_MILLRACE_BODY_USED` when it has been read piece by piece; {@link AbortedError} as
   * {@link body}; {@link BodyError} where `decompression` finds no gzip, or too much; as rejections. One of the latter two
   * of a promise that nobody awaits any more does no harm.
   */
  buffer(): Promise<Buffer> {
    const body = this.#extras?.body;
    // The way of nearly all, as in text().
    if (body instanceof RequestBody && this.#extras!.isTakenApart !== true)
      return Promise.resolve(body.buffer());
    return mayBeLeft(this.#buffer());
  }

  /**
   * The body as text, decoded as UTF-8; what is not UTF-8 becomes U+FFFD, a byte order mark is dropped. Throws as
   * {@link buffer}.
   */
  text(): Promise<string> {
    const body = this.#extras?.body;
    // The way of nearly all, without the turns that an async function takes.
    if (body instanceof RequestBody && this.#extras!.isTakenApart !== true)
      return Promise.resolve(body.text());
    return mayBeLeft(this.buffer().then(decodeUtf8));
  }

  /**
   * The body, parsed as JSON. Whatever its Content-Type says.
   * @throws {@link BodyError} `ERR_MILLRACE_BODY_JSON`, as a rejection, if it is not JSON. A handler that lets it pass
   * answers 400. Else as {@link buffer}.
   */
  json<T = unknown>(): Promise<T> {
    const body = this.#extras?.body;
    if (!(body instanceof RequestBody) || this.#extras!.isTakenApart === true) {
      return mayBeLeft(this.text().then((text) => parseJson(text) as T));
    }
    try {
      return Promise.resolve(parseJson(body.text()) as T);
    } catch (error) {
      return mayBeLeft(Promise.reject(error as Error));
    }
  }

  /**
   * Fields that followed the body (RFC 9110 §6.5), by their lower-case names, joined as by {@link header}. Empty until
   * the body has been read to its end, and for nearly all clients after it. What they say about the message itself
   * (Content-Length, Host and the like) means nothing.
   */
  get trailers(): HeadersObject {
    const body = this.#extras?.body;
    const trailers = Object.create(null) as Record<string, string | string[]>;
    if (body === undefined || body instanceof RequestBody) return trailers;
    for (const line of body.trailerLines.split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) addHeader(trailers, line.slice(0, colon).toLowerCase(), withoutOws(line, colon + 1));
    }
    return trailers;
  }

  /**
   * Aborted when nobody waits for the answer any more before it is complete: the client has gone, or the server has
   * answered in the handler's place (`timeouts.handlerMs`). For whatever the handler has begun elsewhere: `fetch`,
   * timers, a query. Its `reason` is an {@link AbortedError}.
   *
   * A client that has ended its side of the connection counts as gone here, since that is all that most ever say; it is
   * sent what the handler answers all the same, for it may still read (RFC 9112 §9.6).
   */
  get signal(): AbortSignal {
    return HttpResponse.signalOf(this.#response);
  }

  /** What `console.log()` shows. */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    const { method, target, httpVersion, params, headers, remoteAddress } = this;
    return inspectAs(
      'HttpRequest',
      { method, target, httpVersion, params: { ...params }, headers: { ...headers }, remoteAddress },
      depth,
      options,
    );
  }

  async #buffer(): Promise<Buffer> {
    const body = this.#unusedBody();
    if (body === undefined) return EMPTY_BODY;
    return body instanceof RequestBody ? body.buffer() : this.#whole(body);
  }

  async *#pieces(): AsyncGenerator<Buffer, void, undefined> {
    const body = this.#unusedBody();
    if (body === undefined) return;
    const extras = this.#extras!;
    extras.isTakenApart = true;
    if (body instanceof RequestBody || extras.whole !== undefined) {
      const whole = body instanceof RequestBody ? body.buffer() : await extras.whole!;
      if (whole.length > 0) yield whole;
      return;
    }
    try {
      for (let piece = await body.next(); piece !== undefined; piece = await body.next()) yield piece;
    } finally {
      body.leave();
    }
  }

  #unusedBody(): RequestBody | BodySource | undefined {
    const extras = this.#extras;
    if (extras?.isTakenApart === true) throw bodyUsed();
    return extras?.body;
  }

  #whole(body: BodySource): Promise<Buffer> {
    return (this.#extras!.whole ??= body.whole());
  }

  get #targetForm(): number {
    return u8(this.#records, this.#start + RECORD_TARGET_FORM);
  }

  /** The fields of that number, and if given, of that name. */
  #find(id: number, lowerName: string | undefined, rule: HeaderJoin): string | string[] | undefined {
    const records = this.#records;
    const section = fieldSection(records, this.#start);
    let found: string | undefined;
    let list: string[] | undefined;
    let field = fieldsStart(records, this.#start);
    for (let left = fieldCount(records, this.#start); left > 0; left--, field += RECORD_FIELD_BYTES) {
      if (fieldId(records, field) !== id) continue;
      if (lowerName !== undefined && !this.#isNamed(lowerName, section, field)) continue;
      const value = fieldValue(records, section, field);
      if (rule === 'array') (list ??= []).push(value);
      else found = joinHeader(rule, found, value);
      if (rule === 'first') break;
    }
    return list ?? found;
  }

  #isNamed(lower: string, section: number, field: number): boolean {
    if (!mayHaveName(this.#records, field, lower.length)) return false;
    return fieldName(this.#records, section, field).toLowerCase() === lower;
  }

  #readParams(): PathParams {
    const pattern = this.#pattern;
    return pattern === undefined ? (Object.create(null) as PathParams) : paramsOf(pattern, this.path);
  }

  #readHeaders(): HeadersObject {
    if (fieldIds.size === 0) learnFieldNames();
    const records = this.#records;
    const section = fieldSection(records, this.#start);
    const headers = Object.create(null) as Record<string, string | string[]>;
    let field = fieldsStart(records, this.#start);
    for (let left = fieldCount(records, this.#start); left > 0; left--, field += RECORD_FIELD_BYTES) {
      const id = fieldId(records, field);
      const name = id === 0 ? fieldName(records, section, field).toLowerCase() : knownFields[id]!.name;
      addHeader(headers, name, fieldValue(records, section, field));
    }
    if (this.authority !== '') headers['host'] = this.authority;
    return headers;
  }
}

/**
 * A field value without the white space around it, which is SP and HTAB (RFC 9110 §5.6.3): `trim()` would take U+00A0
 * too. No regular expression: to look for the end of it takes quadratic time.
 */
function withoutOws(line: string, from: number): string {
  const isOws = (index: number): boolean => line[index] === ' ' || line[index] === '\t';
  let start = from;
  let end = line.length;
  while (start < end && isOws(start)) start++;
  while (end > start && isOws(end - 1)) end--;
  return line.slice(start, end);
}

/** @throws {@link BodyError} */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = text === '' ? 'it is empty' : (cause as Error).message;
    throw new BodyError(`The request body is not JSON: ${reason}`, { cause });
  }
}

function bodyUsed(): StateError {
  return new StateError('ERR_MILLRACE_BODY_USED', 'The body of this request has been read already');
}
