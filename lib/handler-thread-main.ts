// handler-thread-main.ts: what runs in a handler thread: loads the app, takes a place at the server, and claims requests.

import { parentPort, type MessagePort } from 'node:worker_threads';

import { binding } from './binding.js';
import { Channel } from './channel.js';
import { HandlerRunner } from './handler-runner.js';
import { loadApp } from './load-app.js';
import { threadMemory } from './ring-memory.js';
import { Routes } from './routes.js';
import { packError } from './sent-error.js';
import type { ServerStats } from './stats.js';
import type { MessageFromThread, MessageToThread, Placement, StartMessage } from './thread-messages.js';

// Once only: from then on `parentPort` is the app's, as `workerData` is.
parentPort!.once('message', (start: StartMessage) => {
  void new HandlerThreadMain(start.port).load(start.app, start.thread);
});

class HandlerThreadMain {
  readonly #port: MessagePort;
  readonly #routes = new Routes();
  #channel: Channel | undefined;
  #isRetired = false;
  /** The app is loaded, and there is no place yet: the port is all that keeps the thread alive. */
  #isWaiting = false;
  /** Who has asked for the server's figures, the first first. */
  readonly #askers: ((stats: ServerStats) => void)[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: MessageToThread) => {
      this.#onMessage(message);
    });
    this.#refOrUnref(); // whether the thread goes on is up to the app while it loads
  }

  async load(app: string, thread: number): Promise<void> {
    try {
      await loadApp(app, this.#routes, { thread, stats: () => this.#askForStats() });
    } catch (error) {
      this.#tell({ kind: 'failed', error: packError(error) });
      process.exit(1); // not by itself: the app may have timers and sockets by now
    }
    this.#isWaiting = true;
    this.#refOrUnref();
    this.#tell({ kind: 'loaded', routes: this.#routes.native });
  }

  #onMessage(message: MessageToThread): void {
    switch (message.kind) {
      case 'join':
        this.#join(message);
        break;
      case 'stats':
        this.#askers.shift()?.(message.stats);
        this.#refOrUnref();
        break;
      case 'retire':
        this.#isRetired = true;
        this.#channel?.retire();
        this.#tell({ kind: 'retired' });
        break;
      case 'exit':
        this.#channel?.close();
        // Not by itself: the app may have timers and sockets. Its `exit` listeners run.
        process.exit();
    }
  }

  #join({ server, place, lane, memory, unsentBytes, decompression }: Placement): void {
    if (this.#isRetired) return; // replaced while it waited for a place
    const runner = new HandlerRunner(this.#routes.handlers, decompression, (error, context) => {
      this.#tell({ kind: 'error', error: packError(error), context });
      return true;
    });
    const native = new (binding().NativeThread)();
    const channel = new Channel(native, threadMemory(memory), runner, unsentBytes, place);
    if (!channel.join(server, place, lane)) process.exit(); // it has closed meanwhile
    this.#channel = channel;
    this.#isWaiting = false;
    this.#refOrUnref();
    this.#tell({ kind: 'joined' });
  }

  #askForStats(): Promise<ServerStats> {
    return new Promise((resolve) => {
      this.#askers.push(resolve);
      this.#refOrUnref();
      this.#tell({ kind: 'ask-stats' });
    });
  }

  #refOrUnref(): void {
    if (this.#isWaiting || this.#askers.length > 0) this.#port.ref();
    else this.#port.unref();
  }

  #tell(message: MessageFromThread): void {
    this.#port.postMessage(message);
  }
}
