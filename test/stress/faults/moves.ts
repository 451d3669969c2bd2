// moves.ts: what several faults have in common.

import assert from 'node:assert/strict';

import type { Client } from '../../helpers/client.js';
import { exchange } from '../clients/exchange.js';
import type { NumberedRequest } from '../clients/numbered-requests.js';
import type { Visit } from './fault.js';

/** Returns when the reset is on its way. */
export async function reset(client: Client): Promise<void> {
  const closed = new Promise((resolve) => client.socket.once('close', resolve));
  client.reset();
  await closed;
}

/** Leaves in one of the ways in which clients leave. */
export async function leave(client: Client, { random }: Visit): Promise<void> {
  if (random(2) === 0) await reset(client);
  else client.destroy();
}

/** Sends, and returns when the kernel has it. */
export async function sent(client: Client, data: string): Promise<void> {
  await client.sendCut(data, []);
}

/** Sends the beginning of a text, up to somewhere between its `least`-th and its last byte. */
export async function sentInPart(client: Client, { random }: Visit, text: string, least = 1): Promise<void> {
  await sent(client, text.slice(0, least + random(text.length - least)));
}

/** Asks, and gets the right answers to all. */
export async function served(
  client: Client,
  { random }: Visit,
  ...requests: readonly NumberedRequest[]
): Promise<void> {
  await exchange(client, requests, random, () => undefined);
}

/** The server answers with this status, ends the connection, and nothing else comes. */
export async function refused(client: Client, status: number): Promise<void> {
  assert.equal((await client.answer()).status, status);
  assert.equal(await client.ended(), 'fin');
}

/** Where the body of a request begins. */
export function bodyStart(text: string): number {
  return text.indexOf('\r\n\r\n') + 4;
}
