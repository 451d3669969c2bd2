// workers.ts: the workers with servers of their own that run in the subject.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface StartedWorker {
  readonly id: number;
  readonly port: number;
}

export class Workers {
  readonly #reactors: number;
  readonly #running = new Map<number, Worker>();
  /** What they threw: nothing, unless something is wrong. */
  readonly errors: string[] = [];

  constructor(reactors: number) {
    this.#reactors = reactors;
  }

  /** Returns when it listens. */
  async start(): Promise<StartedWorker> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: this.#reactors,
      // Without the maps of the parent's sources it starts sooner.
      execArgv: [],
    });
    worker.on('error', (error) => {
      this.errors.push(String(error));
    });
    const [port] = (await once(worker, 'message')) as [number];
    const id = worker.threadId;
    this.#running.set(id, worker);
    return { id, port };
  }

  async terminate(id: number): Promise<void> {
    const worker = this.#running.get(id)!;
    this.#running.delete(id);
    await worker.terminate();
  }
}
