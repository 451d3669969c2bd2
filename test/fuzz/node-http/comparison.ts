// comparison.ts: reads many cases with both servers, and keeps count of what came of them.

import { firstDifference, minimised } from './compare.js';
import { ruleFor } from './differences.js';
import { readWithMillrace } from './millrace-reader.js';
import { NodeReader } from './node-reader.js';

/** Cases that are given to one process of the native reader: its start takes as long as reading them. */
const BATCH = 1000;

export class Comparison {
  cases = 0;
  /** Requests of the cases without any difference. */
  requests = 0;
  /** How many cases each rule explained. */
  readonly explained = new Map<string, number>();
  /** The first case that no rule explains, made small, and what each of the two says to it. */
  unexplained: string | undefined;

  readonly #node = new NodeReader();
  readonly #reader: string | undefined;

  /** @param reader - An executable of read_requests.cc, if not the usual one. */
  constructor(reader?: string) {
    this.#reader = reader;
  }

  /** Reads the cases, up to the first one that no rule explains. */
  async add(cases: Iterable<string>): Promise<void> {
    let batch: string[] = [];
    for (const bytes of cases) {
      batch.push(bytes);
      if (batch.length < BATCH) continue;
      await this.#addBatch(batch);
      if (this.unexplained !== undefined) return;
      batch = [];
    }
    await this.#addBatch(batch);
  }

  async #addBatch(batch: readonly string[]): Promise<void> {
    const found = this.#firstUnexplained(batch, (name, requests) => {
      this.cases += 1;
      this.requests += requests;
      if (name !== undefined) this.explained.set(name, (this.explained.get(name) ?? 0) + 1);
    });
    if (found >= 0) {
      const least = minimised(batch[found]!, (candidates) => this.#firstUnexplained(candidates));
      this.unexplained = `${JSON.stringify(least)}
  millrace:  ${JSON.stringify(readWithMillrace([least], this.#reader)[0])}
  node:http: ${JSON.stringify(this.#node.read(least))}`;
    }
    // Connections of node:http are freed in a turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #firstUnexplained(
    cases: readonly string[],
    note?: (rule: string | undefined, sameRequests: number) => void,
  ): number {
    const ours = readWithMillrace(cases, this.#reader);
    return cases.findIndex((bytes, index) => {
      const theirs = this.#node.read(bytes);
      const difference = firstDifference(bytes, ours[index]!, theirs);
      if (difference === undefined) {
        note?.(undefined, theirs.requests.length);
        return false;
      }
      const rule = ruleFor(difference);
      if (rule !== undefined) note?.(rule.name, 0);
      return rule === undefined;
    });
  }
}
