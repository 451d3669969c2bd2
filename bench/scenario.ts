// scenario.ts: the words the bench is written in: metrics, samples, claims, scenarios.

import type { Probe } from './measure/probe.js';
import type { ServerProcess } from './measure/server-process.js';
import type { AnyLoad } from './measure/load.js';
import type { Application } from './variants/applications.js';
import type { FilesApplication } from './variants/files.js';

export const SERVER_NAMES = [
  'millrace',
  'node-http',
  'floor',
  // Where it is installed.
  'uwebsockets',
  // The references of the threads suite: millrace with fewer threads, and processes instead of threads.
  'one-thread',
  'main-thread',
  'cluster',
  // Those of the files suite.
  'nginx',
  'express',
  'fastify',
  // The same in JavaScript.
  'js-handler',
  // millrace with more of them.
  'two-reactors',
] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** The server whose figures are judged; the others are what it is compared with. */
export const SUBJECT: ServerName = 'millrace';

export type Metric =
  | 'requestsPerSecond'
  | 'capacity'
  | 'serverCpu'
  | 'userCpu'
  | 'systemCpu'
  | 'jsCpu'
  | 'jsShare'
  | 'p50'
  | 'p90'
  | 'p99'
  | 'p999'
  | 'waits'
  | 'preemptions'
  | 'systemCalls'
  | 'memory'
  | 'timerLateness'
  | 'loopDelay'
  | 'idleImbalance'
  | 'busyImbalance'
  | 'bytesPerConnection'
  | 'quickP50'
  | 'quickP99'
  | 'sentLateP99'
  | 'answers'
  | 'kills'
  | 'killed503s'
  | 'differing503s'
  | 'miscounted503s'
  | 'lostConnections'
  | 'unanswered'
  | 'wrongAnswers';

/** How busy everybody was, in cores: 1 is one core all the time, waiting for a core included. */
export interface Occupation {
  /** The busiest thread of the server. */
  readonly server: number;
  /** The busiest thread of the client. */
  readonly client: number;
  /** CPU used by processes that have nothing to do with the bench. */
  readonly others: number;
}

/** What one round found out about one server. */
export interface Sample {
  readonly values: Partial<Record<Metric, number>>;
  readonly occupation?: Occupation;
  /** What the client complained about: socket errors, answers other than 2xx. */
  readonly problem?: string;
}

/** One line of the table of promises. */
export interface Claim {
  readonly label: string;
  readonly metric: Metric;
  /** The figure is a ratio to this server's; without it the figure is judged as it is. */
  readonly reference?: ServerName;
  readonly must: 'be at most' | 'be at least';
  readonly bound: number;
  readonly goal?: number;
  /** `worst`: "never more than", so the worst round counts. Otherwise the median and its spread do. */
  readonly judge?: 'worst';
  /** So many rounds are enough for a verdict; otherwise as many as the spread of a median needs. */
  readonly enoughRounds?: number;
  /** Where this server misses the bound as well, the machine is to blame, and there is no verdict. */
  readonly control?: ServerName;
  /** No verdict where other processes took more than a trifle of the cores: the claim is about having all of them. */
  readonly needsQuiet?: true;
  /** This server's ratio to the reference is told beside the verdict, which it does not change. */
  readonly beside?: ServerName;
}

export interface Plan {
  readonly rounds: number;
  /** Length of one measured run. */
  readonly seconds: number;
}

/** The handlers of the threads suite, in so many threads, or processes, unless the server is one of few threads. */
export interface Threaded {
  readonly threads: number;
}

/** A server of the files suite. */
export interface Filed {
  readonly files: FilesApplication;
}

/** What a scenario prepares with. */
export type StartServer = (name: ServerName) => Promise<ServerProcess>;

export interface Scenario {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  /** Measured in this order, round after round. */
  readonly servers: readonly ServerName[];
  readonly application: Application | Threaded | Filed;
  /** Where it takes other rounds than the bench does by itself. Options go before it. */
  readonly preset?: Partial<Plan>;
  /** A request that every server must answer alike before it is measured. */
  readonly probe: Probe;
  readonly columns: readonly Metric[];
  /** What the client sends, where that is all there is to it. */
  readonly load?: AnyLoad;
  readonly claims: readonly Claim[];
  /** Requests come at a rate that the client keeps: how many are answered says nothing of the server. */
  readonly isPaced?: true;
  /** Once, before the first round. Returns what is to be said above the figures. */
  prepare?(start: StartServer, plan: Plan): Promise<string>;
  /** `round` counts from 1: what is drawn by lot is the same for all servers of a round. */
  measure(server: ServerProcess, plan: Plan, round: number): Promise<Sample>;
}

/** What `npm run bench -- NAME` runs. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly scenarios: readonly Scenario[];
}

/** Of those that two suites have, the later one is the whole one. */
export function withoutRepetitions<T extends { readonly name: string }>(
  scenarios: readonly T[],
): readonly T[] {
  return [...new Map(scenarios.map((scenario) => [scenario.name, scenario])).values()];
}
