// resets.ts: clients who reset their connection, at each stage of a request.

import { setTimeout as delay } from 'node:timers/promises';

import {
  anyRequest,
  echo,
  large,
  largeStream,
  late,
  medium,
  small,
  stream,
} from '../clients/numbered-requests.js';
import { pick } from '../../lifecycle/fixtures/chance.js';
import type { Fault } from './fault.js';
import { bodyStart, leave, reset, sent, sentInPart } from './moves.js';

/** Bytes of a large answer that are read, at most. */
const MOST_READ = 200_000;

/** How long what is not read is left to pile up. */
const UNREAD_MS = 5;

export const RESETS: readonly Fault[] = [
  {
    name: 'reset-before-head',
    does: 'resets the connection at once',
    inject: async ({ connect }) => {
      await reset(await connect());
    },
  },
  {
    name: 'reset-in-head',
    does: 'resets the connection within a request head',
    inject: async (visit) => {
      const client = await visit.connect();
      await sentInPart(client, visit, small(visit.next()).text);
      await reset(client);
    },
  },
  {
    name: 'reset-in-body',
    does: 'resets the connection within a body',
    inject: async (visit) => {
      const client = await visit.connect();
      const { text } = echo(visit.next(), 30_000);
      await sentInPart(client, visit, text, bodyStart(text));
      await reset(client);
    },
  },
  {
    name: 'reset-in-handler',
    does: 'resets the connection while handlers have its requests',
    inject: async ({ connect, random, next }) => {
      const client = await connect();
      const requests = Array.from({ length: 1 + random(10) }, () => late(next()).text);
      await sent(client, requests.join(''));
      await delay(random(8));
      await reset(client);
    },
  },
  {
    name: 'reset-in-answer',
    does: 'resets the connection, or goes, within a large answer',
    inject: async (visit) => {
      const client = await visit.connect();
      client.send(large(visit.next()).text);
      await client.receive(1 + visit.random(MOST_READ));
      await leave(client, visit);
    },
  },
  {
    name: 'reset-in-stream',
    does: 'resets the connection, or goes, within a streamed answer',
    inject: async (visit) => {
      const client = await visit.connect();
      client.send(pick(visit.random, [stream, largeStream])(visit.next()).text);
      // The shortest of them.
      await client.receive(1 + visit.random(8_000));
      await leave(client, visit);
    },
  },
  {
    name: 'reset-unread',
    does: 'resets the connection, or goes, with a large answer unread',
    inject: async (visit) => {
      const client = await visit.connect();
      client.socket.pause();
      await sent(client, pick(visit.random, [large, largeStream])(visit.next()).text);
      await delay(visit.random(UNREAD_MS));
      await leave(client, visit);
    },
  },
  {
    name: 'reset-in-pipeline',
    does: 'resets the connection with requests of all kinds under way',
    inject: async ({ connect, random, next }) => {
      const client = await connect();
      const requests = Array.from({ length: 20 }, () => anyRequest(next(), random).text);
      await sent(client, requests.join(''));
      await reset(client);
    },
  },
  {
    name: 'leave-in-pipeline',
    does: 'pipelines more answers than it reads, and goes',
    inject: async ({ connect, random, next }) => {
      const client = await connect();
      client.socket.pause();
      const asks = Array.from({ length: 20 }, () => medium(next()));
      await sent(client, asks.map(({ text }) => text).join(''));
      await delay(random(UNREAD_MS));
      client.socket.resume();
      asks[0]!.check(await client.answer());
      client.destroy();
    },
  },
];
