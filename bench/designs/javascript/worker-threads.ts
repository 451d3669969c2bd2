// worker-threads.ts: a pool of worker_threads behind a bounded queue. One job at a time in each.

import { Worker } from 'node:worker_threads';
import { type Outcome, textOutcome } from './routes.js';

export interface Job {
  readonly method: string;
  readonly target: string;
  readonly body: Uint8Array;
}

interface Waiting {
  readonly job: Job;
  readonly resolve: (outcome: Outcome) => void;
}

export class WorkerThreads {
  readonly #file: URL;
  readonly #queueLength: number;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #busy = new Map<Worker, Waiting>();
  readonly #queue: Waiting[] = [];
  #hasEnded = false;

  constructor(file: URL, count: number, queueLength: number) {
    this.#file = file;
    this.#queueLength = queueLength;
    for (let i = 0; i < count; i++) this.#start();
  }

  /** 503 where the queue is full, or the thread ends. */
  run(job: Job): Promise<Outcome> {
    if (this.#idle.length === 0 && this.#queue.length >= this.#queueLength)
      return Promise.resolve(textOutcome(503, 'Service Unavailable'));
    return new Promise((resolve) => {
      this.#queue.push({ job, resolve });
      this.#deal();
    });
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #start(): void {
    const worker = new Worker(this.#file);
    this.#all.add(worker);
    worker.on('message', (outcome: Outcome) => {
      this.#busy.get(worker)?.resolve(outcome);
      this.#busy.delete(worker);
      this.#idle.push(worker);
      this.#deal();
    });
    worker.once('error', (error) => {
      console.error(error);
    });
    worker.once('exit', () => {
      this.#all.delete(worker);
      if (this.#idle.includes(worker)) this.#idle.splice(this.#idle.indexOf(worker), 1);
      this.#busy.get(worker)?.resolve(textOutcome(503, 'Service Unavailable'));
      this.#busy.delete(worker);
      if (!this.#hasEnded) this.#start();
    });
    this.#idle.push(worker);
    this.#deal();
  }

  #deal(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const worker = this.#idle.shift()!;
      const waiting = this.#queue.shift()!;
      this.#busy.set(worker, waiting);
      worker.postMessage(waiting.job);
    }
  }
}
