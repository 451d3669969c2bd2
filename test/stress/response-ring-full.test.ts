// More answers at once than their ring holds: J keeps the others until there is room, and all arrive.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { HttpResponse } from 'millrace';

import { deferred, until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';

interface Case {
  readonly name: string;
  readonly connections: number;
  /** Requests in flight on each. */
  readonly pipelined: number;
  /** Answer to the request of this number. */
  readonly body: (n: number) => string | Uint8Array;
}

const CASES: readonly Case[] = [
  {
    name: '5,000 small answers',
    connections: 100,
    pipelined: 50,
    body: (n) => `answer ${String(n)}`,
  },
  {
    name: '200 answers of 100 KiB, outside the ring',
    connections: 50,
    pipelined: 4,
    body: (n) => Buffer.alloc(100 * 1024, `${String(n)} `),
  },
  {
    name: '400 answers of 16 KiB, the most that the ring takes',
    connections: 50,
    pipelined: 8,
    body: (n) => Buffer.alloc(16 * 1024, `${String(n)} `),
  },
  {
    name: '400 answers of text that takes three bytes a character',
    connections: 50,
    pipelined: 8,
    body: (n) => `${String(n)} €`.padEnd(5_000, '€'),
  },
  {
    name: '1,600 answers of all sizes',
    connections: 100,
    pipelined: 16,
    body: (n) => 'x'.repeat([0, 1, 63, 64, 1_000, 16_000, 16_384, 16_385, 40_000][n % 9]!) + String(n),
  },
];

for (const { name, connections, pipelined, body } of CASES) {
  test(`${name}, all given in one turn`, async (t) => {
    const total = connections * pipelined;
    const waiting: { n: number; response: HttpResponse }[] = [];
    const limits = { queue: 65_536, unsentBytes: 2 ** 30 };
    const served = await startServer(t, { limits }, (server) => {
      server.get('/:n', (request, response) => {
        const { n } = request.params as { n: string };
        waiting.push({ n: Number(n), response });
      });
    });
    const clients = await Promise.all(Array.from({ length: connections }, () => served.connect()));
    clients.forEach((client, c) => {
      const numbers = Array.from({ length: pipelined }, (_, i) => c * pipelined + i);
      client.send(numbers.map((n) => get(`/${String(n)}`)).join(''));
    });
    await until('all requests wait for their answers', () => waiting.length === total);

    // Backwards, so that order on the wire is the server's doing.
    for (const { n, response } of waiting.reverse()) response.end(body(n));
    for (const { response } of waiting) assert.ok(response.finished);

    for (const [c, client] of clients.entries()) {
      for (let i = 0; i < pipelined; i++) {
        const { body: received } = await client.answer();
        const expected = Buffer.from(body(c * pipelined + i));
        assert.ok(received.equals(expected), `answer ${String(i)} of connection ${String(c)}`);
      }
      assert.equal(client.unread.length, 0);
    }
    const { requests, bytes } = served.server.stats();
    assert.deepEqual([requests.answered, requests.overload, bytes.buffered], [total, 0, 0]);
  });
}

test('answers in pieces, some in the ring and some beside it since it is full', async (t) => {
  const waiting: HttpResponse[] = [];
  const pieces = [100, 4_095, 4_096, 16_384, 16_385, 1, 10_000].map((bytes, i) =>
    Buffer.alloc(bytes, String(i)),
  );
  const limits = { queue: 65_536, unsentBytes: 2 ** 30 };
  const served = await startServer(t, { limits }, (server) => {
    server.get('/', (_request, response) => {
      waiting.push(response);
    });
  });
  const clients = await Promise.all(Array.from({ length: 100 }, () => served.connect()));
  for (const client of clients) client.send(get('/'));
  await until('all requests wait for their answers', () => waiting.length === clients.length);
  for (const piece of pieces) {
    for (const response of waiting) response.write(piece);
  }
  for (const response of waiting) response.end();
  for (const client of clients) assert.ok((await client.answer()).body.equals(Buffer.concat(pieces)));
  assert.equal(served.server.stats().bytes.buffered, 0);
});

test('5,000 handlers that await the same promise', async (t) => {
  const gate = deferred();
  let waiting = 0;
  const served = await startServer(t, { limits: { queue: 65_536 } }, (server) => {
    server.get('/:n', async (request, response) => {
      waiting++;
      await gate.promise;
      response.json(request.params);
    });
  });
  const clients = await Promise.all(Array.from({ length: 100 }, () => served.connect()));
  const targets = Array.from({ length: 50 }, (_, n) => `/${String(n)}`);
  for (const client of clients) client.send(targets.map((target) => get(target)).join(''));
  await until('all handlers wait', () => waiting === 5_000);
  gate.resolve();
  for (const client of clients) {
    for (const [n, { text }] of (await client.answers(50)).entries()) {
      assert.deepEqual(JSON.parse(text), { n: String(n) });
    }
  }
});

test('answers that wait for room are given up with the clients who wanted them', async (t) => {
  const waiting: HttpResponse[] = [];
  const limits = { queue: 65_536 };
  const served = await startServer(t, { limits }, (server) => {
    server.get('/wait', (_request, response) => {
      waiting.push(response);
    });
    server.get('/', (_request, response) => {
      response.end('hello');
    });
  });
  const clients = await Promise.all(Array.from({ length: 100 }, () => served.connect()));
  for (const client of clients) client.send(get('/wait').repeat(50));
  await until('all requests wait for their answers', () => waiting.length === 5_000);
  const [stays, ...leave] = clients;
  for (const client of leave) client.reset();
  for (const response of waiting) response.end('late');
  for (const { text } of await stays!.answers(50)) assert.equal(text, 'late');
  await until('the others have left', () => served.server.stats().connections.open === 1);
  assert.equal((await stays!.ask(get('/'))).text, 'hello');
});
