// quick.ts: what `npm run bench` runs by itself: one scenario for each thing that a request can cost, in short rounds.

import type { Scenario, ServerName, Suite } from '../scenario.js';
import { browserHead } from './browser-head.js';
import { file1k } from './files.js';
import { hello } from './hello.js';
import { largeAnswers } from './large-bodies.js';
import { order } from './order.js';
import { pipelined } from './pipelined.js';

/** Thirteen starts a round, of about 2.4 s with the warm-up: five rounds stay below three minutes. */
const PLAN = { rounds: 5, seconds: 1 } as const;

export const QUICK: Suite = {
  name: 'quick',
  title: 'six of the scenarios below in short rounds',
  scenarios: [
    // What a request costs, and what of that is the head, the body, the wake-ups and system calls.
    shortened(hello, ['millrace', 'node-http', 'floor']),
    shortened(browserHead, ['millrace', 'floor']),
    shortened(order, ['millrace', 'node-http']),
    shortened(pipelined, ['millrace', 'floor']),
    // What never sees JavaScript, and what is mostly the kernel's copying.
    shortened(file1k, ['millrace', 'nginx']),
    shortened(largeAnswers, ['millrace', 'node-http']),
  ],
};

/** With some of its servers, and the claims that these can be judged by. */
function shortened(scenario: Scenario, servers: readonly ServerName[]): Scenario {
  return {
    ...scenario,
    preset: PLAN,
    servers,
    claims: scenario.claims
      .filter(({ reference }) => reference === undefined || servers.includes(reference))
      .map(({ beside, ...claim }) =>
        beside !== undefined && servers.includes(beside) ? { ...claim, beside } : claim,
      ),
  };
}
