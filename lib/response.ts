// response.ts: HttpResponse, what a handler answers with.

import { HeaderError, ResponseError, StateError } from './errors.js';
import {
  checkContentLength,
  checkRepeatable,
  connectionWish,
  encodeLocation,
  fieldName,
  fieldValue,
  fieldValues,
  type FieldName,
  type FieldValueInput,
} from './field-validation.js';
import type { ReactorLink } from './reactor-link.js';
import { HttpRequest } from './request.js';
import { RESPONSE_CLOSE, RESPONSE_OWN_DATE, RESPONSE_OWN_LENGTH } from './ring-layout.js';
import { MAX_RESPONSE_FIELDS_BYTES } from './ring-memory.js';
import { checkReason, checkRedirectStatus, checkStatus, mayHaveBody } from './status-codes.js';

/** By the numbers of `ContentType` in native/http/response_writer.h: fields that the reactor writes itself. */
export const CONTENT_TYPE_NONE = 0;
export const CONTENT_TYPE_TEXT = 1;
export const CONTENT_TYPE_HTML = 2;
export const CONTENT_TYPE_JSON = 3;

/** Header fields of one answer, checked; in the order in which they were first named. */
export interface ResponseField {
  readonly field: FieldName;
  value: string | readonly string[];
}

/**
 * The answer to one request. Every request needs exactly one: `end`, or what calls it (`json`, `text`, `html`,
 * `redirect`).
 *
 * Bodies are strings (sent as UTF-8) or Uint8Arrays, which are copied before the call returns. Values are checked when
 * they are given: what cannot be sent throws, and nothing of it is sent.
 */
export class HttpResponse {
  readonly #link: ReactorLink;
  readonly #exchangeSlot: number;
  readonly #exchangeGeneration: number;
  readonly #request: HttpRequest;
  #status = 200;
  #reason = '';
  #fields: ResponseField[] | undefined;
  #ended = false;

  /** @internal Responses are made by the server. */
  constructor(link: ReactorLink, exchangeSlot: number, exchangeGeneration: number, request: HttpRequest) {
    this.#link = link;
    this.#exchangeSlot = exchangeSlot;
    this.#exchangeGeneration = exchangeGeneration;
    this.#request = request;
  }

  /** True once status and header fields are on their way and cannot be changed. */
  get headersSent(): boolean {
    return this.#ended;
  }

  /** True once the whole answer has been given. */
  get finished(): boolean {
    return this.#ended;
  }

  /**
   * True when the client has gone, or has been answered by the server (`timeouts.handlerMs`), before this answer was
   * given: nobody will see it.
   */
  get aborted(): boolean {
    return !this.#ended && !this.#link.isLive(this.#exchangeSlot, this.#exchangeGeneration);
  }

  /**
   * Sets the status code, and the reason phrase if it should not be the registered one.
   * @param code - Integer, 200–999: interim answers (1xx) are not the handler's to give.
   * @defaultValue 200
   * @throws {@link ResponseError} `ERR_MILLRACE_STATUS`, `ERR_MILLRACE_REASON`
   * @throws {@link StateError} `ERR_MILLRACE_HEADERS_SENT`
   */
  status(code: number, reason?: string): this {
    this.#requireUnsent('status()');
    this.#status = checkStatus(code);
    this.#reason = reason === undefined ? '' : checkReason(reason);
    return this;
  }

