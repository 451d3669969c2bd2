// The JS thread is blocked, and more than twice limits.queue requests are offered. MILLRACE_TEST_BLOCKED_MS says for how
// long at least it stays blocked; from 5 s on the latency of reply() routes is judged as well.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import type { ServerOptions } from 'millrace';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { TEST_REACTORS } from '../helpers/server.js';
import { startChild } from '../lifecycle/fixtures/child.js';
import type { Probing } from '../lifecycle/fixtures/prober.js';
import { residentBytes } from '../lifecycle/fixtures/proc.js';
import type { Figures, Told } from '../lifecycle/fixtures/serve.js';

const BLOCKED_MS = Number(process.env['MILLRACE_TEST_BLOCKED_MS'] ?? '1000');
const JUDGED_MS = 5000;
const MOST_P99_MS = 10;

/** The default of limits.queue. */
const QUEUE = 4096;

/**
 * Connections that nearly fill the ring of each reactor, with as many requests as pipelineDepth allows. Nearly: a
 * connection whose request finds the ring full keeps those behind it, and they may be admitted after the block.
 */
const RING_SLOTS = 1024;
const PIPELINED = 64;
const PIPELINING = RING_SLOTS / PIPELINED - 2;

/** Connections that are made at one time, each with one request: they fill the rest of the queue. */
const BATCH = 64;

/** Connections that ask when it is full, one request after the other. */
const ASKERS = 20;
const ASKED_EACH = Math.ceil((QUEUE + 1) / ASKERS);

/** Far above what a full queue of small requests takes (about 1 KiB each), far below a body or a buffer for each. */
const MOST_GROWTH = 48 * 2 ** 20;

interface Blocked {
  readonly pid: number;
  readonly connect: () => Promise<Client>;
  /** A connection that was open before. */
  readonly asker: Client;
  /** Ends the block. */
  readonly release: () => Promise<void>;
  readonly figures: () => Promise<Figures>;
}

/** A server whose JS thread is in a handler that blocks. */
async function startBlocked(t: TestContext, options: ServerOptions): Promise<Blocked> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const gate = join(folder, 'open');
  const child = startChild<Told>(t, 'serve', [JSON.stringify(options)]);
  const { port } = await child.inbox.take('listens');
  const connect = async (): Promise<Client> => Client.connect(t, { port });
  const [blocker, asker] = [await connect(), await connect()];
  await asker.ask(get('/'));
  blocker.send(get(`/block-until/${encodeURIComponent(gate)}`));
  await child.inbox.take('blocked');
  return {
    pid: child.pid,
    connect,
    asker,
    release: async () => {
      writeFileSync(gate, '');
      assert.equal((await blocker.answer()).status, 200);
    },
    figures: async () => JSON.parse((await asker.ask(get('/figures'))).text) as Figures,
  };
}

/** Requests offered, and what has become of them. */
class Offers {
  readonly admitted = new Set<string>();
  refused = 0;

  note(id: string, { status, text, headers }: Awaited<ReturnType<Client['answer']>>): void {
    if (status === 200) {
      assert.equal(text, id);
      this.admitted.add(id);
    } else {
      assert.equal(status, 503);
      assert.match(headers['retry-after'] ?? 'none', /^[1-9]\d*$/);
      this.refused++;
    }
  }
}

interface Filler {
  readonly client: Client;
  readonly ids: readonly string[];
}

/** Sends requests that wait until the queue is full; returns whoever has sent some. */
async function fill(connect: () => Promise<Client>): Promise<Filler[]> {
  const fillers: Filler[] = [];
  const send = async (ids: readonly string[]): Promise<Client> => {
    const client = await connect();
    fillers.push({ client, ids });
    // Sent together they are read together, and the answer to the first leaves after the others have been taken.
    const health = await client.ask(get('/healthz') + ids.map((id) => get(`/count/${id}`)).join(''));
    assert.equal(health.text, 'ok');
    return client;
  };
  for (let c = 0; c < TEST_REACTORS * PIPELINING; c++) {
    await send(Array.from({ length: PIPELINED }, (_, n) => `${String(c)}-${String(n)}`));
  }
  for (let isFull = false; !isFull;) {
    const clients = await Promise.all(
      Array.from({ length: BATCH }, (_, n) => send([`${String(fillers.length)}-${String(n)}`])),
    );
    isFull = clients.some(({ unreadBytes }) => unreadBytes > 0);
  }
  return fillers;
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)]!;
}

