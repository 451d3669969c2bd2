// Servers share nothing: not with others in their thread, not with those of other threads.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { createServer } from 'millrace';

import { Client } from '../helpers/client.js';
import { deferred } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { listenUntilEnd, startServer, testOptions, untilRunning } from '../helpers/server.js';
import { startServingWorker } from './fixtures/serving-worker.js';

const WORKERS = 4;

test('two servers in one thread have their own routes, limits and figures', async (t) => {
  const one = await startServer(t, {}, (server) => {
    server.get('/', (_request, response) => {
      response.end('one');
    });
    server.get('/only-one', (_request, response) => {
      response.end();
    });
  });
  const two = await startServer(t, { limits: { requestLineBytes: 100 } }, (server) => {
    server.get('/', (_request, response) => {
      response.end('two');
    });
  });
  const [toOne, toTwo] = [await one.connect(), await two.connect()];
  for (let i = 0; i < 10; i++) {
    assert.deepEqual([(await toOne.ask(get('/'))).text, (await toTwo.ask(get('/'))).text], ['one', 'two']);
  }
  assert.equal((await toOne.ask(get('/only-one'))).status, 200);
  assert.equal((await toTwo.ask(get('/only-one'))).status, 404);
  assert.equal((await toOne.ask(get(`/?${'q'.repeat(200)}`))).status, 200);
  assert.equal((await toTwo.ask(get(`/?${'q'.repeat(200)}`))).status, 414);
  assert.equal(one.server.stats().requests.handled, 12);
  assert.equal(two.server.stats().requests.handled, 10);
});

test('one of two servers closes, and what the other has in flight goes on', async (t) => {
  const answer = deferred();
  const one = await startServer(t, {}, (server) => {
    server.get('/', (_request, response) => {
      response.end('one');
    });
  });
  const two = await startServer(t, {}, (server) => {
    server.get('/late', async (_request, response) => {
      await answer.promise;
      response.end('late');
    });
  });
  const toOne = await one.connect();
  const toTwo = (await two.connect()).send(get('/late'));
  await toOne.ask(get('/'));
  await untilRunning(two.server);
  await one.server.close();
  assert.equal(await toOne.ended(), 'fin');
  answer.resolve();
  assert.equal((await toTwo.answer()).text, 'late');
  assert.equal(one.server.stats().listening, false);
  assert.equal(two.server.stats().listening, true);
});

test('a second server on the same port is refused, and the first goes on', async (t) => {
  const one = await startServer(t, {}, (server) => {
    server.get('/', (_request, response) => {
      response.end('one');
    });
  });
  const two = createServer(testOptions());
  await assert.rejects(two.listen({ host: '127.0.0.1', port: one.port }), { code: 'EADDRINUSE' });
  assert.equal((await (await one.connect()).ask(get('/'))).text, 'one');
  await one.server.close();
  // What failed once may be tried again.
  const where = await listenUntilEnd(t, two, { host: '127.0.0.1', port: one.port });
  assert.equal(where.port, one.port);
});

test('servers of several workers answer for themselves, also when one of them blocks or is terminated', async (t) => {
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => startServingWorker(t)));
  const clients = await Promise.all(workers.map(({ port }) => Client.connect(t, { port })));
  const answers = async (from: number): Promise<string[]> => {
    const rest = clients.slice(from).map((client) => client.ask(get('/thread')));
    return (await Promise.all(rest)).map(({ text }) => text);
  };
  const ids = workers.map(({ worker }) => String(worker.threadId));
  assert.deepEqual(await answers(0), ids);

  clients[0]!.send(get('/block'));
  await workers[0]!.blocked();
  assert.deepEqual(await answers(1), ids.slice(1));

  const ended = once(workers[0]!.worker, 'exit');
  await workers[0]!.worker.terminate();
  await ended;
  await clients[0]!.ended();
  assert.deepEqual(await answers(1), ids.slice(1));
});
