// sent-error.ts: errors on their way from a handler thread to the thread of the server.

import { inspect, types } from 'node:util';

/** How many causes of causes are taken along. */
const MAX_CAUSES = 8;

/** What can be sent of something thrown. */
export interface SentError {
  /** False: no Error was thrown; `message` shows what it was. */
  readonly isError: boolean;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own properties, `code` and the like, as far as they are plain values. */
  readonly properties: Readonly<Record<string, string | number | boolean | null>>;
  readonly cause: SentError | undefined;
}

/** Structured cloning would lose `code`, subclass names and all other properties. Never throws. */
export function packError(thrown: unknown, depth = 0): SentError {
  try {
    // Also those of another realm (`node:vm`), which are instances of another Error.
    if (thrown instanceof Error || types.isNativeError(thrown)) return packed(thrown, depth);
    return notAnError(inspect(thrown));
  } catch {
    return notAnError('something that cannot be shown'); // a getter or a proxy of the app's throws
  }
}

/** The error again: an Error with the name, message, stack and plain properties of the one that was thrown. */
export function unpackError(sent: SentError): Error {
  const cause = sent.cause === undefined ? undefined : { cause: unpackError(sent.cause) };
  const error = new Error(sent.isError ? sent.message : `a handler threw ${sent.message}`, cause);
  Object.defineProperty(error, 'name', { value: sent.name, configurable: true, writable: true });
  if (sent.stack !== undefined) {
    Object.defineProperty(error, 'stack', { value: sent.stack, configurable: true, writable: true });
  }
  return Object.assign(error, sent.properties);
}

function packed(error: Error, depth: number): SentError {
  const properties: Record<string, string | number | boolean | null> = {};
  for (const [key, value] of Object.entries(error) as [string, unknown][]) {
    if (key !== 'name' && isPlain(value)) properties[key] = value;
  }
  const hasCause = error.cause !== undefined && depth < MAX_CAUSES;
  return {
    isError: true,
    name: textOf(error.name),
    message: textOf(error.message),
    stack: typeof error.stack === 'string' ? error.stack : undefined,
    properties,
    cause: hasCause ? packError(error.cause, depth + 1) : undefined,
  };
}

/** Apps may have put anything there, also what cannot be sent. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

function notAnError(shown: string): SentError {
  return {
    isError: false,
    name: 'Error',
    message: shown,
    stack: undefined,
    properties: {},
    cause: undefined,
  };
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
