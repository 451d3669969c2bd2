// applications.ts: what the servers serve, shared so that they answer alike, byte for byte, and do the same work.

import { Readable } from 'node:stream';

export const APPLICATIONS = [
  'hello',
  'user-json',
  'async-hello',
  'order',
  'timer',
  'four-reactors',
  'canned',
  'canned-blocked',
  'slow-mixed',
  'large-answers',
  'written-answers',
  'streamed-answers',
  'piped-answers',
  'readable-answers',
  'uploads',
  'whole-uploads',
] as const;
export type Application = (typeof APPLICATIONS)[number];

export const HELLO = 'Hello, World!';

/** Of GET / one request in so many takes so long without computing, as a request to another service does. Milliseconds. */
export const SLOW_ONE_IN = 100;
export const SLOW_MS = 50;

/** Whether it is the turn of a slow one. */
export function slowTurns(): () => boolean {
  let count = 0;
  return () => ++count % SLOW_ONE_IN === 0;
}

/** GET / with a large answer. The floor has one of its own, of the same size. */
export const LARGE_ANSWER = Buffer.alloc(64 * 1024, 'b');
/** The same in four pieces, for a handler that writes them in one turn of the event loop or in several. */
export const ANSWER_PIECES = Array.from({ length: 4 }, (_, n) =>
  LARGE_ANSWER.subarray(n * 16 * 1024, (n + 1) * 16 * 1024),
);

/** And for those that pipe what gives them. */
export async function* answerPieces(): AsyncGenerator<Buffer, void, undefined> {
  for (const piece of ANSWER_PIECES) yield await Promise.resolve(piece);
}

export function answerReadable(): Readable {
  let given = 0;
  return new Readable({
    read() {
      this.push(ANSWER_PIECES[given++] ?? null);
    },
  });
}

/** POST / takes bodies of this size and answers it. */
export const UPLOAD_BYTES = 1024 * 1024;

/** GET /users/:id reads the path, the parameter and two fields, and answers 200 bytes of JSON. */
export interface User {
  readonly id: string;
  readonly path: string;
  readonly accepts: string | undefined;
  readonly language: string | undefined;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
}

export function userOf(
  id: string,
  path: string,
  accepts: string | undefined,
  language: string | undefined,
): User {
  const name = 'Augusta Ada King, Countess of Lovelace';
  const roles = ['author', 'editor', 'translator'];
  return { id, path, accepts, language, name, email: 'ada.byron@example.org', roles };
}

/** POST /orders parses 1 KB of JSON and answers what it found. */
export interface Order {
  readonly customer: string;
  readonly items: readonly { readonly quantity: number; readonly cents: number }[];
}

export function receiptOf(order: Order): { customer: string; items: number; cents: number } {
  let cents = 0;
  for (const item of order.items) cents += item.quantity * item.cents;
  return { customer: order.customer, items: order.items.length, cents };
}

/** The application named on the command line of a variant. */
export function applicationFrom(argument: string | undefined): Application {
  const application = APPLICATIONS.find((name) => name === argument);
  if (!application)
    throw new Error(`usage: node VARIANT ${APPLICATIONS.join('|')}, not ${argument ?? 'nothing'}`);
  return application;
}
