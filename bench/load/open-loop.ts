// open-loop.ts: a program that sends requests when they are due, whatever becomes of those before. Its order comes over
// IPC, and so goes what it found out.
//
// Request n is due n / rate seconds after the beginning, and goes to connection n modulo their number. One request at a
// time is on a connection, as wrk2 and autocannon without pipelining have it; one that is due while its connection is
// busy waits for it. Its latency counts from when it was due, so that nothing that waits is left out.

import { type Kind, answerOf, pathOf } from '../variants/work.js';
import { type Answer, Connection } from './connection.js';
import { type Percentiles, percentilesOf } from './percentiles.js';
import { randomFrom } from './random.js';

export interface Work {
  readonly kind: Kind;
  readonly ms: number;
}

export interface OpenLoopOrder {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second; null: a closed loop, each connection sends as soon as it has its answer. */
  readonly rate: number | null;
  readonly usual: Work;
  /** One of every `rareOneIn` requests; which of them, is drawn by lot: in turn, they would all meet the same worker. */
  readonly rare: Work;
  readonly rareOneIn: number;
  readonly seed: number;
}

export interface OpenLoopResult {
  /** Right answers within the time. */
  readonly answersPerSecond: number;
  /** Right answers in all. */
  readonly answers: number;
  /** Milliseconds from when a request was due. */
  readonly all: Percentiles;
  readonly usual: Percentiles;
  /** Milliseconds by which this program itself came late. */
  readonly sentLate: Percentiles;
  readonly problem: string | null;
}

/** How long answers may take after the last request was due. */
const LAST_ANSWERS_MS = 10_000;
/** Between the order and the first request. */
const HEAD_START_MS = 20;

interface Request {
  readonly number: number;
  readonly work: Work;
  readonly dueMs: number;
}

interface Lane {
  readonly connection: Connection;
  readonly queue: Request[];
}

class OpenLoop {
  readonly #order: OpenLoopOrder;
  readonly #random: () => number;
  readonly #lanes: Lane[] = [];
  readonly #startMs: number;
  readonly #endMs: number;
  readonly #usual: number[] = [];
  readonly #rare: number[] = [];
  readonly #sentLate: number[] = [];
  #next = 0;
  #nextRare = 0;
  #inTime = 0;
  #outstanding = 0;
  #lost: readonly Error[] = [];
  #lostRequests = 0;
  #wrong = 0;
  #firstWrong = '';
  #finish: () => void = () => undefined;

  private constructor(order: OpenLoopOrder) {
    this.#order = order;
    this.#random = randomFrom(order.seed);
    this.#startMs = performance.now() + HEAD_START_MS;
    this.#endMs = this.#startMs + order.seconds * 1_000;
  }

  static async run(order: OpenLoopOrder): Promise<OpenLoopResult> {
    const lost: Error[] = [];
    const onLost = (error: Error): unknown => lost.push(error);
    const opening = Array.from({ length: order.connections }, () => Connection.open(order.port, onLost));
    const connections = await Promise.all(opening);
    const loop = new OpenLoop(order);
    for (const connection of connections) loop.#lanes.push({ connection, queue: [] });
    await loop.#send();
    loop.#lost = lost;
    for (const connection of connections) connection.close();
    return loop.#result();
  }

  async #send(): Promise<void> {
    const finished = new Promise<void>((resolve) => (this.#finish = resolve));
    if (this.#order.rate === null)
      for (const lane of this.#lanes) this.#start(lane, this.#draw(performance.now()));
    else this.#sendWhatIsDue(this.#order.rate);
    const late = setTimeout(this.#finish, this.#endMs - performance.now() + LAST_ANSWERS_MS);
    await finished;
    clearTimeout(late);
  }

  #sendWhatIsDue(rate: number): void {
    for (;;) {
      const now = performance.now();
      const dueMs = this.#startMs + (this.#next * 1_000) / rate;
      if (dueMs >= this.#endMs) break;
      if (dueMs > now) {
        setTimeout(() => {
          this.#sendWhatIsDue(rate);
        }, dueMs - now);
        return;
      }
      const lane = this.#lanes[this.#next % this.#lanes.length]!;
      this.#sentLate.push(now - dueMs);
      const request = this.#draw(dueMs);
      if (lane.connection.isBusy) lane.queue.push(request);
      else this.#start(lane, request);
    }
    this.#finishIfDone();
  }

  #draw(dueMs: number): Request {
    const { usual, rare, rareOneIn } = this.#order;
    const number = this.#next++;
    if (number % rareOneIn === 0) this.#nextRare = number + Math.floor(this.#random() * rareOneIn);
    this.#outstanding++;
    return { number, work: number === this.#nextRare ? rare : usual, dueMs };
  }

  #start(lane: Lane, request: Request): void {
    const { kind, ms } = request.work;
    lane.connection
      .ask(pathOf(kind, ms, request.number))
      .then(
        (answer) => {
          this.#onAnswer(request, answer);
        },
        () => {
          this.#lostRequests++;
        },
      )
      .finally(() => {
        this.#outstanding--;
        this.#onFree(lane);
      });
  }

  #onAnswer({ number, work, dueMs }: Request, { status, body }: Answer): void {
    const now = performance.now();
    if (status !== 200 || body !== answerOf(work.kind, work.ms, number)) {
      this.#firstWrong ||= `${status} ${JSON.stringify(body)}`;
      this.#wrong++;
      return;
    }
    (work === this.#order.usual ? this.#usual : this.#rare).push(now - dueMs);
    if (now < this.#endMs) this.#inTime++;
  }

  #onFree(lane: Lane): void {
    const waiting = lane.queue.shift();
    if (waiting) this.#start(lane, waiting);
    else if (this.#order.rate === null && performance.now() < this.#endMs && !lane.connection.isLost)
      this.#start(lane, this.#draw(performance.now()));
    else this.#finishIfDone();
  }

  #finishIfDone(): void {
    const { rate } = this.#order;
    const allSent = rate === null || this.#startMs + (this.#next * 1_000) / rate >= this.#endMs;
    if (allSent && this.#outstanding === 0) this.#finish();
  }

  #result(): OpenLoopResult {
    const problems = [
      this.#wrong > 0 && `${this.#wrong} wrong answers, the first ${this.#firstWrong}`,
      this.#lost.length > 0 &&
        `${this.#lost.length} connections lost, the first since ${this.#lost[0]!.message}`,
      this.#lostRequests > 0 && `${this.#lostRequests} requests lost with them`,
      this.#outstanding > 0 && `${this.#outstanding} requests unanswered`,
    ].filter((problem) => problem !== false);
    return {
      answersPerSecond: this.#inTime / this.#order.seconds,
      answers: this.#usual.length + this.#rare.length,
      all: percentilesOf([...this.#usual, ...this.#rare]),
      usual: percentilesOf(this.#usual),
      sentLate: percentilesOf(this.#sentLate),
      problem: problems.length > 0 ? problems.join(', ') : null,
    };
  }
}

process.once('message', (order: OpenLoopOrder) => {
  void OpenLoop.run(order).then((result) => process.send?.(result, () => process.exit()));
});
// The bench has gone without a word.
process.once('disconnect', () => process.exit());
