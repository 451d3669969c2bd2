// exact-client.ts: a client who does everything right, and notices each answer that is lost, doubled, wrong or out of
// order.

import assert from 'node:assert/strict';

import { setTimeout as delay } from 'node:timers/promises';

import { Client, type Target } from '../../helpers/client.js';
import type { Random } from '../../helpers/random.js';
import { exchange } from './exchange.js';
import { anyRequest } from './numbered-requests.js';
import type { Tally } from './tally.js';

/** Most requests in flight. */
const MOST_PIPELINED = 8;

/** Most batches of requests on one connection. */
const MOST_BATCHES = 200;

const PAUSE_MS = 5;

/** How long, and how fast, clients ask. */
export interface Pace {
  readonly isOver: () => boolean;
  /** More has been asked than it is time for: a pause. */
  readonly isAhead: () => boolean;
}

export class ExactClient {
  readonly #target: Target;
  readonly #random: Random;
  readonly #tally: Tally;

  constructor(target: Target, random: Random, tally: Tally) {
    this.#target = target;
    this.#random = random;
    this.#tally = tally;
  }

  /** Asks on and on, on one connection after the other. What goes wrong goes to the tally. */
  async askUntil({ isOver, isAhead }: Pace): Promise<void> {
    while (!isOver() && !this.#tally.isHopeless) {
      const client = await Client.open(this.#target);
      this.#tally.connections++;
      try {
        await this.#visit(client, { isOver, isAhead });
      } finally {
        client.destroy();
      }
    }
  }

  async #visit(client: Client, { isOver, isAhead }: Pace): Promise<void> {
    const batches = 1 + this.#random(MOST_BATCHES);
    for (let i = 0; i < batches && !isOver(); i++) {
      if (!(await this.#batch(client))) return;
      if (isAhead()) await delay(PAUSE_MS);
    }
    try {
      assert.equal(await client.finish().ended(), 'fin');
    } catch (error) {
      this.#tally.note(error, 'a client that has had all its answers', 0);
    }
  }

  /** False: the connection is good for nothing any more. */
  async #batch(client: Client): Promise<boolean> {
    const length = 1 + this.#random(MOST_PIPELINED);
    const requests = Array.from({ length }, () => anyRequest(this.#tally.next(), this.#random));
    let answers = 0;
    try {
      await exchange(client, requests, this.#random, () => {
        answers++;
        this.#tally.requests++;
      });
      return true;
    } catch (error) {
      const asked = requests.map(({ text }) => text.slice(0, text.indexOf(' HTTP/')));
      this.#tally.note(
        error,
        `a well-behaved client, with ${answers} answers to ${asked.join(', ')}`,
        length - answers,
      );
      return false;
    }
  }
}
