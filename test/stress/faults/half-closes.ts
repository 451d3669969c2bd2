// half-closes.ts: clients who end their side of the connection, and go on reading.

import assert from 'node:assert/strict';

import { echo, late, medium, small, stream } from '../clients/numbered-requests.js';
import type { Fault } from './fault.js';
import { bodyStart, refused, sentInPart } from './moves.js';

export const HALF_CLOSES: readonly Fault[] = [
  {
    name: 'half-close',
    does: 'ends its side after its requests, and gets its answers',
    inject: async ({ connect, next }) => {
      const client = await connect();
      const requests = [late(next()), small(next()), medium(next()), stream(next())];
      client.send(requests.map(({ text }) => text).join('')).finish();
      for (const { check } of requests) check(await client.answer());
      assert.equal(await client.ended(), 'fin');
    },
  },
  {
    name: 'half-close-in-head',
    does: 'ends its side within a request head',
    inject: async (visit) => {
      const client = await visit.connect();
      await sentInPart(client, visit, small(visit.next()).text);
      await refused(client.finish(), 400);
    },
  },
  {
    name: 'half-close-in-body',
    does: 'ends its side within a body',
    inject: async (visit) => {
      const client = await visit.connect();
      const { text } = echo(visit.next(), 30_000);
      await sentInPart(client, visit, text, bodyStart(text));
      await refused(client.finish(), 400);
    },
  },
  {
    name: 'half-close-in-second',
    does: 'ends its side within its second request',
    inject: async ({ connect, next }) => {
      const client = await connect();
      const first = small(next());
      client.send(first.text + small(next()).text.slice(0, 10)).finish();
      first.check(await client.answer());
      // If it was still waiting for that answer, it is taken for one who has no more to say.
      await client.receive(Infinity);
      if (client.unread.length > 0) assert.equal((await client.answer()).status, 400);
    },
  },
];
