// remarks.ts: what must be known of a server's rounds to read their figures, and is left to the reader's judgement.

import type { Occupation, Sample, ServerName } from '../scenario.js';
import { medianOf } from '../statistics.js';
import { clientWasBottleneck } from '../verdict.js';
import { formatServer, formatShare } from './format.js';

/** The client at its limit is worth a word even where the server is not idle enough to refuse the verdict. */
const CLIENT_NEAR_LIMIT = 0.95;
const SERVER_HAS_ROOM = 0.9;
/** A tenth of a core used by strangers can be seen in the figures. */
const OTHERS_DISTURB = 0.1;

export function remarksOn(name: ServerName, samples: readonly Sample[]): string[] {
  const remarks: string[] = [];
  const problem = samples.find((sample) => sample.problem !== undefined)?.problem;
  if (problem !== undefined) remarks.push(`the client saw ${problem}`);
  const others = medianOccupation(samples, 'others') ?? 0;
  if (others > OTHERS_DISTURB)
    remarks.push(`other processes used ${formatShare(others)} of a core meanwhile`);
  const client = medianOccupation(samples, 'client') ?? 0;
  const server = medianOccupation(samples, 'server') ?? 1;
  if (clientWasBottleneck(samples))
    remarks.push('the client was at its limit while the server was idle half of the time');
  else if (client >= CLIENT_NEAR_LIMIT && server < SERVER_HAS_ROOM)
    remarks.push(
      `the client was at its limit: the server could have answered up to ${(1 / server).toFixed(1)} times as much`,
    );
  return remarks.map((remark) => `${formatServer(name)}: ${remark}`);
}

export function medianOccupation(samples: readonly Sample[], who: keyof Occupation): number | undefined {
  const values = samples.flatMap(({ occupation }) => occupation?.[who] ?? []);
  return values.length > 0 ? medianOf(values) : undefined;
}
