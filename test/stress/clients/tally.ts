// tally.ts: what happened in a stress run, counted.

import { NoAnswer } from '../../helpers/client.js';

/** More kinds of them say nothing new. */
const MOST_DESCRIBED = 20;

/** Characters: some show bytes of a body. */
const LONGEST_MESSAGE = 200;

/** A run with so many failures is not worth its end. */
const HOPELESS = 100;

export class Tally {
  /** Of well-behaved clients and of those that misbehave. */
  connections = 0;
  /** Of well-behaved clients, each answered rightly. */
  requests = 0;
  /** Asked once more, because their server had closed before it had them (RFC 9110 §9.2.2). */
  askedAgain = 0;
  readonly faults = new Map<string, number>();

  /** Requests whose answer did not come, or not whole. */
  lost = 0;
  /** Answers that were not what was asked for: wrong ones, doubled ones, or out of order. */
  wrong = 0;
  /** Whatever else went wrong. */
  others = 0;
  /** Failures for people: what, and how often. */
  readonly #described = new Map<string, number>();

  #lastNumber = 0;

  /** The number of the next request. */
  readonly next = (): number => ++this.#lastNumber;

  /** @param unanswered - Requests that had no answer yet when this was thrown. */
  note(error: unknown, who: string, unanswered = 1): void {
    const { name, message } = error as Error;
    if (error instanceof NoAnswer) this.lost += unanswered;
    else if (name === 'AssertionError') this.wrong++;
    else this.others++;
    this.describe(`${who}: ${message.split('\n', 1)[0]!.slice(0, LONGEST_MESSAGE)}`);
  }

  describe(failure: string): void {
    const count = this.#described.get(failure);
    if (count === undefined && this.#described.size === MOST_DESCRIBED) return;
    this.#described.set(failure, (count ?? 0) + 1);
  }

  get described(): string[] {
    return [...this.#described].map(([failure, count]) => `${count} x ${failure}`);
  }

  countFault(name: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
  }

  get failures(): number {
    return this.lost + this.wrong + this.others;
  }

  get isHopeless(): boolean {
    return this.failures >= HOPELESS;
  }
}
