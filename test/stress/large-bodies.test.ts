// Bodies far larger than what may be held of them, each way, where the receiver is slower than the sender: every byte
// arrives, and memory does not grow. MILLRACE_TEST_LARGE_MIB says how large.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Client } from '../helpers/client.js';
import { get, head, post } from '../helpers/requests.js';
import { startChild } from '../lifecycle/fixtures/child.js';
import type { Told, Uploaded } from '../lifecycle/fixtures/large-bodies.js';
import { residentBytes } from '../lifecycle/fixtures/proc.js';
import { piecesOf } from './subject/numbered-body.js';

const MIB = 2 ** 20;
const BYTES = Number(process.env['MILLRACE_TEST_LARGE_MIB'] ?? '64') * MIB;

/** Enough for memory to have the size that it keeps. */
const WARM_UP_BYTES = Math.min(BYTES, 256 * MIB);

/**
 * Growth while a body goes through, far below what it would be if the body were held. In a short run the noise of heap
 * and allocator is the larger part; a long one shows whether it goes on.
 */
const LONG_RUN_BYTES = 1024 * MIB;
const MOST_GROWTH = BYTES >= LONG_RUN_BYTES ? 4 * MIB : 16 * MIB;

/** See lib/young-buffers.ts. */
const LAST_V8_THAT_SCAVENGES = 12;

/** What the client of a download takes. */
const READ_BYTES_PER_MS = 150_000;

const SAMPLE_MS = 20;
const LONGEST_MS = 600_000;

/** One transfer; gives what its receiver has had. */
type Transfer = (t: TestContext, port: number, bytes: number, collects: boolean) => Promise<Uploaded>;

const TRANSFERS: Readonly<Record<string, Transfer>> = {
  'uploaded to a slow handler': (t, port, bytes, collects) =>
    upload(t, port, collects, { 'Content-Length': String(bytes) }, piecesOf(bytes)),
  'uploaded in chunks to a slow handler': (t, port, bytes, collects) =>
    upload(t, port, collects, { 'Transfer-Encoding': 'chunked' }, chunksOf(bytes)),
  'answered to a slow client': async (t, port, bytes, collects) => {
    const socket = connect({ port, host: '127.0.0.1' });
    t.after(() => socket.destroy());
    socket.write(get(`/${String(bytes)}${collects ? '?collect' : ''}`, { Connection: 'close' }));
    const hash = createHash('sha256');
    let start = '';
    let received = 0;
    const began = performance.now();
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      let body = chunk;
      if (!start.includes('\r\n\r\n')) {
        const before = start.length;
        start += chunk.toString('latin1');
        const end = start.indexOf('\r\n\r\n');
        body = end < 0 ? Buffer.alloc(0) : chunk.subarray(end + 4 - before);
      }
      hash.update(body);
      received += body.length;
      const ahead = received / READ_BYTES_PER_MS - (performance.now() - began);
      if (ahead > 2) await delay(ahead);
    }
    return { bytes: received, sha256: hash.digest('hex') };
  },
};

for (const [how, transfer] of Object.entries(TRANSFERS)) {
  test(`${String(BYTES / MIB)} MiB ${how} arrive whole, and memory does not grow`, async (t) => {
    const child = startChild<Told>(t, 'large-bodies', [], {
      execArgv: ['--expose-gc'],
      longestMs: LONGEST_MS,
    });
    const { port } = await child.inbox.take('listens');
    const measured = async (bytes: number, collects: boolean): Promise<{ most: number; left: number }> => {
      await collect(t, port);
      const before = residentBytes(child.pid);
      let most = before;
      const watch = setInterval(() => {
        most = Math.max(most, residentBytes(child.pid));
      }, SAMPLE_MS);
      const had = await transfer(t, port, bytes, collects);
      clearInterval(watch);
      assert.deepEqual(had, { bytes, sha256: checksumOf(bytes) });
      await collect(t, port);
      return { most: most - before, left: residentBytes(child.pid) - before };
    };
    await measured(WARM_UP_BYTES, true);
    const { most, left } = await measured(BYTES, true);
    const withGarbage = await measured(BYTES, false);
    t.diagnostic(
      `resident memory at most ${mib(most)} MiB more, ${mib(left)} afterwards; where the handler does not collect ` +
        `garbage ${mib(withGarbage.most)} MiB, ${mib(withGarbage.left)} afterwards`,
    );
    assert.ok(most < MOST_GROWTH, `${mib(most)} MiB more`);
    // Later ones let what nobody holds any more pile up: told, and not judged.
    const isScavenged = Number.parseInt(process.versions.v8, 10) <= LAST_V8_THAT_SCAVENGES;
    if (isScavenged)
      assert.ok(withGarbage.most < MOST_GROWTH, `${mib(withGarbage.most)} MiB more with garbage`);
  });
}

async function upload(
  t: TestContext,
  port: number,
  collects: boolean,
  framing: Readonly<Record<string, string>>,
  pieces: Iterable<Buffer>,
): Promise<Uploaded> {
  const client = await Client.connect(t, { port });
  client.send(head('POST', collects ? '/upload?collect' : '/upload', framing));
  for (const piece of pieces) {
    if (!client.socket.write(piece)) await once(client.socket, 'drain');
  }
  const answer = await client.answer();
  client.destroy();
  return JSON.parse(answer.text) as Uploaded;
}

function* chunksOf(bytes: number): Generator<Buffer> {
  for (const piece of piecesOf(bytes)) {
    yield Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
  }
  yield Buffer.from('0\r\n\r\n');
}

async function collect(t: TestContext, port: number): Promise<void> {
  const client = await Client.connect(t, { port });
  assert.equal((await client.ask(post('/collect', ''))).status, 200);
  client.destroy();
}

function checksumOf(bytes: number): string {
  const hash = createHash('sha256');
  for (const piece of piecesOf(bytes)) hash.update(piece);
  return hash.digest('hex');
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
