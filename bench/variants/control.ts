// control.ts: how the bench talks to a server in Node: the port on stdout, questions over IPC, SIGTERM to leave.

import { setTimeout as sleep } from 'node:timers/promises';
import type { LatenessWatch } from './lateness.js';
import { LoopWatch } from './loop-watch.js';

/** What the bench can ask, and what comes back. */
export interface Answers {
  /** Collects garbage, so that only memory in use is left. */
  collect: 'collected';
  /** Milliseconds by which the latest timer came too late since the last time this was asked. */
  lateness: number;
  /** Begins to watch the event loop. */
  watchLoop: 'watching';
  /** Milliseconds by which the event loop was late, 99 times of 100, while it was watched; ends that. */
  loopDelay: number | null;
  /** Open connections of each reactor. */
  reactors: readonly number[];
  /** The processes that the server consists of. */
  processes: readonly number[];
  /** What went with handler threads that ended. */
  losses: Losses;
}

export interface Losses {
  /** Handler threads that have ended. */
  readonly exits: number;
  /** Requests that were answered 503 because of it, as `stats()` counts them. */
  readonly lost: number;
  /** Numbers of the requests that were inside of these threads, as the threads say. */
  readonly inside: readonly number[];
}

export type Question = keyof Answers;

export interface Controlled {
  readonly port: number;
  readonly lateness: LatenessWatch;
  connectionsPerReactor(): readonly number[];
  /** Where it is more than this one. */
  processes?(): readonly number[];
  losses?(): Losses;
  /** Where it is another one than usual. */
  readonly loopWatch?: LoopWatch;
  close(): Promise<unknown>;
}

/** Rounds of garbage collection: what the first makes unreachable through finalizers goes with the second. */
const COLLECTIONS = 3;

const NO_LOSSES: Losses = { exits: 0, lost: 0, inside: [] };

export function serveControl(server: Controlled): void {
  const loopWatch = server.loopWatch ?? new LoopWatch();
  process.on('message', (question: Question) => void reply(server, loopWatch, question));
  // The bench has gone without a word: nobody else would end this process.
  process.once('disconnect', () => process.exit());
  process.once('SIGTERM', () => void server.close().then(() => process.exit()));
  console.log(server.port);
}

async function reply(server: Controlled, loopWatch: LoopWatch, question: Question): Promise<void> {
  switch (question) {
    case 'collect':
      await collect();
      process.send?.('collected' satisfies Answers['collect']);
      return;
    case 'lateness':
      process.send?.(server.lateness.take() satisfies Answers['lateness']);
      return;
    case 'watchLoop':
      loopWatch.start();
      process.send?.('watching' satisfies Answers['watchLoop']);
      return;
    case 'loopDelay':
      process.send?.(loopWatch.stop() satisfies Answers['loopDelay']);
      return;
    case 'reactors':
      process.send?.(server.connectionsPerReactor() satisfies Answers['reactors']);
      return;
    case 'processes':
      process.send?.((server.processes?.() ?? [process.pid]) satisfies Answers['processes']);
      return;
    case 'losses':
      process.send?.((server.losses?.() ?? NO_LOSSES) satisfies Answers['losses']);
      return;
  }
}

async function collect(): Promise<void> {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await sleep(50);
  }
}