test('while JavaScript is blocked, all that does not need it goes on, and what was admitted is answered afterwards', async (t) => {
  const { pid, connect, asker, release, figures } = await startBlocked(t, { timeouts: { headerMs: 2000 } });
  const started = performance.now();
  const before = residentBytes(pid);
  const probing: Probing = { port: asker.socket.remotePort!, everyMs: 5 };
  const prober = new Worker(new URL('../lifecycle/fixtures/prober.js', import.meta.url), {
    workerData: probing,
  });
  t.after(() => prober.terminate());

  const offers = new Offers();
  const fillers = await fill(connect);
  // The surplus is refused at once: each asks on when it has its answer, and all have them before the block ends.
  await Promise.all(
    Array.from({ length: ASKERS }, async (_, a) => {
      const client = await connect();
      for (let n = 0; n < ASKED_EACH; n++) {
        const id = `asked-${String(a)}-${String(n)}`;
        const answer = await client.ask(get(`/count/${id}`));
        assert.equal(answer.status, 503);
        offers.note(id, answer);
      }
    }),
  );
  const slow = (await connect()).send('GET / HT');
  assert.equal((await slow.answer()).status, 408, 'time-outs fire');
  await delay(BLOCKED_MS - (performance.now() - started));
  const during = residentBytes(pid);
  await release();

  for (const { client, ids } of fillers) for (const id of ids) offers.note(id, await client.answer());
  const { stats, counted } = await figures();
  const offered = offers.admitted.size + offers.refused;
  assert.ok(offered > 2 * QUEUE, `${String(offered)} offered`);
  // Reactors that look at the same moment may exceed it by one each.
  const admitted = offers.admitted.size;
  assert.ok(admitted >= QUEUE && admitted < QUEUE + TEST_REACTORS, `${String(admitted)} admitted`);
  assert.equal(counted.length, offers.admitted.size, 'each that was admitted ran once, and no other');
  assert.deepEqual(new Set(counted), offers.admitted);
  for (const { ids } of fillers) {
    const own = new Set(ids);
    assert.deepEqual(
      counted.filter((id) => own.has(id)),
      ids.filter((id) => offers.admitted.has(id)),
      'in order',
    );
  }
  assert.equal(stats.requests.overload, offers.refused);
  assert.deepEqual(stats.queue, { waiting: 0, parked: 0 });
  assert.equal(stats.bytes.buffered, 0);

  prober.postMessage('stop');
  const [tookMs] = (await once(prober, 'message')) as [number[]];
  const growth = during - before;
  t.diagnostic(
    `${String(offered)} offered, ${String(offers.admitted.size)} admitted; reply(): ${String(tookMs.length)} answers, ` +
      `p99 ${p99(tookMs).toFixed(2)} ms, longest ${Math.max(...tookMs).toFixed(2)} ms; ` +
      `${(growth / 2 ** 20).toFixed(1)} MiB more while blocked`,
  );
  assert.ok(growth < MOST_GROWTH, `${String(growth)} bytes more`);
  if (BLOCKED_MS >= JUDGED_MS)
    assert.ok(p99(tookMs) < MOST_P99_MS, `p99 of reply() ${String(p99(tookMs))} ms`);
});

test('what queueMs has answered while JavaScript was blocked never runs, and the queue has room again', async (t) => {
  const SMALL_QUEUE = 256;
  const { connect, release, figures, asker } = await startBlocked(t, {
    limits: { queue: SMALL_QUEUE },
    timeouts: { queueMs: 300 },
  });
  const offers = new Offers();
  for (let round = 0; round < 2; round++) {
    const ids = Array.from({ length: 2 * SMALL_QUEUE + 50 }, (_, n) => `${String(round)}-${String(n)}`);
    const clients = await Promise.all(ids.map(() => connect()));
    for (const [n, client] of clients.entries()) client.send(get(`/count/${ids[n]!}`));
    for (const [n, client] of clients.entries()) {
      offers.note(ids[n]!, await client.answer());
      client.destroy();
    }
  }
  assert.equal((await asker.ask(get('/healthz'))).text, 'ok');
  await release();
  const { stats, counted } = await figures();
  assert.deepEqual(counted, []);
  assert.equal(offers.admitted.size, 0);
  assert.ok(stats.requests.expired >= 2 * SMALL_QUEUE, `${String(stats.requests.expired)} expired`);
  assert.equal(stats.requests.expired + stats.requests.overload, offers.refused);
  assert.deepEqual(stats.queue, { waiting: 0, parked: 0 });
  assert.equal(stats.bytes.buffered, 0);
});
