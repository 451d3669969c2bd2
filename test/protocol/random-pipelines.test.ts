// Made-up pipelines in made-up pieces, to handlers that answer at once, later, or not in order. What a table does not
// think of.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import type { Handler, LimitOptions } from 'millrace';

import { randomFrom, testSeed, type Random } from '../helpers/random.js';
import { get, head, post, postChunked } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';

interface Exchange {
  readonly request: string;
  readonly isHead: boolean;
  readonly status: number;
  readonly text: string;
}

function digestOf(bytes: string | Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** `/answer/DELAY/SIZE`: answers when the delay is over, with the digest of the body and a filler of that size. */
const answer: Handler = async (req, res) => {
  const { delay = '', size = '' } = req.params;
  const digest = digestOf(await req.buffer());
  if (delay === 'tick')
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
  if (delay === 'turn') await new Promise((resolve) => setImmediate(resolve));
  if (delay === 'timer') await new Promise((resolve) => setTimeout(resolve, req.path.length % 3));
  res.end(textFor(digest, Number(size)));
};

/** Without any await: the answer is there before the handler returns. */
const answerAtOnce: Handler = (req, res) => {
  res.end(textFor(digestOf(''), Number(req.params['size'])));
};

function textFor(digest: string, size: number): string {
  return digest + '.'.repeat(size);
}

/** Mostly small, sometimes around the sizes where things change. */
function sizeFrom(random: Random): number {
  const sizes = [0, 1, 10, 100, 1000, 5000, 16_384, 16_385, 40_000, 70_000, 300_000];
  return sizes[random(random(4) === 0 ? sizes.length : 5)]!;
}

function exchangeFrom(random: Random): Exchange {
  const size = sizeFrom(random);
  const body = Array.from({ length: Math.ceil(sizeFrom(random) / 7) }, () => String(1e6 + random(9e6))).join(
    '',
  );
  const path = `/answer/${['none', 'tick', 'turn', 'timer'][random(4)]!}/${String(size)}`;
  const withBody = textFor(digestOf(body), size);
  const empty = textFor(digestOf(''), size);
  const ok = { isHead: false, status: 200 };
  switch (random(8)) {
    case 0:
      return { ...ok, request: post(path, body), text: withBody };
    case 1:
      return { ...ok, request: postChunked(path, piecesFrom(random, body)), text: withBody };
    case 2:
      return { ...ok, request: get('/native'), text: 'native' };
    case 3:
      return { ...ok, request: post('/nowhere', body), status: 404, text: 'Not Found' };
    case 4:
      return { ...ok, request: head('HEAD', path), isHead: true, text: '' };
    case 5:
      return { ...ok, request: get(`/now/${String(size)}`), text: empty };
    default:
      return { ...ok, request: get(path), text: empty };
  }
}

/** Chunks of any size; an empty one would end the body. */
function piecesFrom(random: Random, text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const size = 1 + random(random(3) === 0 ? 20_000 : 50);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

/** Where to cut: not at all, seldom, or often at the beginning. */
function cutsFrom(random: Random, length: number): number[] {
  const cuts = new Set<number>();
  for (let count = random(3) * random(20); count > 0; count--) {
    cuts.add(1 + random(random(2) === 0 ? length - 1 : Math.min(length - 1, 2000)));
  }
  return [...cuts].sort((a, b) => a - b);
}

const SETTINGS: readonly { name: string; limits: LimitOptions }[] = [
  { name: 'the default limits', limits: {} },
  { name: 'a pipeline depth of 1', limits: { pipelineDepth: 1 } },
  { name: 'little room for unsent answers', limits: { pipelineDepth: 5, unsentBytes: 1024 } },
];

const CLIENTS = 6;
const ROUNDS = 25;

for (const { name, limits } of SETTINGS) {
  test(`made-up pipelines are answered in order, with ${name}`, async (t) => {
    const seed = testSeed();
    t.diagnostic(`MILLRACE_TEST_SEED=${String(seed)}`);
    const { server, connect } = await startServer(t, { limits }, (s) => {
      s.all('/answer/:delay/:size', answer);
      s.get('/now/:size', answerAtOnce);
      s.reply('GET', '/native', { body: 'native' });
    });
    const talk = async (number: number): Promise<void> => {
      const random = randomFrom(seed + number);
      const client = await connect();
      for (let round = 0; round < ROUNDS; round++) {
        const exchanges = Array.from({ length: 1 + random(25) }, () => exchangeFrom(random));
        const bytes = exchanges.map(({ request }) => request).join('');
        const sending = client.sendCut(bytes, cutsFrom(random, bytes.length));
        for (const [n, { isHead, status, text, request }] of exchanges.entries()) {
          const where = `seed ${String(seed)}, client ${String(number)}, round ${String(round)}, ${String(n)}: ${request.slice(0, 40)}`;
          const got = await client.answer({ head: isHead });
          assert.equal(got.status, status, where);
          assert.ok(got.text === text, where);
        }
        await sending;
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, n) => talk(n)));
    const { connections, queue, bytes } = server.stats();
    assert.deepEqual([connections.total, queue.waiting, queue.parked], [CLIENTS, 0, 0]);
    assert.equal(bytes.buffered, 0);
  });
}
