// subject-faults.ts: faults that need the subject: its impatient server, its workers, its restarts.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

import { type Client, NoAnswer } from '../../helpers/client.js';
import { exchange } from '../clients/exchange.js';
import { anyRequest, echo, largeStream, small } from '../clients/numbered-requests.js';
import type { Lives } from '../clients/rolling-client.js';
import { LARGE_BYTES } from '../subject/numbered-body.js';
import type { SubjectProcess } from '../subject/subject-process.js';
import type { Fault, Visit } from './fault.js';
import { bodyStart, refused, sentInPart, served } from './moves.js';

export interface SubjectVisit extends Visit {
  readonly subject: SubjectProcess;
  readonly lives: Lives;
}

/** Connections to a worker, and requests in flight on each. */
const CLIENTS_OF_A_WORKER = 2;
const PIPELINED = 6;

/** How long a worker serves, at most. */
const LONGEST_SERVICE_MS = 10;

/** Longer than `timeouts.writeMs` of the impatient server, and what it may be late. */
const TOO_LONG_MS = 2_000;

/** Large answers, and bytes that the kernel holds of them at most. */
const ANSWERS = 3;
const MOST_ON_THE_WAY = 2 * LARGE_BYTES;

/** They wait, and do nothing: so there can be many. */
const STALLS_AT_ONCE = 24;

export const SUBJECT_FAULTS: readonly Fault<SubjectVisit>[] = [
  {
    name: 'stall-in-head',
    does: 'stops within a request head until headerMs strikes',
    atOnce: STALLS_AT_ONCE,
    inject: async (visit) => {
      const client = await toImpatient(visit);
      await sentInPart(client, visit, small(visit.next()).text);
      await refused(client, 408);
    },
  },
  {
    name: 'stall-in-body',
    does: 'stops within a body until bodyMs strikes',
    atOnce: STALLS_AT_ONCE,
    inject: async (visit) => {
      const client = await toImpatient(visit);
      const { text } = echo(visit.next(), 30_000);
      await sentInPart(client, visit, text, bodyStart(text));
      await refused(client, 408);
    },
  },
  {
    name: 'stall-between',
    does: 'says nothing until headerMs or keepAliveMs strikes',
    atOnce: STALLS_AT_ONCE,
    inject: async (visit) => {
      const client = await toImpatient(visit);
      if (visit.random(2) === 0) await served(client, visit, small(visit.next()));
      assert.equal(await client.ended(), 'fin');
    },
  },
  {
    name: 'stall-in-answer',
    does: 'does not read its answer until writeMs has struck',
    atOnce: STALLS_AT_ONCE,
    inject: async (visit) => {
      const client = await toImpatient(visit);
      client.send(largeStream(visit.next()).text.repeat(ANSWERS));
      await client.receive(1);
      // Where the machine has not let the server go on meanwhile, there has been nothing to wait for: once more, longer.
      for (let pauseMs = TOO_LONG_MS; !client.isEnded; pauseMs *= 2) {
        assert.ok(client.unreadBytes < ANSWERS * LARGE_BYTES, 'nothing is cut off');
        client.socket.pause();
        await delay(pauseMs);
        client.socket.resume();
        await client.receive(client.unreadBytes + MOST_ON_THE_WAY);
      }
    },
  },
  {
    name: 'terminate-worker',
    does: 'terminates a worker whose server has requests under way',
    inject: async (visit) => {
      const { subject, connect, random } = visit;
      const { id, port } = await subject.ask('start a worker');
      const clients = await Promise.all(Array.from({ length: CLIENTS_OF_A_WORKER }, () => connect({ port })));
      const served = clients.map((client) => servedUntilTheEnd(client, visit));
      await delay(random(LONGEST_SERVICE_MS));
      await subject.ask('terminate a worker', id);
      await Promise.all(served);
    },
  },
  {
    name: 'restart',
    does: 'replaces a server that is under load by another one on its port',
    atOnce: 1,
    inject: async ({ subject, lives, random }) => {
      await delay(random(LONGEST_SERVICE_MS));
      lives.ended(await subject.ask('restart'));
    },
  },
];

function toImpatient({ connect, subject }: SubjectVisit): Promise<Client> {
  return connect({ port: subject.ports.impatient });
}

/** All answers until the server goes are the right ones, in order; the one that it goes in may be cut. */
async function servedUntilTheEnd(client: Client, { random, next }: Visit): Promise<void> {
  try {
    for (;;) {
      const requests = Array.from({ length: PIPELINED }, () => anyRequest(next(), random));
      await exchange(client, requests, random, () => undefined);
    }
  } catch (error) {
    if (!(error instanceof NoAnswer && client.isEnded)) throw error;
  }
}
