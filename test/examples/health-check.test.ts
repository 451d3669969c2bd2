// health-check.test.ts: examples/health-check.ts, whose one claim is what answers while JavaScript is blocked.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from '../helpers/client.js';
import { Example, ORDERLY } from '../helpers/example.js';
import { get } from '../helpers/requests.js';

/** Long enough for the other answers to come first on a loaded machine; the test waits for it once. */
const BUSY_MS = 3000;

test('liveness is answered while JavaScript is blocked, readiness is given up on', async (t) => {
  const example = await Example.start(t, 'health-check');
  const [report, alive, ready] = await Promise.all([
    Client.connect(t, example),
    Client.connect(t, example),
    Client.connect(t, example),
  ]);
  assert.equal((await ready.ask(get('/readyz'))).text, 'ready');

  const order: string[] = [];
  const noting = async (what: string, answer: Promise<{ status: number }>): Promise<number> => {
    const { status } = await answer;
    order.push(what);
    return status;
  };
  report.send(get(`/report?ms=${BUSY_MS}`));
  const reported = noting('report', report.answer());
  // Asked again and again, so that it certainly was asked while the handler blocked.
  const statuses = new Set<number>();
  for (let i = 0; i < 20; i++) statuses.add((await alive.ask(get('/healthz'))).status);
  order.push('alive');
  const readiness = await noting('ready', ready.ask(get('/readyz')));

  assert.deepEqual([...statuses], [200]);
  assert.equal(readiness, 503);
  assert.equal(await reported, 200);
  assert.deepEqual(order, ['alive', 'ready', 'report']);
  assert.equal((await ready.ask(get('/readyz'))).text, 'ready');
  assert.deepEqual(await example.stop(), ORDERLY);
  assert.equal(example.errors, '');
});
