// response-stream.ts: what a response has besides one message: a body in pieces, trailers, and a client that may go.

import { AbortedError, InvalidHeaderError } from './errors.js';
import { mayBeLeft } from './may-be-left.js';
import type { ExchangeWatch, ReactorLink } from './reactor-link.js';
import {
  CONTROL_ABORT,
  CONTROL_ASK_DRAINED,
  CONTROL_LEAVE_BODY,
  CONTROL_PIECE,
  CONTROL_SEND_FILE,
  CONTROL_WATCH,
  NEWS_FILE_GIVEN,
  RESPONSE_CONTROL,
  RESPONSE_MORE,
} from './ring-layout.js';
import type { SendFileMessage } from './send-file.js';
import { throwLater } from './throw-later.js';
import { queueMicrotask } from './timers.js';
import { collectYoungBuffers, noteYoungBuffer } from './young-buffers.js';

const CONTROL = RESPONSE_CONTROL << 24;
const MORE = RESPONSE_MORE << 24;

/** The first window of a large body: it may wait with many others behind an older answer. */
const FIRST_WINDOW_BYTES = 64 * 1024;

/** Each further window: the client has taken most of the ones before. */
const WINDOW_BYTES = 256 * 1024;

/** Whoever reads the body of the request. */
export interface BodyListener {
  onBody(bytes: Buffer, isLast: boolean): void;
  onBodyTooLarge(cause: Error): void;
  onTrailers(lines: string): void;
  /** Nothing more will come. */
  onGone(): void;
}

