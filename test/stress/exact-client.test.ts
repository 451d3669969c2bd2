// The clients of the stress run notice what they are there to notice. A go-between tampers with the answers of a server.

import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';

import { randomFrom } from '../helpers/random.js';
import { startServer } from '../helpers/server.js';
import { announcedSeed } from '../lifecycle/fixtures/chance.js';
import { ExactClient } from './clients/exact-client.js';
import { Tally } from './clients/tally.js';
import { addRoutes } from './subject/routes.js';

/** Passes on, in its way, what the server has sent. */
type Tampering = (answers: Buffer, client: Socket) => void;

interface Case {
  readonly name: string;
  readonly counts: 'lost' | 'wrong';
  readonly tampering: Tampering;
}

const CASES: readonly Case[] = [
  {
    name: 'an answer that never comes is lost',
    counts: 'lost',
    tampering: (_answers, client) => client.end(),
  },
  {
    name: 'an answer without its last byte is lost',
    counts: 'lost',
    tampering: (answers, client) => client.end(answers.subarray(0, -1)),
  },
  {
    name: 'an answer with the number of another request is wrong',
    counts: 'wrong',
    tampering: (answers, client) => {
      client.write(answers.toString('latin1').replaceAll('X-Number: ', 'X-Number: 7'), 'latin1');
    },
  },
  {
    name: 'an answer with another byte in its body is wrong',
    counts: 'wrong',
    tampering: (answers, client) => {
      answers[answers.length - 1]! ^= 1;
      client.write(answers);
    },
  },
  {
    name: 'an answer that comes twice is wrong',
    counts: 'wrong',
    tampering: (answers, client) => {
      client.write(answers);
      client.write(answers);
    },
  },
  {
    name: 'answers that come in another order are wrong',
    counts: 'wrong',
    tampering: (answers, client) => {
      const parts = answers.toString('latin1').split(/(?=HTTP\/1\.1 )/);
      client.write(parts.reverse().join(''), 'latin1');
    },
  },
];

for (const { name, counts, tampering } of CASES) {
  test(name, async (t) => {
    const { port } = await startServer(t, {}, addRoutes);
    const tally = new Tally();
    const client = new ExactClient(
      { port: await startGoBetween(t, port, tampering) },
      randomFrom(announcedSeed(t)),
      tally,
    );
    await client.askUntil({ isOver: () => tally[counts] > 0, isAhead: () => false });
    assert.ok(tally[counts] > 0, tally.described.join('\n'));
  });
}

test('untampered with, they are right', async (t) => {
  const { port } = await startServer(t, {}, addRoutes);
  const tally = new Tally();
  const through = await startGoBetween(t, port, (answers, client) => client.write(answers));
  const client = new ExactClient({ port: through }, randomFrom(announcedSeed(t)), tally);
  await client.askUntil({ isOver: () => tally.requests >= 500, isAhead: () => false });
  assert.deepEqual(tally.described, []);
});

/** Resolves to its port. */
function startGoBetween(t: TestContext, port: number, tampering: Tampering): Promise<number> {
  const between = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    server.on('data', (answers: Buffer) => {
      if (!client.writableEnded) tampering(answers, client);
    });
    server.on('end', () => client.end());
    client.pipe(server);
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
    }
  });
  t.after(() => between.close());
  return new Promise((resolve) => {
    between.listen(0, '127.0.0.1', () => {
      resolve((between.address() as AddressInfo).port);
    });
  });
}
