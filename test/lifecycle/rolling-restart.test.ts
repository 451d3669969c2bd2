// Servers that are replaced while clients ask: no request is lost.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startChild, type Child } from './fixtures/child.js';
import type { Told } from './fixtures/generation.js';
import type { Restarted } from './fixtures/supervisor.js';

const RESTARTS = 4;

/** Clients of each kind. */
const CLIENTS = 8;

/** Requests that each generation answers before it is replaced. */
const ANSWERS_EACH = 500;

/** Clients that ask without a pause until they are told to stop, and note which generation has answered. */
class Load {
  readonly #t: TestContext;
  readonly #port: number;
  readonly #clients: Promise<void>[] = [];
  readonly answers = new Map<string, number>();
  /** Rejects as soon as a request fails. */
  readonly failed: Promise<never>;
  /** Connections that the server ended with an answer. */
  toldToClose = 0;
  #isOver = false;

  constructor(t: TestContext, port: number) {
    this.#t = t;
    this.#port = port;
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
    t.after(() => {
      agent.destroy();
    });
    for (let n = 0; n < CLIENTS; n++) {
      const path = n % 2 === 0 ? '/' : '/later';
      this.#clients.push(this.#askByAgent(agent, path), this.#askAnew(path), this.#askOnOneConnection(path));
    }
    this.failed = new Promise((_resolve, reject) => {
      for (const client of this.#clients) client.catch(reject);
    });
    this.failed.catch(() => undefined); // stop() tells as well
  }

  get total(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Rejects if a single request has failed. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  /** As most programs do: connections come from a pool, and go back to it. */
  async #askByAgent(agent: Agent, path: string): Promise<void> {
    while (!this.#isOver) {
      const { status, text } = await new Promise<{ status: number | undefined; text: string }>(
        (resolve, reject) => {
          const asked = httpRequest({ agent, port: this.#port, host: '127.0.0.1', path }, (answer) => {
            let body = '';
            answer.setEncoding('utf8');
            answer.on('data', (piece: string) => (body += piece));
            answer.on('end', () => {
              resolve({ status: answer.statusCode, text: body });
            });
            answer.on('error', reject);
          });
          asked.on('error', reject).end();
        },
      );
      this.#note(status, text);
    }
  }

  /** A connection for each request. */
  async #askAnew(path: string): Promise<void> {
    while (!this.#isOver) {
      const client = await Client.connect(this.#t, { port: this.#port });
      const { status, text } = await client.ask(get(path, { Connection: 'close' }));
      this.#note(status, text);
      client.destroy();
    }
  }

  /** One connection, until the server says that it ends. */
  async #askOnOneConnection(path: string): Promise<void> {
    let client: Client | undefined;
    while (!this.#isOver) {
      client ??= await Client.connect(this.#t, { port: this.#port });
      const { status, text, headers } = await client.ask(get(path));
      this.#note(status, text);
      if (headers['connection'] !== 'close') continue;
      this.toldToClose++;
      client.destroy();
      client = undefined;
    }
  }

  #note(status: number | undefined, generation: string): void {
    assert.equal(status, 200);
    this.answers.set(generation, (this.answers.get(generation) ?? 0) + 1);
  }
}

/** Has a supervisor hold a listening socket. */
async function startSupervisor(t: TestContext): Promise<{ supervisor: Child<Restarted>; port: number }> {
  const owner = createServer();
  await new Promise<void>((resolve) => owner.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  const { port } = owner.address() as AddressInfo;
  const supervisor = startChild<Restarted>(t, 'supervisor', [], {
    third: (owner as unknown as { _handle: unknown })._handle,
  });
  // The child has its own copy; this process must not take the connections.
  owner.close();
  return { supervisor, port };
}

test('generations of servers that inherit one socket replace each other under load without losing a request', async (t) => {
  const { supervisor, port } = await startSupervisor(t);
  const restart = async (): Promise<Restarted> => {
    supervisor.tell('restart');
    return supervisor.inbox.take('restarted');
  };
  await restart();
  const load = new Load(t, port);
  for (let n = 1; n <= RESTARTS; n++) {
    const wanted = load.total + ANSWERS_EACH;
    await Promise.race([until('they are answered', () => load.total >= wanted), load.failed]);
    const { result } = await restart();
    assert.equal(result!.aborted, 0);
    t.diagnostic(
      `generation ${String(n)}: closed in ${String(result!.ms)} ms, ${String(result!.completed)} answers meanwhile`,
    );
  }
  await load.stop();
  assert.ok(load.toldToClose > 0, 'nobody was told that the connection ends');
  for (let n = 1; n <= RESTARTS; n++)
    assert.ok(load.answers.has(String(n)), `generation ${String(n)} has served`);
  t.diagnostic(`${String(load.total)} answers, ${String(load.toldToClose)} connections told to close`);
});

const MIGRATE = '/proc/sys/net/ipv4/tcp_migrate_req';

/** Has the kernel hand the queue of a listener that closes to others on its port; false: it cannot be set here. */
function migrateRequests(t: TestContext): boolean {
  try {
    const before = readFileSync(MIGRATE, 'utf8');
    writeFileSync(MIGRATE, '1');
    t.after(() => {
      writeFileSync(MIGRATE, before);
    });
    return true;
  } catch {
    return false;
  }
}

test('with reusePort and net.ipv4.tcp_migrate_req a server is replaced without losing a request', async (t) => {
  if (!migrateRequests(t)) {
    t.skip('needs root, and Linux 5.14');
    return;
  }
  const start = async (number: number, port: number): Promise<{ child: Child<Told>; port: number }> => {
    const listen = JSON.stringify({ host: '127.0.0.1', port, reusePort: true, backlog: 4096 });
    const child = startChild<Told>(t, 'generation', [String(number), listen]);
    return { child, port: (await child.inbox.take('listens')).port };
  };
  let current = await start(1, 0);
  const load = new Load(t, current.port);
  for (let n = 1; n <= RESTARTS; n++) {
    const wanted = load.total + ANSWERS_EACH;
    await Promise.race([until('they are answered', () => load.total >= wanted), load.failed]);
    const next = await start(n + 1, current.port);
    current.child.tell('close');
    assert.equal((await current.child.inbox.take('closed')).result.aborted, 0);
    current = next;
  }
  await load.stop();
  for (let n = 1; n <= RESTARTS; n++)
    assert.ok(load.answers.has(String(n)), `generation ${String(n)} has served`);
});