/** Somebody who waits for room. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ResponseStream implements ExchangeWatch {
  readonly #link: ReactorLink;
  readonly #slot: number;
  readonly exchangeGeneration: number;

  /** The head has been sent. */
  hasBegun = false;
  /** What pipe() takes its pieces from. */
  source: object | undefined;
  /** Field lines that follow the body. */
  trailers = '';
  #isGone = false;
  #hasPeerFinished = false;
  #isComplete = false;
  /** With the head all has been sent that the client will get: the rest is only heard. */
  #isHeadOnly = false;
  #isWatched = false;
  #controller: AbortController | undefined;
  /** What the app has said the body's length is; undefined: it has not. */
  #declared: number | undefined;
  #written = 0;
  /** Given to the reactor since it last said that most of it has been sent. */
  #unsent = 0;
  #isFull = false;
  /** That of the piece which last filled `limits.unsentBytes`. */
  #memory: ArrayBufferLike | undefined;
  #waiters: Waiter[] = [];
  #onOver: (() => void) | undefined;
  #body: BodyListener | undefined;
  #onFile: ((news: number | undefined) => void) | undefined;
  /** What is left of a body that is sent in windows. */
  #rest: Uint8Array | undefined;

  constructor(link: ReactorLink, exchangeSlot: number, exchangeGeneration: number) {
    this.#link = link;
    this.#slot = exchangeSlot;
    this.exchangeGeneration = exchangeGeneration;
  }

  /** Aborted when the client goes before the answer is complete. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isLeft) this.#controller.abort(new AbortedError());
      else if (!this.#isComplete) this.#watch(true);
    }
    return this.#controller.signal;
  }

  /**
   * Sends the head, and the first piece of the body with it. `declared`: its length, if the app has said it. `isHeadOnly`:
   * no piece is sent at all (RFC 9110 §6.4.1).
   */
  begin(
    packed: number,
    reason: string,
    fields: string,
    body: string | Uint8Array,
    declared: number | undefined,
    isHeadOnly: boolean,
  ): boolean {
    this.#declared = declared;
    this.#isHeadOnly = isHeadOnly;
    this.#count(body);
    this.hasBegun = true;
    this.#watch(false);
    this.#link.answer(this.#slot, this.exchangeGeneration, packed | MORE, reason, fields, body);
    return this.#hasRoom(body);
  }

  /** There is no head to send: all that is written are bytes of another protocol. */
  beginRaw(): void {
    this.hasBegun = true;
    this.#watch(true);
  }

  /**
   * Sends the head, which says how long the body is, and the body window by window, as fast as the client takes it: so
   * that it holds up nobody else's answer, and what of it is held natively is little.
   */
  sendInWindows(packed: number, reason: string, fields: string, body: Uint8Array): void {
    this.begin(packed, reason, fields, body.subarray(0, FIRST_WINDOW_BYTES), body.length, false);
    this.#rest = body.subarray(FIRST_WINDOW_BYTES);
    this.#control(CONTROL_ASK_DRAINED, '', '');
  }

  /** Asks for the request's body; `control` says how much of it. */
  readBody(control: number, listener: BodyListener): void {
    if (this.#isGone || this.#isComplete) {
      listener.onGone();
      return;
    }
    this.#body = listener;
    this.#watch(false);
    this.#control(control, '', '');
  }

  /** Nothing more of the request's body will be asked for. */
  leaveBody(): void {
    if (!this.isOver) this.#control(CONTROL_LEAVE_BODY, '', '');
  }

  /**
   * Asks for a file as the answer. `onNews` hears what becomes of it, once; undefined: nobody waits for it any more. As
   * long as it has not been given, another answer may be.
   */
  sendFile(flags: number, message: SendFileMessage, onNews: (news: number | undefined) => void): void {
    if (this.#isGone) {
      queueMicrotask(() => {
        onNews(undefined);
      });
      return;
    }
    this.#onFile = onNews;
    this.#watch(false);
    this.#control(CONTROL_SEND_FILE | (flags << 24), message.lines, message.texts);
  }

  /** A file has been asked for, and it is not known yet whether there is one. */
  get awaitsFile(): boolean {
    return this.#onFile !== undefined;
  }

  /** False: wait for {@link drained} before writing more. */
  write(body: string | Uint8Array): boolean {
    if (this.#isGone) return false;
    this.#count(body);
    this.#control(CONTROL_PIECE | MORE, '', body);
    return this.#hasRoom(body);
  }

  /** Sends the last piece. */
  end(body: string | Uint8Array): void {
    if (this.#isGone) return;
    this.#count(body);
    if (this.#declared !== undefined && this.#written < this.#declared) {
      this.abort();
      throw lengthError(this.#declared, this.#written);
    }
    this.#control(CONTROL_PIECE, this.trailers, body);
    this.forget();
  }

  /** The body will never be complete: the client is to notice. */
  abort(): void {
    if (!this.#isGone) this.#control(CONTROL_ABORT, '', '');
    this.forget();
  }

  drained(): Promise<void> {
    if (this.#isGone) return Promise.reject(new AbortedError());
    if (!this.#isFull) return Promise.resolve();
    const room = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
    return mayBeLeft(room);
  }

  /** Calls back once, when nobody waits for the answer any more, or it is complete. Undefined: no longer. */
  whenOver(callback: (() => void) | undefined): void {
    this.#onOver = callback;
    if (callback !== undefined) this.#watch(true);
  }

  /** The answer is complete: nothing that happens from now on is news. */
  forget(): void {
    this.#isComplete = true;
    if (this.#isWatched) this.#link.unwatch(this.#slot, this);
    this.#isWatched = false;
    this.#rest = undefined;
    this.#body?.onGone();
    this.onDrained();
    this.#tellOver();
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The client has gone, or it has ended its side and may have. */
  get isLeft(): boolean {
    return this.#isGone || this.#hasPeerFinished;
  }

  /** The answer is complete, or nobody waits for it. */
  get isOver(): boolean {
    return this.#isGone || this.#isComplete;
  }

  // --- what the reactor tells ---

  onBody(bytes: Buffer, isLast: boolean): void {
    this.#body?.onBody(bytes, isLast);
  }

  onBodyTooLarge(cause: Error): void {
    this.#body?.onBodyTooLarge(cause);
  }

  onTrailers(lines: string): void {
    this.#body?.onTrailers(lines);
  }

  onDrained(): void {
    if (this.#rest !== undefined) {
      try {
        this.#sendWindow(this.#rest);
      } catch {
        // The app has given the body's memory away, or there is none for the window. Half an answer is none.
        this.abort();
      }
      return;
    }
    this.#unsent = 0;
    this.#isFull = false;
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  onFile(news: number): void {
    const onFile = this.#onFile;
    this.#onFile = undefined;
    if (news === NEWS_FILE_GIVEN) {
      this.hasBegun = true;
      this.forget();
    }
    onFile?.(news);
  }

  onPeerFinished(): void {
    this.#hasPeerFinished = true;
    this.#controller?.abort(new AbortedError());
    if (!this.hasBegun || !this.#isHeadOnly || this.isOver) return;
    // It has all of its answer, and no write will ever tell whether it is still there. Requests behind may be answered.
    this.#control(CONTROL_PIECE, '', '');
    this.#link.unwatch(this.#slot, this);
    this.onExchangeGone();
  }

  onExchangeGone(): void {
    this.#isGone = true;
    this.#isWatched = false;
    const error = new AbortedError();
    for (const { reject } of this.#waiters.splice(0)) reject(error);
    this.#rest = undefined;
    this.#body?.onGone();
    this.#onFile?.(undefined);
    this.#onFile = undefined;
    this.#controller?.abort(error);
    this.#tellOver();
  }

  #tellOver(): void {
    const onOver = this.#onOver;
    this.#onOver = undefined;
    try {
      onOver?.();
    } catch (error) {
      throwLater(error); // the destroy() of an app's stream: whoever ends the answer has nothing to do with it
    }
  }

  #sendWindow(rest: Uint8Array): void {
    if (rest.length <= WINDOW_BYTES) {
      this.#rest = undefined;
      this.end(rest);
      return;
    }
    this.#rest = rest.subarray(WINDOW_BYTES);
    this.#unsent = 0;
    this.#isFull = false;
    // A window that fills limits.unsentBytes has asked already.
    if (this.write(rest.subarray(0, WINDOW_BYTES))) this.#control(CONTROL_ASK_DRAINED, '', '');
  }

  #watch(tellReactor: boolean): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#link.watch(this.#slot, this);
    if (tellReactor) this.#control(CONTROL_WATCH, '', '');
  }

  #control(packed: number, fields: string, body: string | Uint8Array): void {
    this.#link.answer(this.#slot, this.exchangeGeneration, packed | CONTROL, '', fields, body);
  }

  #count(body: string | Uint8Array): void {
    if (this.#declared === undefined) return;
    const written = this.#written + (typeof body === 'string' ? Buffer.byteLength(body) : body.length);
    if (written > this.#declared) {
      if (this.hasBegun) this.abort();
      throw lengthError(this.#declared, written);
    }
    this.#written = written; // what is refused does not count: ahead of the head, another piece may come in its place
  }

  #hasRoom(body: string | Uint8Array): boolean {
    this.#unsent += body.length;
    if (!this.#isFull && this.#unsent >= this.#link.unsentBytes) {
      this.#isFull = true;
      this.#control(CONTROL_ASK_DRAINED, '', '');
      this.#collectWritten(body);
    }
    return !this.#isFull;
  }

  /**
   * The client is slower than the app, which has time now: Buffers that it made for this answer go before they pile up.
   * Whether they were made for it cannot be known; the one memory that is sent again and again was not.
   */
  #collectWritten(body: string | Uint8Array): void {
    if (typeof body === 'string') return;
    const isSame = body.buffer === this.#memory;
    const isLarge = this.#memory !== undefined;
    this.#memory = body.buffer;
    if (isSame || !isLarge) return;
    noteYoungBuffer(this.#unsent);
    collectYoungBuffers();
  }
}

function lengthError(declared: number, written: number): InvalidHeaderError {
  const what = written > declared ? 'more' : 'less';
  return new InvalidHeaderError(
    'ERR_MILLRACE_HEADER_FRAMING',
    'Content-Length',
    `Content-Length says ${String(declared)} bytes, and the body has ${what}: ${String(written)} so far (RFC 9110 §8.6)`,
  );
}
