// exchange.ts: sends requests together, and takes their answers in order.

import type { Client } from '../../helpers/client.js';
import type { Random } from '../../helpers/random.js';
import type { NumberedRequest } from './numbered-requests.js';

/** One of so many is cut into pieces. */
const CUT_ONE_OF = 8;
const MOST_CUTS = 6;

/**
 * Returns when all answers have come and are right.
 * @param answered - Called for each of them.
 * @throws NoAnswer or AssertionError, at the first that does not come, or is not right.
 */
export async function exchange(
  client: Client,
  requests: readonly NumberedRequest[],
  random: Random,
  answered: () => void,
): Promise<void> {
  const text = requests.map((request) => request.text).join('');
  if (random(CUT_ONE_OF) === 0) await client.sendCut(text, randomCuts(random, text.length));
  else client.send(text);
  for (const { isHead, check } of requests) {
    check(await client.answer({ head: isHead ?? false }));
    answered();
  }
}

export function randomCuts(random: Random, length: number, most = MOST_CUTS): number[] {
  const cuts = Array.from({ length: 1 + random(most) }, () => 1 + random(length - 1));
  return [...new Set(cuts)].sort((a, b) => a - b);
}
