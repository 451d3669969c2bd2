// response.ts: HttpResponse, what a handler answers with.

import { inspect, type InspectOptionsStylized } from 'node:util';

import { AbortedError, FileError, StateError } from './errors.js';
import { failureOf } from './failure.js';
import {
  checkContentLength,
  checkHintName,
  checkNameIsText,
  checkRepeatable,
  checkTrailerName,
  connectionWish,
  encodeLocation,
  fieldName,
  fieldValue,
  fieldValues,
  type FieldValueInput,
} from './field-validation.js';
import { IncomingBody } from './incoming-body.js';
import { inspectAs } from './inspect-as.js';
import { mayBeLeft } from './may-be-left.js';
import { ObservedPromise } from './observed-promise.js';
import { checkPieceSource, pieceSourceOf, type PipeSource } from './piece-source.js';
import type { ReactorLink } from './reactor-link.js';
import { checkBody, stringify } from './response-body.js';
import { checkedFields, fieldLines, isNoValue, type ResponseField } from './response-fields.js';
import { ResponseStream } from './response-stream.js';
import {
  CONTROL_EARLY_HINTS,
  RESPONSE_CLOSE,
  RESPONSE_CONTROL,
  RESPONSE_OWN_DATE,
  RESPONSE_OWN_LENGTH,
} from './ring-layout.js';
import type { HttpRequest } from './request.js';
import { isHeadRequest } from './request-record.js';
import {
  fileErrorOf,
  parseSendFile,
  sendFileMessage,
  type SendFileOptions,
  type WantedFile,
} from './send-file.js';
import { checkReason, checkRedirectStatus, checkStatus, mayHaveBody, RESET_CONTENT } from './status-codes.js';
import { setImmediate } from './timers.js';
import { UpgradedSocket } from './upgraded-socket.js';

/** Larger ones are sent window by window, and not copied before. */
const LARGE_BODY_BYTES = 128 * 1024;

/** By the numbers of `ContentType` in native/http/response_writer.h: fields that the reactor writes itself. */
export const CONTENT_TYPE_NONE = 0;
export const CONTENT_TYPE_TEXT = 1;
export const CONTENT_TYPE_HTML = 2;
export const CONTENT_TYPE_JSON = 3;

/**
 * The answer to one request. Every request needs exactly one: `end`, or what calls it (`json`, `text`, `html`,
 * `redirect`).
 *
 * Bodies are strings (sent as UTF-8) or Uint8Arrays. Up to 128 KiB are copied before the call returns; larger ones are
 * sent from where they are, as fast as the client takes them: leave them unchanged until then. Values are checked when
 * they are given: what cannot be sent throws, and nothing of it is sent.
 */
export class HttpResponse {
  readonly #link: ReactorLink;
  readonly #exchangeSlot: number;
  readonly #exchangeGeneration: number;
  /** The request's record, see request-record.ts. */
  readonly #records: string;
  readonly #start: number;
  #status = 200;
  #reason = '';
  #fields: ResponseField[] | undefined;
  #ended = false;
  /** The handler has failed while it was not known yet whether there is a file. */
  #hasFailed = false;
  /** Of those few that need one: answers in pieces, with trailers, or whose client is watched. */
  #stream: ResponseStream | undefined;

  /** @internal Responses are made by the server. */
  constructor(
    link: ReactorLink,
    exchangeSlot: number,
    exchangeGeneration: number,
    records: string,
    start: number,
  ) {
    this.#link = link;
    this.#exchangeSlot = exchangeSlot;
    this.#exchangeGeneration = exchangeGeneration;
    this.#records = records;
    this.#start = start;
  }

  /** True once status and header fields are on their way and cannot be changed. */
  get headersSent(): boolean {
    return this.#ended || this.#stream?.hasBegun === true;
  }

  /**
   * True once nothing more can be given: the answer has ended, by {@link end} or what calls it, or because the handler or
   * the source of {@link pipe} failed: as 500, or incomplete if it had begun.
   */
  get finished(): boolean {
    return this.#ended;
  }

