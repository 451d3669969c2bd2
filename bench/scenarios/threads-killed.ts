// threads-killed.ts: threads that end under load: what clients see of it.

import type { KillingOrder } from '../load/killing.js';
import { startClient } from '../measure/client-process.js';
import type { Claim, Scenario } from '../scenario.js';
import { answerOf, pathOf } from '../variants/work.js';

const THREADS = 4;
const KILL_EVERY_MS = 1_000;
const LOAD: Omit<KillingOrder, 'port' | 'seconds'> = {
  killEveryMs: KILL_EVERY_MS,
  connections: [
    // As fast as they can; and with handlers that are waiting, so that some are inside when their thread ends.
    { count: 8, kind: 'compute', ms: 0 },
    { count: 8, kind: 'wait', ms: 20 },
  ],
};

/** What must not happen has not happened, or it has: no median, and no need of rounds. */
const never = {
  must: 'be at most',
  bound: 0,
  judge: 'worst',
  enoughRounds: 1,
} as const satisfies Partial<Claim>;

export const killed: Scenario = {
  name: 'killed',
  title: `16 connections as fast as they can, one of ${THREADS} threads killed every second`,
  servers: ['millrace'],
  application: { threads: THREADS },
  preset: { rounds: 1, seconds: 30 },
  probe: { path: pathOf('compute', 0, 0), expected: answerOf('compute', 0, 0) },
  columns: [
    'answers',
    'kills',
    'killed503s',
    'differing503s',
    'miscounted503s',
    'lostConnections',
    'unanswered',
    'wrongAnswers',
  ],
  claims: [
    { label: 'thread killed every second: connections lost', metric: 'lostConnections', ...never },
    { label: '… requests unanswered', metric: 'unanswered', ...never },
    { label: '… 503s that are not those inside the thread', metric: 'differing503s', ...never },
    { label: '… 503s not counted in stats().requests.lost', metric: 'miscounted503s', ...never },
    { label: '… other answers than 200 and 503, or wrong ones', metric: 'wrongAnswers', ...never },
  ],

  async measure(server, { seconds }) {
    if (seconds * 1_000 <= KILL_EVERY_MS)
      throw new Error(
        `needs a run of more than ${KILL_EVERY_MS / 1_000} s, after which the first thread ends`,
      );
    const client = startClient('killing', { ...LOAD, port: server.port, seconds });
    const result = await client.result;
    const { exits, lost, inside } = await server.ask('losses');
    if (result.kills === 0 || exits !== result.kills)
      throw new Error(`was asked to end ${result.kills} threads, and ended ${exits}`);
    if (result.firstWrong !== null) console.error(`wrong answer to ${result.firstWrong}`);
    return {
      values: {
        answers: result.answers,
        kills: result.kills,
        killed503s: result.answered503.length,
        differing503s: differences(new Set(result.answered503), new Set(inside)),
        miscounted503s: Math.abs(result.answered503.length - lost),
        lostConnections: result.lostConnections,
        unanswered: result.unanswered,
        wrongAnswers: result.wrongAnswers,
      },
    };
  },
};

/** How many are in one of them only. */
function differences(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const onlyIn = (one: ReadonlySet<number>, other: ReadonlySet<number>): number =>
    [...one].filter((number) => !other.has(number)).length;
  return onlyIn(a, b) + onlyIn(b, a);
}
