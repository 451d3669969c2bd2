// wrk.ts: wrk as the client of the bench: its command line, and what it prints.

import { spawnSync } from 'node:child_process';
import { CannotRun } from '../cannot-run.js';
import { sourceFile } from '../paths.js';
import { bodyFile } from './load-body.js';
import type { Load, LoadResult } from './load.js';

const MS_PER_UNIT: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** First line of `wrk -v`. @throws CannotRun when wrk is not installed. */
export function wrkVersion(): string {
  const { error, stdout } = spawnSync('wrk', ['-v'], { encoding: 'utf8' });
  if (error) {
    const how = 'apt-get install wrk (Debian, Ubuntu), or https://github.com/wg/wrk';
    throw new CannotRun(`--client wrk sends the requests with wrk, which is not installed: ${how}`);
  }
  return /wrk \S+/.exec(stdout)?.[0] ?? 'wrk';
}

export function wrkArguments(port: number, load: Load, seconds: number): string[] {
  const headers = { ...load.headers, ...(load.aConnectionARequest && { Connection: 'close' }) };
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return [
    ...['-t1', `-c${load.connections}`, `-d${seconds}s`, '--latency'],
    ...fields,
    ...['-s', sourceFile('load/wrk.lua')],
    `http://127.0.0.1:${port}${load.path ?? '/'}`,
    ...['--', String(load.pipelined ?? 1), ...(load.body === undefined ? [] : [bodyFile(load.body)])],
  ];
}

export function parseWrk(output: string): LoadResult {
  const problems = [/Socket errors: .*/, /Non-2xx or 3xx responses: .*/].flatMap(
    (line) => line.exec(output)?.[0] ?? [],
  );
  const optional = <Name extends string>(name: Name, percent: string): Partial<Record<Name, number>> =>
    quantileLine(percent).test(output)
      ? ({ [name]: quantileMs(output, percent) } as Record<Name, number>)
      : {};
  return {
    requests: Number(find(output, /(\d+) requests in/)[1]),
    requestsPerSecond: Number(find(output, /Requests\/sec:\s+([\d.]+)/)[1]),
    latencyMs: {
      p50: quantileMs(output, '50'),
      ...optional('p90', '90'),
      p99: quantileMs(output, '99'),
      ...optional('p999', '99.9'),
    },
    problem: problems.length > 0 ? problems.join(', ') : null,
  };
}

function quantileMs(output: string, percent: string): number {
  const [, value, unit = ''] = find(output, quantileLine(percent));
  return Number(value) * (MS_PER_UNIT[unit] ?? Number.NaN);
}

function quantileLine(percent: string): RegExp {
  return new RegExp(`^\\s+${percent.replace('.', '\\.')}%\\s+([\\d.]+)(us|ms|s|m|h) *$`, 'm');
}

function find(output: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(output);
  if (!found) throw new Error(`wrk printed something else than expected (${pattern.source}):\n${output}`);
  return found;
}
