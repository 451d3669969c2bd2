// open-loop.test.ts: the bench's own generator against servers that are known to be slow, wrong or gone.

import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import { percentilesOf } from '../../bench/load/percentiles.js';
import type { OpenLoopOrder, OpenLoopResult } from '../../bench/load/open-loop.js';
import { startClient } from '../../bench/measure/client-process.js';
import { answerOf } from '../../bench/variants/work.js';

const RATE = 200;
const SECONDS = 1;

async function load(
  t: TestContext,
  listener: RequestListener,
  order: Partial<OpenLoopOrder> = {},
): Promise<OpenLoopResult> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  t.after(() => {
    server.close().closeAllConnections();
  });
  await once(server, 'listening');
  return startClient('open-loop', {
    port: (server.address() as AddressInfo).port,
    connections: 8,
    seconds: SECONDS,
    rate: RATE,
    usual: { kind: 'compute', ms: 1 },
    rare: { kind: 'compute', ms: 50 },
    rareOneIn: 10,
    seed: 1,
    ...order,
  }).result;
}

const rightAnswer: RequestListener = (req, res) => {
  const [, kind = '', ms = '', request = ''] = req.url!.split('/');
  res.end(answerOf(kind, ms, request));
};

test('every request is sent, and one in ten is another one', async (t) => {
  const asked: string[] = [];
  const result = await load(t, (req, res) => {
    asked.push(req.url!);
    rightAnswer(req, res);
  });
  assert.equal(result.problem, null);
  assert.equal(result.answers, RATE * SECONDS);
  assert.equal(asked.length, RATE * SECONDS);
  const rare = asked.flatMap((url) => (url.startsWith('/compute/50/') ? [Number(url.split('/')[3])] : []));
  assert.equal(rare.length, (RATE * SECONDS) / 10);
  assert.equal(result.usual.count, (RATE * SECONDS * 9) / 10);
  // Not in turn: a cluster of two would have all of them in one worker.
  assert.ok(rare.some((request) => request % 2 === 0) && rare.some((request) => request % 2 === 1));
});

test('the same seed draws the same requests', async (t) => {
  const drawn = async (seed: number): Promise<string[]> => {
    const asked: string[] = [];
    await load(
      t,
      (req, res) => {
        asked.push(req.url!);
        rightAnswer(req, res);
      },
      { seed, seconds: 0.3 },
    );
    return asked.sort();
  };
  const [one, same, other] = [await drawn(3), await drawn(3), await drawn(4)];
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
});

test('latency counts from when a request was due, also where it has not been sent', async (t) => {
  // For half a second nothing is answered. A generator that waits would have 8 late answers, one on each connection.
  let blockedUntil: number | undefined;
  const result = await load(t, (req, res) => {
    blockedUntil ??= performance.now() + 500;
    setTimeout(() => {
      rightAnswer(req, res);
    }, blockedUntil - performance.now());
  });
  assert.equal(result.problem, null);
  assert.ok(result.all.max > 450, `at most ${result.all.max} ms`);
  // Half of the requests came due meanwhile: those waited for 250 ms on average.
  assert.ok(result.all.p50 < 250 && result.all.p99 > 400, JSON.stringify(result.all));
});

test('wrong answers, answers to other requests, and lost connections are told', async (t) => {
  let count = 0;
  const garbled = await load(t, (req, res) => {
    if (++count === 5) res.writeHead(500, { 'Content-Length': 2 }).end('oh');
    else if (count === 7) res.end(answerOf('compute', 1, 4711));
    else rightAnswer(req, res);
  });
  assert.match(garbled.problem!, /^2 wrong answers, the first 500 "oh"$/);
  assert.equal(garbled.answers, RATE * SECONDS - 2);
  count = 0;
  const cut = await load(t, (req, res) => {
    if (++count === 5) req.socket.destroy();
    else rightAnswer(req, res);
  });
  assert.match(
    cut.problem!,
    /^1 connections lost, the first since the server closed the connection, \d+ requests lost with them$/,
  );
});

test('a closed loop sends as fast as it gets answers', async (t) => {
  const result = await load(
    t,
    (req, res) => {
      setTimeout(() => {
        rightAnswer(req, res);
      }, 20);
    },
    { rate: null },
  );
  assert.equal(result.problem, null);
  assert.ok(result.answersPerSecond > 100 && result.answersPerSecond <= 400, String(result.answersPerSecond));
});

test('percentiles are those of the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.deepEqual(percentilesOf(hundred), { count: 100, p50: 50, p90: 90, p99: 99, p999: 100, max: 100 });
  assert.deepEqual(percentilesOf([7]), { count: 1, p50: 7, p90: 7, p99: 7, p999: 7, max: 7 });
  assert.equal(percentilesOf([]).p99, Number.NaN);
});
