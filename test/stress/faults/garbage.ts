// garbage.ts: clients who send what is no request, or nearly one.

import assert from 'node:assert/strict';

import type { Client } from '../../helpers/client.js';
import type { Random } from '../../helpers/random.js';
import { pick, randomBytes } from '../../lifecycle/fixtures/chance.js';
import { echo, echoInChunks, late, medium, small } from '../clients/numbered-requests.js';
import type { Fault } from './fault.js';

/** No letter at its beginning: what could be a method is only refused when more has come. */
const NO_LETTERS = 32;

/** All that a request which has been tampered with may be answered. */
const ANSWERS = [200, 400, 404, 405, 408, 413, 414, 417, 431, 501, 505];

export const GARBAGE: readonly Fault[] = [
  {
    name: 'garbage',
    does: 'sends random bytes',
    inject: async ({ connect, random }) => {
      const client = await connect();
      client.send(garbage(random)).send('\r\n\r\n');
      await refusedOrReset(client);
    },
  },
  {
    name: 'garbage-behind',
    does: 'sends random bytes behind a good request',
    inject: async ({ connect, random, next }) => {
      const client = await connect();
      const good = small(next());
      client.send(good.text).send(garbage(random)).send('\r\n\r\n');
      good.check(await client.answer());
      await refusedOrReset(client);
    },
  },
  {
    name: 'mutation',
    does: 'sends requests with some bytes changed',
    inject: async ({ connect, random, next }) => {
      const client = await connect();
      const requests = [
        small(next()),
        echo(next(), random(2_000)),
        echoInChunks(next(), 1 + random(2_000), 1 + random(500)),
        late(next()),
        medium(next()),
      ];
      const good = Array.from({ length: 1 + random(3) }, () => pick(random, requests).text).join('');
      client.send(mutated(good, random)).finish();
      await client.receive(Infinity);
      // Whatever the server has made of it, what it says must be HTTP.
      while (client.unread.length > 0) {
        const { status } = await client.answer();
        assert.ok(ANSWERS.includes(status), `status ${status}`);
      }
    },
  },
];

function garbage(random: Random): Buffer {
  return Buffer.concat([Buffer.of(1 + random(NO_LETTERS - 1)), randomBytes(random, 1 + random(500))]);
}

async function refusedOrReset(client: Client): Promise<void> {
  assert.equal((await client.answer()).status, 400);
  await client.ended();
}

type Mutation = (text: string, at: number, random: Random) => string;

const MUTATIONS: readonly Mutation[] = [
  // A bit turned round.
  (text, at, random) => splice(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << random(8)))),
  // Another byte.
  (text, at, random) => splice(text, at, 1, String.fromCharCode(random(256))),
  // Bytes more.
  (text, at, random) => splice(text, at, 0, randomBytes(random, 1 + random(8)).toString('latin1')),
  // Bytes less.
  (text, at, random) => splice(text, at, 1 + random(8), ''),
  // Bytes said twice.
  (text, at, random) => splice(text, at, 0, text.slice(at, at + 1 + random(40))),
];

/** Mostly in the first request's head, where most of the bytes mean something. */
function mutated(text: string, random: Random): string {
  let result = text;
  for (let i = 1 + random(3); i > 0; i--) {
    const at = random(random(3) === 0 ? result.length : Math.min(result.length, 100));
    result = pick(random, MUTATIONS)(result, at, random);
  }
  return result;
}

function splice(text: string, at: number, removed: number, inserted: string): string {
  return text.slice(0, at) + inserted + text.slice(at + removed);
}
