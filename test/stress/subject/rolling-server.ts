// rolling-server.ts: a server that is replaced by its successor on the same port again and again.

import { setTimeout as delay } from 'node:timers/promises';

import { createServer, type Server } from 'millrace';

import { numberedBody, smallBytes } from './numbered-body.js';
import { answer, numbered } from './routes.js';

/** One server between its listen() and its close(), when that has come. */
export interface Life {
  readonly life: number;
  /** Requests that its handler has had: each must have reached its client. */
  readonly handled: number;
  /** What close() says that it cut off. */
  readonly aborted: number;
}

/** Far above what the slowest handler takes. */
const GRACE_MS = 10_000;

const LATEST_MS = 3;

export class RollingServer {
  readonly #reactors: number;
  #current: OneLife | undefined;
  port = 0;

  private constructor(reactors: number) {
    this.#reactors = reactors;
  }

  static async start(reactors: number): Promise<RollingServer> {
    const rolling = new RollingServer(reactors);
    await rolling.#begin(1);
    return rolling;
  }

  /** The successor listens before the old one closes. */
  async restart(): Promise<Life> {
    const old = this.#current!;
    await this.#begin(old.life + 1);
    const { aborted } = await old.server.close({ graceMs: GRACE_MS });
    return { life: old.life, handled: old.handled, aborted };
  }

  async #begin(life: number): Promise<void> {
    const next = new OneLife(life, this.#reactors);
    ({ port: this.port } = await next.server.listen({ host: '127.0.0.1', port: this.port, reusePort: true }));
    this.#current = next;
  }
}

class OneLife {
  readonly life: number;
  readonly server: Server;
  handled = 0;

  constructor(life: number, reactors: number) {
    this.life = life;
    this.server = createServer({ reactors });
    this.server.get(
      '/life/:n',
      numbered(async (n, _request, response) => {
        this.handled++;
        if (n % 4 === 0) await delay(n % LATEST_MS);
        response.header('X-Life', life);
        answer(response, n, numberedBody(n, smallBytes(n)));
      }),
    );
  }
}
