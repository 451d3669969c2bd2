// comparison.ts: both clients in turn against one server, and what their figures say of each other.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { iterationsPerMs } from '../measure/calibration.js';
import { OWN_SESSION } from '../measure/own-session.js';
import { builtFile } from '../paths.js';
import { type Spread, spreadOf } from '../statistics.js';
import { ITERATIONS_VARIABLE } from '../variants/work.js';
import { type ClientFigures, type ComparedClient, COMPARED_CLIENTS, runClient } from './client-run.js';

export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  /** What the server computes for each request. */
  readonly computeMs: number;
}

export type ClientRounds = Readonly<Record<ComparedClient, readonly ClientFigures[]>>;

const CLIENTS = Object.keys(COMPARED_CLIENTS) as ComparedClient[];
/** For the server's code to be compiled. */
const WARM_UP_SECONDS = 1;

let server: ChildProcess | undefined;

/** A B A B, as the bench does it. */
export async function compareClients(
  plan: Plan,
  progress: (round: number, client: ComparedClient) => void,
): Promise<ClientRounds> {
  const port = await startServer(plan.computeMs);
  try {
    await runClient('wrk', port, plan.connections, WARM_UP_SECONDS);
    const rounds: Record<ComparedClient, ClientFigures[]> = { 'millrace load': [], wrk: [] };
    for (let round = 1; round <= plan.rounds; round++) {
      for (const client of CLIENTS) {
        progress(round, client);
        rounds[client].push(await runClient(client, port, plan.connections, plan.seconds));
      }
    }
    return rounds;
  } finally {
    endServer();
  }
}

/** Of the ratios of `millrace load` to wrk, each within its round. */
export function ratioOf(rounds: ClientRounds, figure: keyof ClientFigures): Spread {
  const theirs = rounds.wrk;
  return spreadOf(
    rounds['millrace load'].map((ours, i) => ours[figure] / (theirs[i]?.[figure] ?? Number.NaN)),
  );
}

export type Agreement = 'holds' | 'misses' | 'unclear';

/** By the whole spread, as the bench's verdicts are. */
export function agreementOf({ low, high }: Spread, least: number, most: number): Agreement {
  if (low >= least && high <= most) return 'holds';
  return high < least || low > most ? 'misses' : 'unclear';
}

async function startServer(computeMs: number): Promise<number> {
  server = fork(builtFile('clients/computing-server.js'), [String(computeMs)], {
    ...OWN_SESSION,
    env: { ...process.env, [ITERATIONS_VARIABLE]: String(iterationsPerMs()) },
  });
  const ended = once(server, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${String(code)}`);
  });
  ended.catch(() => undefined); // whoever looks at it later sees it in a client's errors
  const [port] = (await Promise.race([once(server, 'message'), ended])) as [number];
  return port;
}

export function endServer(): void {
  server?.kill('SIGKILL');
  server = undefined;
}
