// stress-run.ts: one run: well-behaved clients and faults together, and what the server holds before and after.

import { setTimeout as delay } from 'node:timers/promises';

import { randomFrom } from '../helpers/random.js';
import { ExactClient } from './clients/exact-client.js';
import { Lives, RollingClient } from './clients/rolling-client.js';
import { Tally } from './clients/tally.js';
import { Injector } from './faults/injector.js';
import type { StressOptions } from './options.js';
import { type Holdings, SubjectProcess } from './subject/subject-process.js';

const CLIENTS = 12;
const ROLLING_CLIENTS = 4;

/** Ahead of the first measurement, until heap, allocator and tables have found their size: a part of the run. */
const WARM_UP_PART = 0.1;
const WARM_UP = { requests: [1_000, 20_000], faults: [40, 500] } as const;

/** Longest wait for the server to notice that all have gone. It ends runs, it times nothing. */
const CALM_MS = 30_000;
const LOOK_MS = 20;

/** Seeds of clients are so far from those of faults. */
const CLIENT_SEEDS = 1_000;

/** What a run may add to the server's memory: noise of the heap, which workers that come and go tear holes into. */
export const MOST_GROWTH_BYTES = 48 * 1024 * 1024;

export interface Outcome {
  readonly tally: Tally;
  /** Lost, wrong and other failures of the warm-up count as well. */
  readonly warmUp: Tally;
  readonly before: Holdings;
  readonly after: Holdings;
  /** What the server holds that it should not, beside descriptors and memory. */
  readonly left: readonly string[];
  readonly seconds: number;
}

export type Progress = (tally: Tally, seconds: number) => void;

/** @throws Error when the server's process ends by itself. */
export async function stressRun(options: StressOptions, progress: Progress): Promise<Outcome> {
  const subject = await SubjectProcess.start(options.reactors);
  try {
    return await Promise.race([run(subject, options, progress), subject.failed]);
  } finally {
    subject.kill();
  }
}

async function run(subject: SubjectProcess, options: StressOptions, progress: Progress): Promise<Outcome> {
  const warmUp = new Tally();
  const short = {
    requests: warmUpOf(options.requests, WARM_UP.requests),
    faults: warmUpOf(options.faults, WARM_UP.faults),
    seconds: 0,
  };
  // Of both phases: a server that is restarted in the second one has answered in the first.
  const lives = new Lives();
  await phase(subject, { ...options, ...short }, warmUp, lives, () => undefined);
  await calm(subject);
  const before = await subject.holdings();

  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1_000;
  const tally = new Tally();
  await phase(subject, options, tally, lives, (now) => {
    progress(now, seconds());
  });
  lives.settle(tally);
  const lasted = seconds();
  const left = await calm(subject);
  return { tally, warmUp, before, after: await subject.holdings(), left, seconds: lasted };
}

/** Not more than the run itself. */
function warmUpOf(count: number, [least, most]: readonly [number, number]): number {
  return Math.min(count, most, Math.max(least, Math.ceil(count * WARM_UP_PART)));
}

/** Returns when all goals are reached and all clients have left. */
async function phase(
  subject: SubjectProcess,
  options: StressOptions,
  tally: Tally,
  lives: Lives,
  progress: (tally: Tally) => void,
): Promise<void> {
  const { seed, kinds, faults, requests, seconds } = options;
  const injector = new Injector(kinds, faults, { subject, tally, lives, seed });
  let isInjected = false;
  const injected = injector.run().then(() => (isInjected = true));
  const ends = performance.now() + seconds * 1_000;
  const isAhead = (): boolean => !isInjected && tally.requests > requests * injector.done;
  const isOver = (): boolean => isInjected && tally.requests >= requests && performance.now() >= ends;

  const { main, rolling } = subject.ports;
  const clients = [
    ...Array.from({ length: CLIENTS }, (_, i) => {
      const random = randomFrom(seed + CLIENT_SEEDS + i);
      return new ExactClient({ port: main }, random, tally);
    }),
    ...Array.from({ length: ROLLING_CLIENTS }, (_, i) => {
      const random = randomFrom(seed + CLIENT_SEEDS + CLIENTS + i);
      return new RollingClient(rolling, random, tally, lives);
    }),
  ];
  const shown = setInterval(progress, 200, tally);
  try {
    await Promise.all([injected, ...clients.map((client) => client.askUntil({ isOver, isAhead }))]);
  } finally {
    clearInterval(shown);
  }
}

/** Waits until the server holds nothing for anybody, and says what it still holds where it never comes to that. */
async function calm(subject: SubjectProcess): Promise<string[]> {
  const end = performance.now() + CALM_MS;
  for (;;) {
    const { main, impatient, errors } = await subject.ask('figures');
    const held = [main, impatient].flatMap(({ connections, queue, bytes }) => [
      ...heldOf('connections', connections.open),
      ...heldOf('requests', queue.waiting),
      ...heldOf('parked requests', queue.parked),
      ...heldOf('bytes for clients', bytes.buffered),
    ]);
    if (held.length === 0 || performance.now() > end) return [...held, ...errors];
    await delay(LOOK_MS);
  }
}

function heldOf(what: string, count: number): string[] {
  return count === 0 ? [] : [`${count} ${what}, with all clients gone`];
}
