// thread-messages.ts: what a server and its handler threads tell each other. Never requests: those take the rings.

import type { MessagePort } from 'node:worker_threads';

import type { NativeRoute } from './binding.js';
import type { DecompressionLimits } from './compressed-body.js';
import type { ErrorContext } from './handler-runner.js';
import type { SharedThreadMemory } from './ring-memory.js';
import type { SentError } from './sent-error.js';
import type { ServerStats } from './stats.js';

/** The first message, and the only one that does not come through the port in it. */
export interface StartMessage {
  readonly port: MessagePort;
  /** URL of the app module. */
  readonly app: string;
  /** The thread's number. */
  readonly thread: number;
}

/** Where a thread claims. */
export interface Placement {
  /** As `NativeServer.number()` says. */
  readonly server: number;
  readonly place: number;
  readonly lane: number;
  readonly memory: SharedThreadMemory;
  /** `limits.unsentBytes`. */
  readonly unsentBytes: number;
  /** Where it has compressed bodies decompressed. */
  readonly decompression: DecompressionLimits | undefined;
}

export type MessageToThread =
  | ({ readonly kind: 'join' } & Placement)
  /** What has been asked for. */
  | { readonly kind: 'stats'; readonly stats: ServerStats }
  /** Claim no more. */
  | { readonly kind: 'retire' }
  /** Nobody waits for anything any more: end. */
  | { readonly kind: 'exit' };

export type MessageFromThread =
  /** The app has been loaded; these are its routes. */
  | { readonly kind: 'loaded'; readonly routes: readonly NativeRoute[] }
  /** It could not be loaded. The thread ends. */
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'joined' }
  /** The app asks for the server's figures. Answered in the order in which it asks. */
  | { readonly kind: 'ask-stats' }
  | { readonly kind: 'retired' }
  /** A handler has thrown. */
  | { readonly kind: 'error'; readonly error: SentError; readonly context: ErrorContext };
