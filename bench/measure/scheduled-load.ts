// scheduled-load.ts: requests that come when they are due, whatever becomes of those before: `millrace load --rate`.

import { join } from 'node:path';
import { repository } from '../paths.js';
import type { WrkResult } from './wrk.js';

/** GETs, so many a second in all; latency counts from when each was due. */
export interface ScheduledLoad {
  readonly rate: number;
  readonly connections: number;
  readonly path: string;
}

/** Some are due in the very moment in which the run ends. */
const MOST_UNSENT = 0.001;

/** For Node. */
export function loadArguments(port: number, load: ScheduledLoad, seconds: number): string[] {
  return [
    join(repository, 'dist/cli/main.js'),
    ...['load', `http://127.0.0.1:${String(port)}${load.path}`, '--json'],
    ...['--connections', String(load.connections), '--rate', String(load.rate)],
    ...['--duration', `${String(seconds)}s`],
  ];
}

/** What of its result the bench needs. */
interface LoadResult {
  readonly answers: number;
  readonly answersPerSecond: number;
  readonly unsent: number;
  readonly unanswered: number;
  readonly latencyUs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999', number>>;
  readonly errors: Readonly<Record<string, number>>;
}

export function parseLoad(output: string): WrkResult {
  const { answers, answersPerSecond, unsent, unanswered, latencyUs, errors } = JSON.parse(
    output,
  ) as LoadResult;
  const kinds = Object.entries(errors).filter(([kind]) => kind !== 'total');
  const isLate = unsent > (answers + unsent) * MOST_UNSENT;
  const problems = Object.entries({ ...Object.fromEntries(kinds), unanswered, ...(isLate && { unsent }) })
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${String(count)}`);
  return {
    requests: answers,
    requestsPerSecond: answersPerSecond,
    latencyMs: {
      p50: latencyUs.p50 / 1_000,
      p90: latencyUs.p90 / 1_000,
      p99: latencyUs.p99 / 1_000,
      p999: latencyUs.p999 / 1_000,
    },
    problem: problems.length > 0 ? problems.join(', ') : null,
  };
}
