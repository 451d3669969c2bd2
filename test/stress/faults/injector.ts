// injector.ts: injects all kinds of faults at the same time, each as often as the others.

import { randomFrom, type Random } from '../../helpers/random.js';
import type { Lives } from '../clients/rolling-client.js';
import type { Tally } from '../clients/tally.js';
import type { SubjectProcess } from '../subject/subject-process.js';
import { lendConnections } from './connections.js';
import { AT_ONCE, type Fault } from './fault.js';
import type { SubjectVisit } from './subject-faults.js';

/** Visits at a time, of all kinds together. */
const LANES = 160;

/**
 * No kind is further ahead of another than this part of the goal, or this many, so that until the end each meets all
 * others.
 */
const MOST_AHEAD = { part: 0.01, times: 8 };

interface Kind {
  readonly fault: Fault<SubjectVisit>;
  readonly random: Random;
  begun: number;
  active: number;
}

export interface Surroundings {
  readonly subject: SubjectProcess;
  readonly tally: Tally;
  readonly lives: Lives;
  readonly seed: number;
}

export class Injector {
  readonly #kinds: readonly Kind[];
  readonly #goal: number;
  readonly #mostAhead: number;
  readonly #around: Surroundings;
  /** Lanes that wait for a kind that they may take. */
  #idle: (() => void)[] = [];

  /** @param goal - How often each of them is injected. */
  constructor(faults: readonly Fault<SubjectVisit>[], goal: number, around: Surroundings) {
    this.#kinds = faults.map((fault, i) => ({
      fault,
      random: randomFrom(around.seed + i),
      begun: 0,
      active: 0,
    }));
    this.#goal = goal;
    this.#mostAhead = Math.max(MOST_AHEAD.times, goal * MOST_AHEAD.part);
    this.#around = around;
  }

  /** How much of it has begun: 0 to 1. */
  get done(): number {
    const begun = this.#kinds.reduce((sum, kind) => sum + kind.begun, 0);
    return begun / (this.#goal * this.#kinds.length);
  }

  /** Returns when each has been injected as often as it was asked for. What goes wrong goes to the tally. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: LANES }, () => this.#lane()));
  }

  async #lane(): Promise<void> {
    while (!this.#around.tally.isHopeless && this.#kinds.some(({ begun }) => begun < this.#goal)) {
      const kind = this.#choose();
      if (kind === undefined) await new Promise<void>((resolve) => this.#idle.push(resolve));
      else await this.#visit(kind);
    }
  }

  /** The one furthest behind of those that may have one more. */
  #choose(): Kind | undefined {
    const fewest = Math.min(...this.#kinds.map(({ begun }) => begun));
    const open = this.#kinds.filter(
      ({ fault, begun, active }) =>
        begun < this.#goal && begun <= fewest + this.#mostAhead && active < (fault.atOnce ?? AT_ONCE),
    );
    return open.sort((a, b) => a.begun - b.begun)[0];
  }

  async #visit(kind: Kind): Promise<void> {
    const { subject, tally, lives } = this.#around;
    const { fault, random } = kind;
    kind.begun++;
    kind.active++;
    try {
      await lendConnections({ port: subject.ports.main }, tally, (connect) =>
        fault.inject({ random, next: tally.next, connect, subject, lives }),
      );
    } catch (error) {
      tally.note(error, `somebody who ${fault.does}`);
    }
    tally.countFault(fault.name);
    kind.active--;
    for (const wake of this.#idle.splice(0)) wake();
  }
}
