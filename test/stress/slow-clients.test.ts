// Thousands of clients at once that do one thing slowly, or nothing at all: each ends in time, and what it held is free
// again. MILLRACE_TEST_SLOW_CLIENTS says how many of each kind.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, type NetConnectOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Client, type Target } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get, head } from '../helpers/requests.js';
import { startChild } from '../lifecycle/fixtures/child.js';
import { descriptors, residentBytes } from '../lifecycle/fixtures/proc.js';
import type { Figures, Told } from '../lifecycle/fixtures/serve.js';

const CLIENTS = Number(process.env['MILLRACE_TEST_SLOW_CLIENTS'] ?? '2000');

/** All time-outs. Long enough that all clients are there before the first one ends. */
const TIMEOUT_MS = 3000;

/** How often those that drip send a byte. */
const DRIP_MS = 500;

/** Longest wait for all of them to end. It ends a test that hangs; nothing is timed by it. */
const PATIENCE_MS = 120_000;

/** Clients that connect at one time. */
const BATCH = 100;

/** Memory that stays behind, of allocator and tables. A buffer of 16 KiB for each client would be found out. */
const MOST_BYTES_EACH = 12 * 1024;

interface Kind {
  readonly name: string;
  readonly count: number;
  readonly sends: string;
  /** Sent again and again. */
  readonly drips?: string;
  /**
   * It never reads. Through a Unix socket, of which the kernel holds some 200 KB: TCP's buffers of thousands of them, at
   * both ends, would bring the whole machine's TCP memory under pressure (tcp_mem of tcp(7)).
   */
  readonly isDeaf?: boolean;
  /** What it gets before the end; of one that does not read nothing is known. */
  readonly gets?: RegExp;
}

const KINDS: readonly Kind[] = [
  {
    name: 'slow header',
    count: CLIENTS,
    sends: 'GET / HTTP/1.1\r\nHost: test\r\nX-Slow: ',
    drips: 'a',
    gets: /^HTTP\/1\.1 408 /,
  },
  {
    name: 'slow body',
    count: CLIENTS,
    sends: head('POST', '/', { 'Content-Length': '100000' }),
    drips: 'a',
    gets: /^HTTP\/1\.1 408 /,
  },
  { name: 'slow reader', count: CLIENTS, sends: get('/large'), isDeaf: true },
  { name: 'idle connection, used', count: CLIENTS, sends: get('/'), gets: /^HTTP\/1\.1 200 [^]*hello$/ },
  { name: 'idle connection, never used', count: CLIENTS, sends: '', gets: /^$/ },
];

for (const kind of KINDS) {
  test(`${kind.name}: ${String(kind.count)} at once end in time and leave nothing behind`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const timeouts = {
      headerMs: TIMEOUT_MS,
      bodyMs: TIMEOUT_MS,
      keepAliveMs: TIMEOUT_MS,
      writeMs: TIMEOUT_MS,
    };
    const child = startChild<Told>(
      t,
      'serve',
      [JSON.stringify({ timeouts }), ...(kind.isDeaf === true ? [join(folder, 'socket')] : [])],
      { execArgv: ['--expose-gc'] },
    );
    const { port } = await child.inbox.take('listens');
    const target: Target = kind.isDeaf === true ? { path: join(folder, 'socket') } : { port };
    const idle = descriptors(child.pid).size;
    const allEnded = (): Promise<void> =>
      until('all have ended', () => descriptors(child.pid).size === idle, PATIENCE_MS);
    const figures = async (): Promise<Figures> => {
      const watcher = await Client.connect(t, target);
      const answer = await watcher.ask(get('/figures', { Connection: 'close' }));
      watcher.destroy();
      return JSON.parse(answer.text) as Figures;
    };
    await figures(); // the heap is warm afterwards
    await allEnded();
    const before = residentBytes(child.pid);

    const started = performance.now();
    const clients = await SlowClient.startAll(t, target, kind);
    const connected = performance.now();
    const isAccepted = (): boolean => descriptors(child.pid).size >= idle + kind.count;
    // On a machine where this takes longer than the time-outs, the first have gone by then.
    await Promise.race([
      until('all are there', isAccepted, PATIENCE_MS),
      clients[0]!.ended,
      delay(TIMEOUT_MS),
    ]);
    const during = { descriptors: descriptors(child.pid).size, bytes: residentBytes(child.pid) };
    await allEnded();
    const ended = performance.now();
    if (kind.gets !== undefined) {
      for (const client of clients) {
        await client.ended;
        assert.match(client.received, kind.gets);
      }
    }
    const { stats } = await figures();
    await allEnded();
    const after = residentBytes(child.pid);
    const mib = (bytes: number): string => `${((bytes - before) / 2 ** 20).toFixed(1)} MiB`;
    t.diagnostic(
      `connected in ${seconds(connected - started)}, the last ended ${seconds(ended - connected)} later; ` +
        `descriptors ${String(idle)}, ${String(during.descriptors)}, ${String(idle)}; ` +
        `memory ${mib(during.bytes)} more with them, ${mib(after)} after`,
    );
    assert.equal(stats.connections.total, kind.count + 2);
    assert.equal(stats.bytes.buffered, 0);
    assert.deepEqual(stats.queue, { waiting: 0, parked: 0 });
    const left = (after - before) / kind.count;
    assert.ok(left < MOST_BYTES_EACH, `${String(left)} bytes each`);
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

class SlowClient {
  readonly #socket: Socket;
  readonly ended: Promise<void>;
  received = '';

  static async startAll(t: TestContext, target: Target, kind: Kind): Promise<SlowClient[]> {
    const clients: SlowClient[] = [];
    while (clients.length < kind.count) {
      const batch = Array.from(
        { length: Math.min(BATCH, kind.count - clients.length) },
        () => new SlowClient(target, kind),
      );
      clients.push(...batch);
      await Promise.all(batch.map((client) => client.#connected()));
    }
    t.after(() => {
      for (const client of clients) client.#socket.destroy();
    });
    return clients;
  }

  private constructor(target: Target, { sends, drips, isDeaf }: Kind) {
    const socket = connectSocket({ ...target, host: '127.0.0.1' } as NetConnectOpts).setNoDelay(true);
    this.#socket = socket;
    if (sends !== '') socket.write(sends);
    const dripping = drips === undefined ? undefined : setInterval(() => socket.write(drips), DRIP_MS);
    if (isDeaf !== true) socket.setEncoding('latin1').on('data', (text: string) => (this.received += text));
    this.ended = new Promise((resolve) => {
      socket.on('error', () => undefined); // the server may end it with a reset
      socket.once('end', () => {
        clearInterval(dripping);
      });
      socket.once('close', () => {
        clearInterval(dripping);
        resolve();
      });
    });
    // Who does not read does not see the end either, but for a reset.
    if (isDeaf === true) socket.pause();
  }

  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('connect', resolve);
      this.#socket.once('error', reject);
    });
  }
}
