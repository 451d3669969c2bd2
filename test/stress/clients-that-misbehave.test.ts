// Clients who leave at the wrong moment, send nonsense or do not read: each is dealt with, and nobody else notices.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { Server } from 'millrace';

import type { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get, head, post } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';
import { randomFrom, type Random } from '../helpers/random.js';
import { announcedSeed, pick, randomBytes } from '../lifecycle/fixtures/chance.js';
import { Companion } from '../lifecycle/fixtures/companion.js';

/** How often each of them comes, and how many at a time, beside how many who do everything right. */
const VISITS = 48;
const AT_ONCE = 6;
const COMPANIONS = 4;

/** More than the kernel holds for a client who does not read. */
const LARGE_BODY = 'abcdefgh'.repeat(1024 * 1024);
const MEDIUM_BODY = 'abcdefgh'.repeat(32 * 1024);

function addRoutes(server: Server): void {
  server.get('/echo/:text', (request, response) => {
    const { text } = request.params as { text: string };
    response.end(text);
  });
  server.post('/echo', async (request, response) => {
    response.end(await request.buffer());
  });
  server.get('/late', async (_request, response) => {
    await delay(5);
    response.end('late');
  });
  server.get('/large', (_request, response) => {
    response.end(LARGE_BODY);
  });
  server.get('/medium', (_request, response) => {
    response.end(MEDIUM_BODY);
  });
}

interface Visit {
  readonly client: Client;
  readonly random: Random;
}

interface Visitor {
  readonly name: string;
  readonly visit: (visit: Visit) => Promise<void>;
  /** How often, where one visit is much work for this process. */
  readonly visits?: number;
}

const UPLOAD = post('/echo', 'x'.repeat(30_000));

