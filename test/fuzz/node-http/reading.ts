// reading.ts: what a server makes of bytes, in a form in which two servers can be compared.

/** A request that has arrived whole. Texts have one character for each byte. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Name, value, name, value, … as they were sent. */
  readonly fields: readonly string[];
  readonly body: string;
  /** Like `fields`. */
  readonly trailers: readonly string[];
  /** May another request follow on this connection? */
  readonly keepAlive: boolean;
}

/**
 * Why there are no further requests:
 * - `clean`: there are no further bytes
 * - `closed`: the last request ended the connection; what follows is not looked at
 * - `unfinished`: the bytes end inside a request
 * - `refused`: what comes next is no request to this server
 */
export type End = 'clean' | 'closed' | 'unfinished' | 'refused';

export interface Reading {
  readonly requests: readonly ReadRequest[];
  readonly end: End;
  /** Of `refused`: the server's own words for it. Else empty. */
  readonly reason: string;
}

/** What comes at one place in the sequence of requests: one more, or the end. */
export type Step = { readonly request: ReadRequest } | { readonly end: End; readonly reason: string };

export function stepAt(reading: Reading, place: number): Step {
  const request = reading.requests[place];
  return request === undefined ? { end: reading.end, reason: reading.reason } : { request };
}

/** The values of all fields of a name that is given in lower case. */
export function valuesOf(fields: readonly string[], name: string): string[] {
  return fields.filter((_, index) => index % 2 === 1 && fields[index - 1]!.toLowerCase() === name);
}
