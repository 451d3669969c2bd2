// millrace-load.ts: `millrace load` as the client of the bench: its command line, and what it prints.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../paths.js';
import { bodyFile } from './load-body.js';
import type { Load, LoadResult } from './load.js';

/** Some are due in the very moment in which the run ends. */
const MOST_UNSENT = 0.001;

export function millraceLoadVersion(): string {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    version: string;
  };
  return `millrace load ${version}`;
}

/** For Node. */
export function loadArguments(port: number, load: Load, seconds: number): string[] {
  const fields = Object.entries(load.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return [
    join(repository, 'dist/cli/main.js'),
    ...['load', `http://127.0.0.1:${String(port)}${load.path ?? '/'}`, '--json'],
    ...['--connections', String(load.connections), '--duration', `${String(seconds)}s`],
    ...(load.rate === undefined ? [] : ['--rate', String(load.rate)]),
    ...(load.pipelined === undefined ? [] : ['--pipeline', String(load.pipelined)]),
    ...(load.aConnectionARequest === undefined ? [] : ['--no-keep-alive']),
    ...(load.body === undefined ? [] : ['--body-file', bodyFile(load.body)]),
    ...fields,
  ];
}

/** What of its result the bench needs. */
interface Printed {
  readonly answers: number;
  readonly answersPerSecond: number;
  readonly unsent: number;
  readonly unanswered: number;
  readonly latencyUs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999', number>>;
  readonly errors: Readonly<Record<string, number>>;
}

export function parseLoad(output: string): LoadResult {
  const { answers, answersPerSecond, unsent, unanswered, latencyUs, errors } = JSON.parse(output) as Printed;
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