const VISITORS: readonly Visitor[] = [
  {
    name: 'resets the connection at once',
    visit: ({ client }) => reset(client),
  },
  {
    name: 'leaves without a word',
    visit: async ({ client }) => {
      assert.equal(await client.finish().ended(), 'fin');
    },
  },
  {
    name: 'resets the connection within a request head',
    visit: async ({ client, random }) => {
      await sent(client, get('/echo/x').slice(0, 1 + random(20)));
      await reset(client);
    },
  },
  {
    name: 'resets the connection within a body',
    visit: async ({ client, random }) => {
      await sent(client, UPLOAD.slice(0, 100 + random(29_000)));
      await reset(client);
    },
  },
  {
    name: 'resets the connection while a handler has its request',
    visit: async ({ client, random }) => {
      await sent(client, get('/late').repeat(1 + random(10)));
      await delay(random(8));
      await reset(client);
    },
  },
  {
    name: 'resets the connection with requests of all kinds under way',
    visit: async ({ client, random }) => {
      const kinds = [get('/echo/x'), get('/late'), get('/medium'), UPLOAD, get('/nowhere')];
      await sent(client, Array.from({ length: 20 }, () => pick(random, kinds)).join(''));
      await reset(client);
    },
  },
  {
    name: 'resets the connection within a large answer',
    visit: async ({ client, random }) => {
      client.send(get('/large'));
      await client.receive(1 + random(200_000));
      await reset(client);
    },
  },
  {
    name: 'resets the connection with a large answer unread',
    visit: async ({ client }) => {
      client.socket.pause();
      await sent(client, get('/large'));
      await delay(5);
      await reset(client);
    },
  },
  {
    name: 'goes away within a large answer',
    visit: async ({ client, random }) => {
      client.send(get('/large'));
      await client.receive(1 + random(200_000));
      client.destroy();
    },
  },
  {
    name: 'ends its side after its requests, and gets its answers',
    visit: async ({ client }) => {
      client.send(get('/late') + get('/echo/a') + get('/medium')).finish();
      const answers = await client.answers(3);
      assert.deepEqual(
        answers.map(({ text }) => text),
        ['late', 'a', MEDIUM_BODY],
      );
      assert.equal(await client.ended(), 'fin');
    },
  },
  {
    name: 'ends its side within a request head',
    visit: ({ client, random }) => refused(client.send(get('/echo/x').slice(0, 1 + random(20)))),
  },
  {
    name: 'ends its side within a body',
    visit: ({ client, random }) => refused(client.send(UPLOAD.slice(0, 100 + random(29_000)))),
  },
  {
    name: 'ends its side within its second request',
    visit: async ({ client }) => {
      client.send(get('/echo/a') + get('/echo/b').slice(0, 10)).finish();
      assert.equal((await client.answer()).text, 'a');
      // If it was still waiting for that answer, it is taken for one who has no more to say.
      await client.receive(Infinity);
      if (client.unread.length > 0) assert.equal((await client.answer()).status, 400);
    },
  },
  {
    name: 'sends garbage',
    visit: async ({ client, random }) => {
      // No letter at its beginning: what could be a method is only refused when more has come.
      client.send(Buffer.concat([Buffer.of(random(32)), randomBytes(random, 500), Buffer.from('\r\n\r\n')]));
      assert.equal((await client.answer()).status, 400);
      await client.ended();
      client.destroy();
    },
  },
  {
    name: 'sends garbage behind its request',
    visit: async ({ client, random }) => {
      client.send(get('/echo/a')).send(Buffer.concat([Buffer.of(1 + random(9)), randomBytes(random, 500)]));
      assert.equal((await client.answer()).text, 'a');
      assert.equal((await client.answer()).status, 400);
      await client.ended();
      client.destroy();
    },
  },
  {
    name: 'reads a large answer slowly',
    visits: AT_ONCE,
    visit: async ({ client }) => {
      client.send(get('/large'));
      for (let pause = 0; pause < 20; pause++) {
        client.socket.pause();
        await delay(2);
        client.socket.resume();
        await client.receive(client.unread.length + 1);
      }
      assert.ok((await client.answer()).text === LARGE_BODY, 'the large body arrives whole');
      client.destroy();
    },
  },
  {
    name: 'pipelines more large answers than it reads',
    visit: async ({ client }) => {
      client.socket.pause();
      await sent(client, get('/medium').repeat(40));
      await delay(5);
      client.socket.resume();
      assert.equal((await client.answer()).text, MEDIUM_BODY);
      client.destroy();
    },
  },
  {
    name: 'asks for 100 Continue and leaves',
    visit: async ({ client }) => {
      client.send(head('POST', '/echo', { 'Content-Length': '10', Expect: '100-continue' }));
      await client.readUntil('100 Continue\r\n\r\n');
      await reset(client);
    },
  },
];

for (const { name, visit, visits = VISITS } of VISITORS) {
  test(`somebody who ${name}`, async (t) => {
    const seed = announcedSeed(t);
    const random = randomFrom(seed);
    const served = await startServer(t, {}, addRoutes);
    const { server } = served;
    const companions = await Promise.all(
      Array.from({ length: COMPANIONS }, (_, i) =>
        Companion.join(t, served, randomFrom(seed + i), `companion${String(i)}`),
      ),
    );
    let left = visits;
    const visitOften = async (): Promise<void> => {
      while (left-- > 0) await visit({ client: await served.connect({ allowHalfOpen: true }), random });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, visitOften));

    for (const answers of await Promise.all(companions.map((companion) => companion.leave()))) {
      assert.ok(answers > 0);
    }
    await until('all have left', () => server.stats().connections.open === 0);
    assert.equal(server.stats().connections.total, visits + COMPANIONS);
    await until('nothing of theirs is kept', () => {
      const { queue, bytes } = server.stats();
      return queue.waiting === 0 && queue.parked === 0 && bytes.buffered === 0;
    });
    assert.equal((await (await served.connect()).ask(get('/echo/alive'))).text, 'alive');
  });
}

async function reset(client: Client): Promise<void> {
  client.reset();
  await new Promise((resolve) => client.socket.once('close', resolve));
}

/** Sends, and returns when the kernel has it. */
async function sent(client: Client, data: string): Promise<void> {
  await client.sendCut(data, []);
}

/** A request that can never become complete (RFC 9112 §8). */
async function refused(client: Client): Promise<void> {
  client.finish();
  assert.equal((await client.answer()).status, 400);
  assert.equal(await client.ended(), 'fin');
}
