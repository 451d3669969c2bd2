// fault.ts: what a fault is: something that clients, or the world, do to a server.

import type { Client, Target } from '../../helpers/client.js';
import type { Random } from '../../helpers/random.js';

/** One time that it happens. */
export interface Visit {
  readonly random: Random;
  /** The number of the next request. */
  readonly next: () => number;
  /** A connection that stays half-open until it is told; destroyed at the end of the visit. */
  readonly connect: (target?: Target) => Promise<Client>;
}

export interface Fault<V extends Visit = Visit> {
  /** What `--only` takes. */
  readonly name: string;
  /** Who does it: "somebody who …". */
  readonly does: string;
  /** Fails where an answer that is due does not come, or is not right. */
  readonly inject: (visit: V) => Promise<void>;
  /** How many of them at a time, where it is not {@link AT_ONCE}. */
  readonly atOnce?: number;
}

export const AT_ONCE = 3;