  /**
   * True when the client has gone, or has been answered by the server (`timeouts.handlerMs`), and nobody would see this
   * answer. To be asked before it is given: of one that has been it is false.
   */
  get aborted(): boolean {
    if (this.#ended) return false;
    // The reactor's answer may have to wait for older ones, and its exchange with it.
    return this.#stream?.isGone === true || !this.#link.isLive(this.#exchangeSlot, this.#exchangeGeneration);
  }

  /**
   * The status code that has been set; after {@link finished}, of an answer whose handler failed, the one it was answered with.
   * What the server decides by itself is not in it: 304 or 206 of a file. To assign it is to call {@link status}.
   */
  get statusCode(): number {
    return this.#status;
  }

  set statusCode(code: number) {
    this.status(code);
  }

  /**
   * Sets the status code, and the reason phrase if it should not be the registered one.
   * @param code - Integer, 200–999: interim answers (1xx) are not the handler's to give.
   * @defaultValue 200
   * @throws {@link ResponseError} `ERR_MILLRACE_STATUS`; {@link InvalidHeaderError} `ERR_MILLRACE_REASON`
   * @throws {@link StateError} `ERR_MILLRACE_HEADERS_SENT`
   */
  status(code: number, reason?: string): this {
    this.#requireUnsent('status()');
    const checked = checkStatus(code);
    this.#reason = reason === undefined ? '' : checkReason(reason);
    this.#status = checked;
    return this;
  }

  /**
   * Sets a header field, in place of all of that name. An array sends one field line for each value; an empty one takes
   * the field back, as {@link removeHeader} does.
   *
   * `Date` is added unless set; `Content-Length` too, and if set must be the length of the body; of `Connection` only
   * `close` and `keep-alive` can be set; `Transfer-Encoding` and the like belong to the server.
   * @throws {@link InvalidHeaderError} for a name or value that cannot be sent (RFC 9110 §5.1, §5.5)
   * @throws {@link StateError} `ERR_MILLRACE_HEADERS_SENT`
   */
  header(name: string, value: FieldValueInput): this {
    this.#requireUnsent('header()');
    const field = fieldName(name);
    const checked = fieldValues(field, value);
    if (isNoValue(checked)) return this.removeHeader(name);
    const existing = this.#find(field.lower);
    if (existing === undefined) (this.#fields ??= []).push({ field, value: checked });
    else existing.value = checked;
    return this;
  }

  /**
   * Adds a further field line of this name, for example a second `Set-Cookie`.
   * @throws {@link InvalidHeaderError} as {@link header}, and `ERR_MILLRACE_HEADER_REPEATED` for a field that may occur once
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
   * What has been set for a header field, by its name in any case; an array for several field lines. The fields that the
   * server adds by itself (`Date`, `Content-Length`, the `Content-Type` of {@link json}) are not in it.
   * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_NAME` for what is no string
   */
  getHeader(name: string): string | readonly string[] | undefined {
    checkNameIsText(name);
    return this.#find(name.toLowerCase())?.value;
  }

  /**
   * Takes a header field back. Does nothing if there is none of this name.
   * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_NAME` for what is no string
   * @throws {@link StateError} `ERR_MILLRACE_HEADERS_SENT`
   */
  removeHeader(name: string): this {
    this.#requireUnsent('removeHeader()');
    checkNameIsText(name);
    const lower = name.toLowerCase();
    this.#fields = this.#fields?.filter((entry) => entry.field.lower !== lower);
    return this;
  }

  /**
   * Sends the answer. Answers to HEAD, and 204, 205 and 304, leave without the body.
   * @throws {@link StateError} `ERR_MILLRACE_RESPONSE_ENDED` if there was one already
   * @throws {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY` for what is neither string nor Uint8Array
   * @throws {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_FRAMING` if a Content-Length was set that is not the body's
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
   * @throws {@link InvalidHeaderError}, {@link ResponseError}, {@link StateError}
   */
  redirect(location: string, code = 302): void {
    if (this.#ended) throw alreadyEnded();
    const checked = checkRedirectStatus(code);
    this.header('Location', encodeLocation(location));
    this.status(checked);
    this.end();
  }

  /**
   * Sends a piece of the body, and with the first one status and header fields. Without a Content-Length the body is
   * sent in chunks (RFC 9112 §7.1), to HTTP/1.0 clients until the connection ends. Pieces are copied before the call
   * returns.
   * @returns False: `limits.unsentBytes` of this answer are on their way; wait for {@link drained} before writing more.
   * What is written all the same is sent, and held in memory until then. Also false once the client has gone.
   * @throws {@link StateError} `ERR_MILLRACE_RESPONSE_ENDED`; {@link ResponseError} `ERR_MILLRACE_RESPONSE_BODY`;
   * {@link InvalidHeaderError} `ERR_MILLRACE_HEADER_FRAMING` for more than the Content-Length that was set: the connection is
   * closed, and nothing of the piece is sent.
   */
  write(chunk: string | Uint8Array): boolean {
    if (this.#ended) throw alreadyEnded();
    checkBody(chunk);
    const stream = this.#streamed();
    const content = this.#contentOf(chunk);
    return stream.hasBegun ? stream.write(content) : this.#begin(stream, content, CONTENT_TYPE_NONE);
  }

  /**
   * Resolves when there is room for more: at once, unless {@link write} has returned false.
   * Rejects with an {@link AbortedError} when the client goes.
   */
  drained(): Promise<void> {
    return this.#ended ? Promise.resolve() : this.#streamed().drained();
  }

  /**
   * Sends everything that a source gives, as fast as the client takes it, and ends the answer.
   * @param source - A Readable, a ReadableStream or any async iterable, of strings and Uint8Arrays. It is destroyed, or its
   * iterator told to return, when the client goes, when the answer is ended otherwise, and behind its first piece where no
   * content is sent (RFC 9110 §6.4.1: HEAD, 204, 205, 304).
   * @returns A promise that resolves when the answer has been given. It rejects with what the source failed with (the
   * answer is then 500, the `status` of a `BodyError`, or ends incomplete if it has begun), or with an {@link AbortedError}; with
   * `ERR_MILLRACE_RESPONSE_BODY` for what is no source, and then nothing has been sent; with
   * `ERR_MILLRACE_RESPONSE_ENDED` behind the end, or while another one is at work.
   */
  pipe(source: PipeSource): Promise<void> {
    return mayBeLeft(this.#pipe(source));
  }

  /**
   * Sends a file, without reading it into JavaScript: looked for on a thread of the worker pool, sent by the kernel.
   * Conditional requests (RFC 9110 §13) and ranges (§14) are answered as they ask. Fields that have been set are sent,
   * in place of the file's own `Content-Type`, `ETag`, `Last-Modified` and `Cache-Control`. With a status other than 200
   * it is sent as a whole: `res.status(404).sendFile(…)`.
   * @param path - Absolute, or below the option `root`.
   * @returns A promise that resolves when the file is on its way, and rejects with a {@link FileError} if it cannot be
   * sent: then the handler may still answer. Where nobody looks at the promise, the error's `status` is answered. Also
   * rejects with an {@link AbortedError} when the client goes.
   * @throws {@link StateError} `ERR_MILLRACE_RESPONSE_ENDED`, `ERR_MILLRACE_HEADERS_SENT`; {@link OptionError};
   * {@link InvalidHeaderError}
   */
  sendFile(path: string | URL, options?: SendFileOptions): Promise<void> {
    if (this.#ended) throw alreadyEnded();
    this.#requireUnsent('sendFile()');
    const fields = (this.#fields ?? []).filter(({ field }) => field.kind !== 'content-length');
    const shown = String(path);
    let wanted: WantedFile;
    try {
      wanted = parseSendFile(path, options, fields);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return this.#fileSent((settle) => {
        // Not as a microtask: an await of this promise is seen by one of its own, which would come behind it.
        setImmediate(() => {
          settle(error);
        });
      });
    }
    const packed = this.#packed(CONTENT_TYPE_NONE);
    const message = sendFileMessage(wanted, this.#status, fields, this.#records, this.#start);
    const stream = this.#streamed();
    return this.#fileSent((settle) => {
      stream.sendFile((packed >>> 24) & (RESPONSE_OWN_DATE | RESPONSE_CLOSE), message, (news) => {
        settle(news === undefined ? new AbortedError() : fileErrorOf(news, shown));
      });
    });
  }

  /**
   * Sets the fields that follow the body (RFC 9110 §6.5), in place of any set before. The body is then sent in chunks;
   * to clients of HTTP/1.0, and with a Content-Length, no trailers can be sent and they are left out. Announce them with
   * a `Trailer` field where the client should know early.
   * @throws {@link InvalidHeaderError} as {@link header}, and `ERR_MILLRACE_HEADER_FRAMING` for fields that may not be trailers
   * (RFC 9110 §6.5.1); {@link OptionError} `ERR_MILLRACE_OPTION_TYPE` for what is no plain object
   * @throws {@link StateError} `ERR_MILLRACE_RESPONSE_ENDED`
   */
  trailers(fields: Readonly<Record<string, FieldValueInput>>): this {
    if (this.#ended) throw alreadyEnded();
    this.#streamed().trailers = fieldLines(checkedFields('trailers()', 'fields', fields, checkTrailerName));
    return this;
  }

  /**
   * Sends an interim answer 103 with these fields, such as `Link`, while the final one is being made (RFC 8297).
   * Left out for clients of HTTP/1.0.
   * @throws {@link InvalidHeaderError}, {@link OptionError} as {@link trailers}
   * @throws {@link StateError} `ERR_MILLRACE_HEADERS_SENT`
   */
  earlyHints(fields: Readonly<Record<string, FieldValueInput>>): this {
    this.#requireUnsent('earlyHints()');
    const lines = fieldLines(checkedFields('earlyHints()', 'fields', fields, checkHintName));
    const packed = CONTROL_EARLY_HINTS | (RESPONSE_CONTROL << 24);
    this.#link.answer(this.#exchangeSlot, this.#exchangeGeneration, packed, '', lines, '');
    return this;
  }

  /** What `console.log()` shows. */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    const headers = Object.fromEntries(this.#fields?.map(({ field, value }) => [field.name, value]) ?? []);
    const { statusCode, headersSent, finished, aborted } = this;
    return inspectAs('HttpResponse', { statusCode, headers, headersSent, finished, aborted }, depth, options);
  }

  /** @internal See `HttpRequest.signal`. */
  static signalOf(response: HttpResponse): AbortSignal {
    const stream = response.#streamed();
    // Of an answer that is still being sent, window by window, the client may yet go.
    if (response.#ended && !stream.hasBegun && !stream.awaitsFile) stream.forget();
    return stream.signal;
  }

  /** @internal The body of a request whose handler has been called ahead of it. */
  static incomingBodyOf(response: HttpResponse): IncomingBody {
    return new IncomingBody(response.#streamed());
  }

  /** @internal Instead of an answer: the connection itself. */
  static takeOver(response: HttpResponse, request: HttpRequest): UpgradedSocket {
    return new UpgradedSocket(response.#streamed(), request);
  }

  /** @internal Is this answer for nobody, as far as its handler can know? */
  static isForNobody(response: HttpResponse): boolean {
    return response.#ended || response.#stream?.isLeft === true || response.aborted;
  }

  /** @internal Ends an answer that cannot be completed, if it has begun. */
  static abort(response: HttpResponse): void {
    if (response.#ended || response.#stream?.hasBegun !== true) return;
    response.#ended = true;
    response.#stream.abort();
  }

  /** @internal The answer for a handler that failed: nothing of what it had set is sent. */
  static fail(
    response: HttpResponse,
    status: number,
    text: string,
    fields: Readonly<Record<string, string>> = {},
  ): void {
    HttpResponse.abort(response);
    // The file may still come, and then it is the answer.
    if (response.#stream?.awaitsFile === true) response.#hasFailed = true;
    if (response.#ended) return;
    if (response.#stream !== undefined) response.#stream.trailers = '';
    response.#status = status;
    response.#reason = '';
    response.#fields = undefined;
    for (const [name, value] of Object.entries(fields)) response.header(name, value);
    response.#send(text, CONTENT_TYPE_TEXT);
  }

  /** As long as it is not known whether there is a file, nothing else can be answered. */
  #fileSent(begin: (settle: (error: Error | undefined) => void) => void): Promise<void> {
    this.#ended = true;
    const sent = new ObservedPromise<void>((resolve, reject) => {
      begin((error) => {
        if (error === undefined) {
          resolve();
          return;
        }
        // Nothing has been sent, and the handler may do otherwise.
        this.#ended = error instanceof AbortedError;
        if (!sent.isObserved || this.#hasFailed) {
          sent.catch(() => undefined);
          if (error instanceof FileError) HttpResponse.fail(this, error.status, error.phrase, error.fields);
        }
        reject(error);
      });
    });
    return sent;
  }

  get #isHead(): boolean {
    return isHeadRequest(this.#records, this.#start);
  }

  async #pipe(source: PipeSource): Promise<void> {
    checkPieceSource(source);
    const stream = this.#streamed();
    if (this.#ended || stream.source !== undefined) {
      if (source !== stream.source) destroyRefused(source);
      throw this.#ended ? alreadyEnded() : alreadyPiping();
    }
    stream.source = source;
    const exchange = { isOver: false };
    try {
      const pieces = pieceSourceOf(source);
      await new Promise<void>((resolve, reject) => {
        // Beside the source: one that waits for something itself may not even notice that it is destroyed.
        stream.whenOver(() => {
          exchange.isOver = true;
          reject(new AbortedError());
          pieces.destroy();
        });
        const take = (piece: unknown): Promise<void> | undefined => {
          const hasRoom = this.write(piece as string | Uint8Array);
          if (this.#sendsContent) return hasRoom ? undefined : stream.drained();
          // The head is what there is to send, and now it is known that the source has something to give.
          resolve();
          pieces.destroy();
          return new Promise(() => undefined);
        };
        pieces.giveTo(take).then(resolve, reject);
      });
      stream.whenOver(undefined);
      this.end();
    } catch (error) {
      if (exchange.isOver) throw new AbortedError();
      stream.whenOver(undefined);
      const { status, phrase, fields } = failureOf(error);
      HttpResponse.fail(this, status, phrase, fields);
      throw error;
    }
  }

  #send(body: string | Uint8Array, contentType: number): void {
    if (this.#ended) throw alreadyEnded();
    checkBody(body);
    const content = this.#contentOf(body);
    const stream = this.#stream;
    if (stream !== undefined && (stream.hasBegun || stream.trailers !== '')) {
      if (!stream.hasBegun) {
        this.#checkLength(content); // all of it is known, so a wrong length is refused ahead of the head
        this.#begin(stream, '', contentType);
      }
      this.#ended = true;
      stream.end(content);
      return;
    }
    let fields = '';
    if (this.#fields !== undefined) {
      this.#checkLength(content);
      fields = fieldLines(this.#fields);
    }
    if (content.length > LARGE_BODY_BYTES && !this.#isHead) {
      this.#sendInWindows(content, contentType, fields);
      return;
    }
    this.#link.answer(
      this.#exchangeSlot,
      this.#exchangeGeneration,
      this.#packed(contentType),
      this.#reason,
      fields,
      content,
    );
    this.#ended = true;
    stream?.forget();
  }

  #sendInWindows(body: string | Uint8Array, contentType: number, fields: string): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const hasLength = this.#find('content-length') !== undefined;
    const lines = hasLength ? fields : `${fields}Content-Length: ${String(bytes.length)}\r\n`;
    const packed = this.#packed(contentType) | (RESPONSE_OWN_LENGTH << 24);
    this.#ended = true;
    this.#streamed().sendInWindows(packed, this.#reason, lines, bytes);
  }

  /** Sends the head, and the first piece of a body of which more will follow. */
  #begin(stream: ResponseStream, body: string | Uint8Array, contentType: number): boolean {
    if (!mayHaveBody(this.#status)) {
      // It would have chunks, or end with the connection (RFC 9110 §15.3.6). The others are known to have no content.
      const lacksLength = this.#status === RESET_CONTENT && this.#find('content-length') === undefined;
      if (lacksLength) this.header('Content-Length', 0);
      this.#checkLength('');
    }
    const fields = this.#fields === undefined ? '' : fieldLines(this.#fields);
    const length = this.#sendsContent ? this.#find('content-length')?.value : undefined;
    const declared = length === undefined ? undefined : Number(length);
    return stream.begin(this.#packed(contentType), this.#reason, fields, body, declared, !this.#sendsContent);
  }

  /** Not only HEAD: some codes have no content, whatever the handler gives (RFC 9110 §6.4.1, §15.3.6). */
  #contentOf(body: string | Uint8Array): string | Uint8Array {
    return mayHaveBody(this.#status) ? body : '';
  }

  /** What is written reaches the client: not in an answer to HEAD, nor with codes that have no content. */
  get #sendsContent(): boolean {
    return mayHaveBody(this.#status) && !this.#isHead;
  }

  #streamed(): ResponseStream {
    return (this.#stream ??= new ResponseStream(this.#link, this.#exchangeSlot, this.#exchangeGeneration));
  }

  /** Status, and what the reactor has to know of the fields it gets as text. */
  #packed(contentType: number): number {
    if (this.#fields === undefined) return this.#status | (contentType << 16);
    let flags = 0;
    let type = contentType;
    for (const { field, value } of this.#fields) {
      if (field.kind === 'plain') continue;
      if (field.kind === 'date') flags |= RESPONSE_OWN_DATE;
      if (field.kind === 'content-length') flags |= RESPONSE_OWN_LENGTH;
      if (field.kind === 'content-type') type = CONTENT_TYPE_NONE;
      if (field.kind === 'connection' && connectionWish(value as string) === 'close') flags |= RESPONSE_CLOSE;
    }
    return this.#status | (type << 16) | (flags << 24);
  }

  /** A Content-Length of the app's has to be that of the body. */
  #checkLength(body: string | Uint8Array): void {
    const length = this.#find('content-length')?.value;
    if (typeof length !== 'string') return;
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    checkContentLength(length, bytes, this.#status, this.#isHead);
  }

  #find(lower: string): ResponseField | undefined {
    return this.#fields?.find((entry) => entry.field.lower === lower);
  }

  #requireUnsent(what: string): void {
    if (!this.headersSent) return;
    throw new StateError('ERR_MILLRACE_HEADERS_SENT', `${what} comes too late: the response has been sent`);
  }
}

/** Nobody else will. It may have other readers, and may throw. */
function destroyRefused(source: PipeSource): void {
  try {
    pieceSourceOf(source).destroy();
  } catch {
    // Its user is told already that it is refused.
  }
}

function alreadyPiping(): StateError {
  return new StateError(
    'ERR_MILLRACE_RESPONSE_ENDED',
    'pipe() is at work and will end this response: a request has one answer',
  );
}

function alreadyEnded(): StateError {
  return new StateError(
    'ERR_MILLRACE_RESPONSE_ENDED',
    'This response has been ended already: a request has one answer',
  );
}