  /**
   * Sets a header field, in place of all of that name. An array sends one field line for each value.
   *
   * `Date` is added unless set; `Content-Length` too, and if set must be the length of the body; of `Connection` only
   * `close` and `keep-alive` can be set; `Transfer-Encoding` and the like belong to the server.
   * @throws {@link HeaderError} for a name or value that cannot be sent (RFC 9110 §5.1, §5.5)
   * @throws {@link StateError} `ERR_MILLRACE_HEADERS_SENT`
   */
  header(name: string, value: FieldValueInput): this {
    this.#requireUnsent('header()');
    const field = fieldName(name);
    const checked = fieldValues(field, value);
    const existing = this.#find(field.lower);
    if (existing === undefined) (this.#fields ??= []).push({ field, value: checked });
    else existing.value = checked;
    return this;
  }

  /**
   * Adds a further field line of this name, for example a second `Set-Cookie`.
   * @throws {@link HeaderError} as {@link header}, and `ERR_MILLRACE_HEADER_REPEATED` for a field that may occur once
   * @throws {@link StateError} `ERR_MILLRACE_HEADERS_SENT`
   */
  append(name: string, value: string | number): this {
    this.#requireUnsent('append()');
    const field = fieldName(name);
    const checked = fieldValue(field, value);
    const existing = this.#find(field.lower);
    if (existing === undefined) {
      (this.#fields ??= []).push({ field, value: checked });
    } else {
      checkRepeatable(field);
      existing.value = [existing.value, checked].flat();
    }
    return this;
  }

  /**
   * Takes a header field back. Does nothing if there is none of this name.
   * @throws {@link StateError} `ERR_MILLRACE_HEADERS_SENT`
   */
  removeHeader(name: string): this {
    this.#requireUnsent('removeHeader()');
    const lower = name.toLowerCase();
    this.#fields = this.#fields?.filter((entry) => entry.field.lower !== lower);
    return this;
  }

  /**
   * Sends the answer. Answers to HEAD, and 204 and 304, leave without the body.
   * @throws {@link StateError} `ERR_MILLRACE_RESPONSE_ENDED` if there was one already
   * @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY` for what is neither string nor Uint8Array
   * @throws {@link HeaderError} `ERR_MILLRACE_HEADER_FRAMING` if a Content-Length was set that is not the body's
   */
  end(body: string | Uint8Array = ''): void {
    this.#send(body, CONTENT_TYPE_NONE);
  }

  /**
   * Sends a value as JSON, with `Content-Type: application/json` unless one is set.
   * @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY` if JSON cannot express it; else as {@link end}
   */
  json(value: unknown): void {
    this.#send(stringify(value), CONTENT_TYPE_JSON);
  }

  /** Sends text, with `Content-Type: text/plain; charset=utf-8` unless one is set. Throws as {@link end}. */
  text(text: string): void {
    this.#send(text, CONTENT_TYPE_TEXT);
  }

  /** Sends HTML, with `Content-Type: text/html; charset=utf-8` unless one is set. Throws as {@link end}. */
  html(html: string): void {
    this.#send(html, CONTENT_TYPE_HTML);
  }

  /**
   * Sends the client elsewhere (RFC 9110 §15.4).
   * @param location - A URL or reference; characters that no URL has are percent-encoded.
   * @param code - 300, 301, 302, 303, 307 or 308.
   * @throws {@link HeaderError}, {@link ResponseError}, {@link StateError}
   */
  redirect(location: string, code = 302): void {
    if (this.#ended) throw alreadyEnded();
    const checked = checkRedirectStatus(code);
    this.header('Location', encodeLocation(location));
    this.status(checked);
    this.end();
  }

  /** @internal The answer for a handler that failed: nothing of what it had set is sent. */
  static fail(response: HttpResponse, status: number, text: string): void {
    if (response.#ended) return;
    response.#status = status;
    response.#reason = '';
    response.#fields = undefined;
    response.#send(text, CONTENT_TYPE_TEXT);
  }

  #send(body: string | Uint8Array, contentType: number): void {
    if (this.#ended) throw alreadyEnded();
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
      throw new ResponseError(
        'ERR_MILLRACE_RESPONSE_BODY',
        'A response body must be a string or a Uint8Array',
      );
    }
    // Not only HEAD: some codes have no content, whatever the handler gives (RFC 9110 §6.4.1, §15.3.6).
    const content = mayHaveBody(this.#status) ? body : '';
    let packed = this.#status;
    let fields = '';
    if (this.#fields === undefined) {
      packed |= contentType << 16;
    } else {
      packed |= this.#flags(content) << 24;
      if (this.#find('content-type') === undefined) packed |= contentType << 16;
      fields = fieldLines(this.#fields);
    }
    this.#link.answer(this.#exchangeSlot, this.#exchangeGeneration, packed, this.#reason, fields, content);
    this.#ended = true;
  }

  /** What the reactor has to know of the fields it gets as text. */
  #flags(body: string | Uint8Array): number {
    let flags = 0;
    for (const { field, value } of this.#fields!) {
      if (field.kind === 'plain' || typeof value !== 'string') continue;
      if (field.kind === 'date') flags |= RESPONSE_OWN_DATE;
      if (field.kind === 'connection' && connectionWish(value) === 'close') flags |= RESPONSE_CLOSE;
      if (field.kind === 'content-length') {
        const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
        checkContentLength(value, bytes, this.#status, HttpRequest.isHead(this.#request));
        flags |= RESPONSE_OWN_LENGTH;
      }
    }
    return flags;
  }

  #find(lower: string): ResponseField | undefined {
    return this.#fields?.find((entry) => entry.field.lower === lower);
  }

  #requireUnsent(what: string): void {
    if (!this.#ended) return;
    throw new StateError('ERR_MILLRACE_HEADERS_SENT', `${what} comes too late: the response has been sent`);
  }
}

function alreadyEnded(): StateError {
  return new StateError(
    'ERR_MILLRACE_RESPONSE_ENDED',
    'This response has been ended already: a request has one answer',
  );
}

/** The field lines as they are sent, without those that the reactor writes. */
export function fieldLines(fields: readonly ResponseField[]): string {
  let lines = '';
  for (const { field, value } of fields) {
    if (field.kind === 'connection') continue; // the reactor says what it does
    if (typeof value === 'string') lines += `${field.prefix}${value}\r\n`;
    else for (const one of value) lines += `${field.prefix}${one}\r\n`;
  }
  if (lines.length > MAX_RESPONSE_FIELDS_BYTES) {
    throw new HeaderError(
      'ERR_MILLRACE_HEADER_VALUE',
      fields[0]!.field.name,
      `The header fields of one answer take ${String(lines.length)} bytes; ${String(MAX_RESPONSE_FIELDS_BYTES)} is the most`,
    );
  }
  return lines;
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    // Undefined for functions, symbols and undefined itself, whatever its declared type says.
    text = (JSON.stringify as (value: unknown) => string | undefined)(value);
  } catch (cause) {
    throw new ResponseError(
      'ERR_MILLRACE_RESPONSE_BODY',
      `This value cannot be sent as JSON: ${String(cause)}`,
      { cause },
    );
  }
  if (text !== undefined) return text;
  throw new ResponseError(
    'ERR_MILLRACE_RESPONSE_BODY',
    `JSON has no text for a value of type ${typeof value}`,
  );
}
