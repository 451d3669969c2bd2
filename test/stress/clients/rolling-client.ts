// rolling-client.ts: a client of the server that is restarted: asks again where a request was not taken (RFC 9110
// §9.2.2), and writes down which server has answered what.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

import type { Answer } from '../../helpers/answer-reader.js';
import { Client, NoAnswer } from '../../helpers/client.js';
import type { Random } from '../../helpers/random.js';
import { get } from '../../helpers/requests.js';
import { numberedBody, smallBytes } from '../subject/numbered-body.js';
import type { Life } from '../subject/rolling-server.js';
import type { Pace } from './exact-client.js';
import { theAnswer } from './numbered-requests.js';
import type { Tally } from './tally.js';

const MOST_PIPELINED = 4;

/** So that some are idle when their server closes, and some are not. */
const LONGEST_PAUSE_MS = 20;

/** Answers by the server that gave them, against what the servers say that they handled. */
export class Lives {
  readonly #received = new Map<number, number>();
  readonly #ended: Life[] = [];

  received(life: number): void {
    this.#received.set(life, (this.#received.get(life) ?? 0) + 1);
  }

  ended(life: Life): void {
    this.#ended.push(life);
  }

  /** To be called when no client asks any more: requests that a handler had, and no client an answer to. */
  settle(tally: Tally): void {
    for (const { life, handled, aborted } of this.#ended.splice(0)) {
      const lost = handled - (this.#received.get(life) ?? 0);
      this.#received.delete(life);
      if (lost === 0 && aborted === 0) continue;
      tally.lost += Math.max(lost, 0);
      tally.wrong += Math.max(-lost, 0);
      tally.describe(`server ${life} handled ${handled} requests, cut off ${aborted}, and lost ${lost}`);
    }
  }
}

export class RollingClient {
  readonly #port: number;
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #lives: Lives;

  constructor(port: number, random: Random, tally: Tally, lives: Lives) {
    this.#port = port;
    this.#random = random;
    this.#tally = tally;
    this.#lives = lives;
  }

  async askUntil({ isOver }: Pace): Promise<void> {
    while (!isOver() && !this.#tally.isHopeless) {
      const client = await this.#connect();
      if (client === undefined) continue;
      try {
        while (!isOver() && (await this.#batch(client))) await delay(this.#random(LONGEST_PAUSE_MS));
      } catch (error) {
        this.#tally.note(error, 'a client of the server that is restarted');
      } finally {
        client.destroy();
      }
    }
  }

  /** Undefined: it closed while we connected, and its queue went with it. */
  async #connect(): Promise<Client | undefined> {
    try {
      const client = await Client.open({ port: this.#port });
      this.#tally.connections++;
      return client;
    } catch {
      await delay(1);
      return undefined;
    }
  }

  /** False: the server has ended the connection. */
  async #batch(client: Client): Promise<boolean> {
    const numbers = Array.from({ length: 1 + this.#random(MOST_PIPELINED) }, this.#tally.next);
    client.send(numbers.map((n) => get(`/life/${n}`)).join(''));
    for (const [i, n] of numbers.entries()) {
      const answer = await orNone(client);
      if (answer === undefined) {
        this.#tally.askedAgain += numbers.length - i;
        return false;
      }
      theAnswer(n, numberedBody(n, smallBytes(n)))(answer);
      this.#lives.received(Number(answer.headers['x-life']));
      this.#tally.requests++;
      if (answer.headers['connection'] !== 'close') continue;
      this.#tally.askedAgain += numbers.length - i - 1;
      assert.equal(await client.ended(), 'fin');
      return false;
    }
    return true;
  }
}

/** Undefined: the connection has ended, and not a byte of an answer has come. */
async function orNone(client: Client): Promise<Answer | undefined> {
  try {
    return await client.answer();
  } catch (error) {
    if (error instanceof NoAnswer && client.isEnded && client.unreadBytes === 0) return undefined;
    throw error;
  }
}
