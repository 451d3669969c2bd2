// questions.ts: what the stress run asks of the subject, beside requests: over IPC, so that no connection is for asking.

import type { ServerStats } from 'millrace';

import type { Life } from './rolling-server.js';
import type { StartedWorker } from './workers.js';

/** Where the subject's servers listen. */
export interface Ports {
  readonly main: number;
  /** Its time-outs strike soon. */
  readonly impatient: number;
  readonly rolling: number;
}

export interface Figures {
  readonly main: ServerStats;
  readonly impatient: ServerStats;
  /** What handlers and workers threw: nothing, unless something is wrong. */
  readonly errors: readonly string[];
}

/** By question: what is told with it, and what is answered. */
export interface Questions {
  figures: { with: undefined; answer: Figures };
  /** Collects garbage, so that only memory in use is left. */
  collect: { with: undefined; answer: 'collected' };
  'start a worker': { with: undefined; answer: StartedWorker };
  'terminate a worker': { with: number; answer: 'terminated' };
  restart: { with: undefined; answer: Life };
}

export type Question = keyof Questions;

export interface Asked {
  readonly id: number;
  readonly question: Question;
  readonly with: number | undefined;
}

export type Told =
  | { readonly is: 'listening'; readonly ports: Ports }
  | { readonly is: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly is: 'failure'; readonly id: number; readonly message: string };
