// row.ts: what a row of the conformance table is: bytes that a client sends, and what any server has to do.

/** What the test application says it saw of a request; what a row does not mention is not looked at. */
export interface Seen {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  /** Several: any of them. */
  readonly host?: string | readonly string[];
  /** The value of X-A, one character for each byte; several lines joined by `, `. */
  readonly xA?: string;
  /** From `/seen` only: fields that must be there, fields that must not, and the body, a character for each byte. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly withoutFields?: readonly string[];
  readonly body?: string;
}

/** What one final answer has to be. */
export interface ExpectedAnswer {
  /** Several: any of them. 200 unless said. */
  readonly status?: number | readonly number[];
  readonly body?: string;
  readonly seen?: Seen;
  /** Field lines that must be there, by lower-case name. */
  readonly fields?: Readonly<Record<string, RegExp>>;
  readonly withoutFields?: readonly string[];
  /** Statuses of the interim answers ahead of it, exactly. */
  readonly interim?: readonly number[];
  /** It is cut short by the end of the connection, so that nobody takes it for a whole one. */
  readonly cutShort?: true;
  /** It has one Date, which is the time of now (RFC 9110 §6.6.1). */
  readonly dated?: true;
}

/**
 * How the connection is left behind the last answer. `open`: the server answers a further request on it. `closed`: it
 * ends, with nothing more. `fin`: the same, and not by a reset. `either`: open or closed.
 */
export type Ending = 'open' | 'closed' | 'fin' | 'either';

/** One thing that a server may do. */
export interface Outcome {
  readonly answers: readonly ExpectedAnswer[];
  readonly then: Ending;
  /** Further answers may follow: how many there are depends on what lies between the two. */
  readonly more?: true;
  /** Text that must occur nowhere in what came back. */
  readonly never?: readonly string[];
  /** Bytes that have to follow a 101. */
  readonly upgraded?: string;
}

/** Which time-out a timed row is about; `longest` of them. */
export type Clock = 'header' | 'body' | 'keepAlive' | 'longest';

/** Ways that wait for the server to end the connection, until twice the time-out and a second more have passed. */
export type TimedDelivery =
  /** Nothing follows. The end may not come before half of the time-out either. */
  | { readonly way: 'stall'; readonly clock: Clock }
  /** More bytes at regular intervals. */
  | { readonly way: 'drip'; readonly more: string; readonly everyMs: number; readonly clock: Clock }
  /** The client reads slowly, in steps of a second. */
  | { readonly way: 'slow reader'; readonly bytesPerSecond: number; readonly clock: Clock };

/** How the bytes are sent; without one, in one piece. */
export type Delivery =
  | { readonly way: 'byte by byte' }
  /** A connection for each pair of cuts. */
  | { readonly way: 'every two cuts' }
  /** A connection for each cut at, before and behind a multiple of 16: where blocks of a vector begin. */
  | { readonly way: 'block edges' }
  /** A connection for each cut: nothing may come back before the rest has been sent. */
  | { readonly way: 'every prefix' }
  /** The client ends its side behind the bytes. */
  | { readonly way: 'half-close' }
  /** More bytes are sent when 100 Continue has come. */
  | { readonly way: 'after 100'; readonly more: string }
  /** The client reads nothing for a while, in which the server's memory and its count of answers must stay low. */
  | { readonly way: 'unread'; readonly maxAnswers: number; readonly maxGrowthBytes: number }
  | TimedDelivery;

export function isTimed(delivery: Delivery | undefined): delivery is TimedDelivery {
  return delivery !== undefined && 'clock' in delivery;
}

export interface Row {
  /** Unique in its group. */
  readonly id: string;
  /** What is special about the bytes, with the section that has the rule. */
  readonly name: string;
  /** One character for each byte. Several: one connection for each, all with the same outcome. */
  readonly bytes: string | readonly string[];
  readonly delivery?: Delivery;
  /** What the server may do: one of these. */
  readonly expect: readonly Outcome[];
  /** Completes a request that the bytes have begun, and the path by which it is known; else a new request is sent. */
  readonly completion?: { readonly bytes: string; readonly path: string };
}

export interface Group {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** What a row may have besides its bytes. */
export type Extras = Pick<Row, 'delivery' | 'completion'>;

/** A row with its outcomes spelled out. */
export function row(
  id: string,
  name: string,
  bytes: string | readonly string[],
  expect: readonly Outcome[],
  extras: Extras = {},
): Row {
  return { id, name, bytes, expect, ...extras };
}

/** A message that is refused: one answer, then the end; nothing behind it is looked at. */
export function refused(
  id: string,
  name: string,
  bytes: string | readonly string[],
  status: number | readonly number[] = 400,
  extras: Extras = {},
): Row {
  return row(id, name, bytes, [refusal(status)], extras);
}

/** Requests that are understood, with an answer for each, on a connection that stays open unless said. */
export function answered(
  id: string,
  name: string,
  bytes: string | readonly string[],
  answers: ExpectedAnswer | readonly ExpectedAnswer[] = {},
  then: Ending = 'open',
  extras: Extras = {},
): Row {
  return row(id, name, bytes, [{ answers: [answers].flat(), then }], extras);
}

/** A message that a server may refuse or understand, but not otherwise. */
export function refusedOr(
  id: string,
  name: string,
  bytes: string | readonly string[],
  answer: ExpectedAnswer,
  status: number | readonly number[] = 400,
): Row {
  return row(id, name, bytes, [refusal(status), { answers: [answer], then: 'open' }]);
}

export function refusal(status: number | readonly number[] = 400): Outcome {
  return { answers: [{ status }], then: 'closed' };
}

/** The end of the connection without a word. */
export const SILENT_END: Outcome = { answers: [], then: 'closed' };
