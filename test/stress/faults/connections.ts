// connections.ts: the connections of one visit.

import { Client, type Target } from '../../helpers/client.js';
import type { Tally } from '../clients/tally.js';
import type { Visit } from './fault.js';

/** Lends connections, to this target unless the visit names another; they are gone when it is over. */
export async function lendConnections(
  target: Target,
  tally: Tally,
  visit: (connect: Visit['connect']) => Promise<void>,
): Promise<void> {
  const clients: Client[] = [];
  try {
    await visit(async (other = target) => {
      const client = await Client.open(other, { allowHalfOpen: true });
      tally.connections++;
      clients.push(client);
      return client;
    });
  } finally {
    for (const client of clients) client.destroy();
  }
}
