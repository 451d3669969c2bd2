// killing.ts: a program that keeps connections busy and meanwhile asks, again and again, for the end of the thread that
// gets the request. Its order comes over IPC, and so goes what became of every request.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Kind, answerOf, pathOf } from '../variants/work.js';
import { Connection } from './connection.js';

export interface KillingOrder {
  readonly port: number;
  readonly seconds: number;
  readonly killEveryMs: number;
  /** Each connection asks for its work again as soon as it has its answer. */
  readonly connections: readonly { readonly count: number; readonly kind: Kind; readonly ms: number }[];
}

export interface KillingResult {
  /** Right answers. */
  readonly answers: number;
  readonly kills: number;
  /** Numbers of the requests that were answered 503. */
  readonly answered503: readonly number[];
  /** Connections that ended before this program closed them. */
  readonly lostConnections: number;
  /** Requests without an answer: those of lost connections, and those that never got one. */
  readonly unanswered: number;
  readonly wrongAnswers: number;
  readonly firstWrong: string | null;
}

/** How long answers may take after the last request. */
const LAST_ANSWERS_MS = 5_000;

const UNAVAILABLE = 503;

class Killing {
  readonly #order: KillingOrder;
  readonly #endMs: number;
  readonly #answered503: number[] = [];
  #next = 0;
  #answers = 0;
  #kills = 0;
  #lostConnections = 0;
  #outstanding = 0;
  #lostRequests = 0;
  #wrongAnswers = 0;
  #firstWrong: string | null = null;

  private constructor(order: KillingOrder) {
    this.#order = order;
    this.#endMs = performance.now() + order.seconds * 1_000;
  }

  static async run(order: KillingOrder): Promise<KillingResult> {
    return new Killing(order).#run();
  }

  async #run(): Promise<KillingResult> {
    const open = (): Promise<Connection> => Connection.open(this.#order.port, () => this.#lostConnections++);
    const connections: Connection[] = [await open()];
    const done = [this.#kill(connections[0]!)];
    for (const { count, kind, ms } of this.#order.connections) {
      for (let i = 0; i < count; i++) {
        const connection = await open();
        connections.push(connection);
        done.push(this.#keepBusy(connection, kind, ms));
      }
    }
    await Promise.race([Promise.all(done), sleep(this.#endMs - performance.now() + LAST_ANSWERS_MS)]);
    const lostConnections = this.#lostConnections;
    for (const connection of connections) connection.close();
    return {
      answers: this.#answers,
      kills: this.#kills,
      answered503: this.#answered503,
      lostConnections,
      unanswered: this.#outstanding + this.#lostRequests,
      wrongAnswers: this.#wrongAnswers,
      firstWrong: this.#firstWrong,
    };
  }

  async #keepBusy(connection: Connection, kind: Kind, ms: number): Promise<void> {
    while (performance.now() < this.#endMs && !connection.isLost) {
      const number = this.#next++;
      await this.#ask(connection, number, pathOf(kind, ms, number), answerOf(kind, ms, number));
    }
  }

  async #kill(connection: Connection): Promise<void> {
    for (
      let at = performance.now() + this.#order.killEveryMs;
      at < this.#endMs;
      at += this.#order.killEveryMs
    ) {
      await sleep(at - performance.now());
      if (connection.isLost) return;
      this.#kills++;
      const number = this.#next++;
      await this.#ask(connection, number, `/exit/${number}`, null);
    }
  }

  /** `expected`: the body; null: no answer but 503 is right. */
  async #ask(connection: Connection, number: number, path: string, expected: string | null): Promise<void> {
    this.#outstanding++;
    try {
      const { status, body } = await connection.ask(path);
      if (status === UNAVAILABLE) this.#answered503.push(number);
      else if (status === 200 && body === expected) this.#answers++;
      else {
        this.#wrongAnswers++;
        this.#firstWrong ??= `${path}: ${status} ${JSON.stringify(body)}`;
      }
    } catch {
      this.#lostRequests++;
    } finally {
      this.#outstanding--;
    }
  }
}

process.once('message', (order: KillingOrder) => {
  void Killing.run(order).then((result) => process.send?.(result, () => process.exit()));
});
// The bench has gone without a word.
process.once('disconnect', () => process.exit());
