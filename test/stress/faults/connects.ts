// connects.ts: clients who connect, and little else.

import assert from 'node:assert/strict';

import { small } from '../clients/numbered-requests.js';
import type { Fault } from './fault.js';
import { reset, served } from './moves.js';

/** Connections of a storm. */
const STORM = 16;

export const CONNECTS: readonly Fault[] = [
  {
    name: 'connect-storm',
    does: 'opens 16 connections at once, and resets, leaves or uses them',
    atOnce: 2,
    inject: async (visit) => {
      const { connect, random, next } = visit;
      const clients = await Promise.all(Array.from({ length: STORM }, () => connect()));
      await Promise.all(
        clients.map(async (client, i) => {
          if (i % 4 === 0) await served(client, visit, small(next()));
          else if (random(3) === 0) client.destroy();
          else await reset(client);
        }),
      );
    },
  },
  {
    name: 'leave-at-once',
    does: 'leaves without a word',
    inject: async ({ connect }) => {
      const client = await connect();
      assert.equal(await client.finish().ended(), 'fin');
    },
  },
];
