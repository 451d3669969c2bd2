// failure.ts: what is answered where a handler, or the source that it has piped, has failed.

import { AbortedError, BodyError, FileError } from './errors.js';

/** The status for a Content-Encoding that is not known, and what goes with it. */
const UNSUPPORTED = 415;
const ACCEPTS_GZIP = { 'Accept-Encoding': 'gzip' };

/** The answer to a request whose handler has failed. */
export interface Failure {
  readonly status: number;
  readonly phrase: string;
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /** What drained() and pipe() reject with, and what Node's own functions make of an aborted `req.signal`. */
  readonly isAbort: boolean;
}

const FAILED: Failure = { status: 500, phrase: 'Internal Server Error', isAbort: false };

export function failureOf(error: unknown): Failure {
  try {
    if (error instanceof BodyError) {
      // A client that is told what it may send (RFC 9110 §15.5.16).
      const fields = error.status === UNSUPPORTED ? ACCEPTS_GZIP : undefined;
      return { status: error.status, phrase: error.phrase, fields, isAbort: false };
    }
    if (error instanceof FileError)
      return { status: error.status, phrase: error.phrase, fields: error.fields, isAbort: false };
    const isAbort =
      error instanceof AbortedError || (error instanceof Error && error.cause instanceof AbortedError);
    return { ...FAILED, isAbort };
  } catch {
    return FAILED; // anything may be thrown, also what throws when it is looked at
  }
}
