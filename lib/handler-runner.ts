// handler-runner.ts: runs the handler of each request, and sees to it that a failure hurts nobody else.

import { makeEachApart } from './async-context.js';
import type { DecompressionLimits } from './compressed-body.js';
import type { ErrorCode } from './errors.js';
import { failureOf } from './failure.js';
import type { ReactorLink } from './reactor-link.js';
import { HttpRequest } from './request.js';
import type { ClaimedRun } from './request-ring.js';
import { HttpResponse } from './response.js';
import type { HandlerEntry } from './routes.js';
import { throwLater } from './throw-later.js';
import { now } from './timers.js';
import type { UpgradedSocket } from './upgraded-socket.js';

/** Where an `error` event comes from. */
export interface ErrorContext {
  readonly method: string;
  readonly path: string;
  /** Number of the handler thread, counted from 0; absent where handlers run in the thread of the server. */
  readonly thread?: number;
}

/** Told of what a handler threw or rejected with; false: nobody listens. */
export type OnError = (error: unknown, context: ErrorContext) => boolean;

/** Errors that clients can make as many of as they like. */
const CLIENTS_DOING: readonly ErrorCode[] = [
  'ERR_MILLRACE_BODY_JSON',
  'ERR_MILLRACE_BODY_GZIP',
  'ERR_MILLRACE_BODY_TOO_LARGE',
  'ERR_MILLRACE_BODY_CODING',
  'ERR_MILLRACE_FILE_MISSING',
  'ERR_MILLRACE_FILE_UNAVAILABLE',
];

/** What of a client's bytes an upgrade handler gets beside the socket. */
const NOTHING = Buffer.alloc(0);

export class HandlerRunner {
  readonly #handlers: readonly HandlerEntry[];
  readonly #onError: OnError;
  readonly #decompression: DecompressionLimits | undefined;
  readonly #eachApart = makeEachApart();

  /** `decompression`: the server's limits, where it has compressed bodies decompressed. */
  constructor(
    handlers: readonly HandlerEntry[],
    decompression: DecompressionLimits | undefined,
    onError: OnError,
  ) {
    this.#handlers = handlers;
    this.#decompression = decompression;
    this.#onError = onError;
  }

  /**
   * Claims up to `most` requests and runs their handlers; where they are claimed one by one, none after `end`, a time of
   * `now()`. Returns how many there were. Never throws.
   */
  run(link: ReactorLink, claimed: ClaimedRun, most: number, end: number): number {
    return link.claimsOneByOne
      ? this.#runOneByOne(link, claimed, most, end)
      : this.#runAll(link, claimed, most);
  }

  #runAll(link: ReactorLink, claimed: ClaimedRun, most: number): number {
    if (!link.claim(most, claimed)) return 0;
    this.#eachApart(claimed.count, (index) => {
      claimed.begun = index + 1;
      this.#runOne(link, claimed, index);
      return true;
    });
    link.endRun();
    return claimed.count;
  }

  /** Each is claimed when the handlers before it have returned. */
  #runOneByOne(link: ReactorLink, claimed: ClaimedRun, most: number, end: number): number {
    let count = 0;
    this.#eachApart(most, () => {
      if (!link.claim(1, claimed)) return false;
      count++;
      this.#runOne(link, claimed, 0);
      return now() < end;
    });
    return count;
  }

  #runOne(link: ReactorLink, claimed: ClaimedRun, index: number): void {
    const entry = this.#handlers[claimed.routes[index]!]!;
    const start = claimed.starts[index]!;
    const response = new HttpResponse(
      link,
      claimed.exchangeSlots[index]!,
      claimed.exchangeGenerations[index]!,
      claimed.records,
      start,
    );
    const body = claimed.bodyFollows(index) ? HttpResponse.incomingBodyOf(response) : claimed.bodyOf(index);
    const request = new HttpRequest(claimed.records, start, body, entry.pattern, response);
    if (this.#decompression !== undefined && body !== undefined) {
      const { ratio, bodyBytes } = this.#decompression;
      HttpRequest.decompress(request, { ratio, bodyBytes: entry.bodyBytes ?? bodyBytes });
    }
    let socket: UpgradedSocket | undefined;
    const fail = (error: unknown): void => {
      this.#fail(error, request, response);
      socket?.destroy();
    };
    try {
      let result: unknown;
      if (entry.upgrade === undefined) {
        result = entry.handler(request, response);
      } else {
        socket = HttpResponse.takeOver(response, request);
        result = entry.upgrade(request, socket, NOTHING);
      }
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  }

  #fail(error: unknown, request: HttpRequest, response: HttpResponse): void {
    const { status, phrase, fields, isAbort } = failureOf(error);
    // What another request's client did is no reason to leave this one without an answer.
    const isNobodys = isAbort && HttpResponse.isForNobody(response);
    HttpResponse.fail(response, status, phrase, fields);
    if (isNobodys) return;
    const context: ErrorContext = { method: request.method, path: request.path };
    try {
      if (this.#onError(error, context)) return;
    } catch (thrown) {
      throwLater(thrown); // a listener's own mistake
      return;
    }
    HandlerRunner.report(error, context);
  }

  /** For people, where no `error` listener is. */
  static report(error: unknown, context: ErrorContext): void {
    const what = `millrace: the handler of ${context.method} ${context.path} failed`;
    try {
      // A client that sends bad bodies must not be able to fill the log. By its code: it may come from another thread.
      const code = (error as { code?: unknown } | undefined)?.code;
      if (CLIENTS_DOING.some((of) => of === code)) return;
      console.error(`${what}:`, error);
    } catch {
      console.error(`${what} with an error that cannot be shown: looking at it throws`);
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
