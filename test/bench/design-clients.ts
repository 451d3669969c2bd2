// design-clients.ts: clients of a design whose order of answers tells what it stands for.

import assert from 'node:assert/strict';

import { HELLO } from '../../bench/designs/limits.js';
import type { OptionValues } from '../../bench/designs/options.js';
import type { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { DesignProcess, sendFlushed } from './design-process.js';

export interface Started {
  readonly server: DesignProcess;
  readonly clients: Client[];
}

/** Clients are connected one after the other, so that the server gets them in this order. */
export async function start(
  t: Parameters<typeof DesignProcess.start>[0],
  name: string,
  clientCount: number,
  values: Partial<OptionValues> = {},
): Promise<Started> {
  const server = await DesignProcess.start(t, name, values);
  const clients: Client[] = [];
  while (clients.length < clientCount) clients.push(await server.connect());
  return { server, clients };
}

/** Sends each its request, in this order, and returns the numbers of the clients in the order of their answers. */
export async function orderOfAnswers(requests: readonly (readonly [Client, string])[]): Promise<number[]> {
  const order: number[] = [];
  const answers: Promise<void>[] = [];
  for (const [index, [client, request]] of requests.entries()) {
    await sendFlushed(client, request);
    answers.push(
      client.answer().then((answer) => {
        assert.equal(answer.status, 200);
        order.push(index);
      }),
    );
  }
  await Promise.all(answers);
  return order;
}

export async function assertAnswered(client: Client): Promise<void> {
  assert.equal((await client.ask(get('/'))).text, HELLO);
}
