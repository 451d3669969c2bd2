// slow.ts: clients who take their time, and get what everybody gets.

import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';

import { pick } from '../../lifecycle/fixtures/chance.js';
import { randomCuts } from '../clients/exchange.js';
import { echo, echoInChunks, large, medium, small, stream } from '../clients/numbered-requests.js';
import type { Fault } from './fault.js';

const PAUSES = 10;
const PAUSE_MS = 2;

export const SLOW: readonly Fault[] = [
  {
    name: 'slow-reader',
    does: 'reads large answers slowly, and gets them whole',
    inject: async ({ connect, random, next }) => {
      const client = await connect();
      const asks = [pick(random, [large, stream])(next()), medium(next())];
      client.send(asks.map(({ text }) => text).join(''));
      for (let i = 0; i < PAUSES; i++) {
        client.socket.pause();
        await delay(PAUSE_MS);
        client.socket.resume();
        await turn();
      }
      for (const { check } of asks) check(await client.answer());
    },
  },
  {
    name: 'slow-sender',
    does: 'sends its requests in pieces, with pauses, and gets its answers',
    inject: async ({ connect, random, next }) => {
      const client = await connect();
      const asks = [small(next()), pick(random, [inOne, inChunks])(next()), small(next())];
      const text = asks.map((ask) => ask.text).join('');
      await client.sendCut(text, randomCuts(random, text.length, 2 * PAUSES), () =>
        delay(random(PAUSE_MS + 1)),
      );
      for (const { check } of asks) check(await client.answer());
    },
  },
];

const inOne = (n: number) => echo(n, 1_000 + (n % 20_000));
const inChunks = (n: number) => echoInChunks(n, 1_000 + (n % 20_000), 700);
