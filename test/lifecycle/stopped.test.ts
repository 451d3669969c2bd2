// A process that has been stopped for longer than its time-outs goes on where it was: what its clients have done meanwhile
// counts, and nobody is too late because the server did not run.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startChild } from './fixtures/child.js';
import type { Told } from './fixtures/serve.js';

/** Long enough for what comes before the stop, on slow machines too. */
const TIMEOUT_MS = 1500;
const STOPPED_MS = TIMEOUT_MS + 500;

/** More than epoll gives at once. */
const HEADS = 600;

const OPTIONS = {
  timeouts: { headerMs: TIMEOUT_MS, bodyMs: TIMEOUT_MS, writeMs: TIMEOUT_MS },
  limits: { minBytesPerSecond: 0 },
};

const POST = 'POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 6\r\n\r\n';

test('requests, bodies and answers that were under way are completed', async (t) => {
  const child = startChild<Told>(t, 'serve', [JSON.stringify(OPTIONS)]);
  const told = await child.inbox.take('listens');
  const connect = (): Promise<Client> => Client.connect(t, { port: told.port });
  const stateOf = (): string => readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8').replace(/^.*\) /, '');
  const heads = await Promise.all(Array.from({ length: HEADS }, connect));
  const [body, reader] = [await connect(), await connect()];
  reader.socket.pause();
  reader.send(get('/large'));
  body.send(`${POST}abc`);
  for (const head of heads) head.send('GET / HTT');
  await delay(200); // they are with the server
  child.process.kill('SIGSTOP');
  await until('it is stopped', () => stateOf().startsWith('T'));
  for (const head of heads) head.send('P/1.1\r\nHost: here\r\n\r\n');
  body.send('def');
  reader.socket.resume();
  await delay(STOPPED_MS);
  child.process.kill('SIGCONT');
  assert.equal((await reader.answer()).body.length, 4 * 2 ** 20);
  assert.equal((await body.answer()).text, '6');
  for (const head of heads) assert.equal((await head.answer()).status, 200);
});
