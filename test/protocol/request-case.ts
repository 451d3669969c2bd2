// request-case.ts: one row of the tables of requests: what a client sends, and what has to come of it.

/** What the app gets to see of a request; what a row does not mention is not looked at. */
export interface Seen {
  readonly method?: string;
  readonly target?: string;
  readonly path?: string;
  readonly query?: string;
  readonly authority?: string;
  readonly version?: '1.0' | '1.1';
  /** `name=value` of each field line as it was sent, joined by `|`. */
  readonly fields?: string;
  /** One character for each byte. */
  readonly body?: string;
}

/** Requests that are understood: each is seen as the row says, and answered. */
export interface AcceptedCase {
  readonly name: string;
  /** One character for each byte. */
  readonly bytes: string;
  readonly seen: readonly Seen[];
  /** The connection ends after the last answer. */
  readonly ends?: boolean;
}

/**
 * A message that is refused: the status, then the end of the connection. Nothing behind it is looked at, so the app
 * sees only what came before.
 */
export interface RefusedCase {
  readonly name: string;
  readonly bytes: string;
  readonly status: number;
  /** Requests ahead of it that are answered as usual. */
  readonly before?: number;
}

/** Beginnings that most rows share, so that a row shows what is special about it. */
export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
export const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
export const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
/** Behind a request line. */
export const TAIL = ' HTTP/1.1\r\nHost: a\r\n\r\n';
