// The tables of requests, sent through a socket: whole, byte by byte, and cut in two at every place. How the bytes
// arrive must not change what is understood.

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import type { Handler } from 'millrace';

import type { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { startHandler, type TestServer } from '../helpers/server.js';
import { ACCEPTED } from './accepted-requests.js';
import { LIMITS, REFUSED } from './refused-requests.js';
import type { Seen } from './request-case.js';

/** Answers with all that the app sees. */
const mirror: Handler = async (req, res) => {
  const raw = req.rawHeaders;
  const fields = raw.flatMap((name, n) => (n % 2 === 0 ? [`${name}=${String(raw[n + 1])}`] : [])).join('|');
  const { method, target, path, query, authority, httpVersion: version } = req;
  const body = (await req.buffer()).toString('latin1');
  res.json({ method, target, path, query, authority, version, fields, body } satisfies Required<Seen>);
};

/** Status and body of each answer. */
type Outcome = readonly (readonly [status: number, body: unknown])[];

/**
 * Sends bytes in pieces. Each piece leaves when the server has received the one before, so that it sees exactly these
 * pieces. No other client may be talking to it.
 */
async function sendInPieces(
  running: TestServer,
  client: Client,
  bytes: string,
  cuts: readonly number[],
): Promise<void> {
  const before = running.server.stats().bytes.received;
  await client.sendCut(bytes, cuts, async (sent) => {
    const end = performance.now() + 20_000;
    while (running.server.stats().bytes.received - before < sent && !client.isEnded) {
      assert.ok(performance.now() < end, `the server has not received ${String(sent)} bytes`);
      await turn();
    }
  });
}

async function outcomeOf(client: Client, count: number): Promise<Outcome> {
  return (await client.answers(count)).map(({ status, text }) => [
    status,
    status === 200 ? (JSON.parse(text) as unknown) : text,
  ]);
}

/** Every place; of long requests the beginning, the end and some between. */
function placesOf(bytes: string): number[] {
  const all = Array.from({ length: bytes.length - 1 }, (_, n) => n + 1);
  const EACH_SIDE = 90;
  return all.filter((at) => at <= EACH_SIDE || bytes.length - at <= EACH_SIDE || at % 7 === 0);
}

/** Each way to cut the bytes up, with its name. */
function* waysToSend(bytes: string): Generator<[way: string, cuts: number[]]> {
  yield ['whole', []];
  yield ['byte by byte', Array.from({ length: bytes.length - 1 }, (_, n) => n + 1)];
  for (const at of placesOf(bytes)) yield [`cut at byte ${String(at)}`, [at]];
}

const PROBE = get('/probe');

async function isStillOpen(client: Client): Promise<void> {
  const [[status, body] = []] = await outcomeOf(client.send(PROBE), 1);
  assert.equal(status, 200);
  assert.equal((body as Seen).target, '/probe');
}

test('requests that are understood', async (t: TestContext) => {
  const running = await startHandler(t, mirror);
  for (const { name, bytes, seen, ends = false } of ACCEPTED) {
    await t.test(name, async () => {
      // One connection for all ways where it stays: each way also shows that the one before left nothing behind.
      let client = await running.connect();
      let first: Outcome | undefined;
      for (const [way, cuts] of waysToSend(bytes)) {
        await sendInPieces(running, client, bytes, cuts);
        const outcome = await outcomeOf(client, seen.length);
        if (ends) {
          assert.equal(await client.ended(), 'fin', way);
          client = await running.connect();
        }
        first ??= checkSeen(outcome, seen);
        assert.deepEqual(outcome, first, way);
      }
      if (!ends) await isStillOpen(client);
      client.destroy();
    });
  }
});

function checkSeen(outcome: Outcome, seen: readonly Seen[]): Outcome {
  for (const [n, expected] of seen.entries()) {
    const [status, body] = outcome[n]!;
    assert.equal(status, 200);
    for (const [property, value] of Object.entries(expected)) {
      assert.equal((body as Seen)[property as keyof Seen], value, `${property} of request ${String(n + 1)}`);
    }
  }
  return outcome;
}

test('messages that are refused', async (t: TestContext) => {
  const running = await startHandler(t, mirror, { limits: LIMITS });
  for (const { name, bytes, status, before = 0 } of REFUSED) {
    await t.test(name, async () => {
      let first: Outcome | undefined;
      for (const [way, cuts] of waysToSend(bytes)) {
        const client = await running.connect();
        const handled = running.server.stats().requests.handled;
        await sendInPieces(running, client, bytes, cuts);
        // Whatever follows a message of doubtful meaning must not be taken for a request.
        if (way === 'whole') client.send(PROBE);
        const outcome = await outcomeOf(client, before + 1);
        assert.equal(await client.ended(), 'fin', way);
        first ??= outcome;
        assert.deepEqual(outcome, first, way);
        // In pieces, a handler may be called ahead of a bad body, and never gets to the end of it.
        if (way === 'whole') assert.equal(running.server.stats().requests.handled - handled, before);
      }
      assert.deepEqual(
        first!.map(([given]) => given),
        [...Array<number>(before).fill(200), status],
      );
    });
  }
});
