// wrk.ts: runs wrk, or what takes its place for large bodies and for requests on schedule, and reads what it prints.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { CannotRun } from '../cannot-run.js';
import { sourceFile } from '../paths.js';
import { buildProgram } from './programs.js';
import { loadArguments, parseLoad, type ScheduledLoad } from './scheduled-load.js';

/** What wrk is to send. */
export interface Load {
  readonly connections: number;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A file under bench/wrk/ and its arguments. */
  readonly script?: readonly [file: string, ...args: string[]];
}

/** GETs whose bodies are so large that wrk would be at its limit: load/discarding.cc has the kernel throw them away. */
export interface DiscardingLoad {
  readonly discards: true;
  readonly connections: number;
  readonly path: string;
}

export type AnyLoad = Load | DiscardingLoad | ScheduledLoad;

export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds; discarding.cc tells two of them. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p99: number;
    readonly p90?: number;
    readonly p999?: number;
  };
  /** Socket errors, or answers other than 2xx and 3xx. */
  readonly problem: string | null;
}

export interface WrkRun {
  readonly pid: number;
  readonly result: Promise<WrkResult>;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** First line of `wrk -v`. @throws CannotRun when wrk is not installed. */
export function wrkVersion(): string {
  const { error, stdout } = spawnSync('wrk', ['-v'], { encoding: 'utf8' });
  if (error) {
    const how = 'apt-get install wrk (Debian, Ubuntu), or https://github.com/wg/wrk';
    throw new CannotRun(`npm run bench sends its requests with wrk, which is not installed: ${how}`);
  }
  return /wrk \S+/.exec(stdout)?.[0] ?? 'wrk';
}

/**
 * One thread of wrk, whatever the number of connections: it shares the machine with the server, and a second
 * thread would take the server's core.
 */
export function startWrk(port: number, load: AnyLoad, seconds: number): WrkRun {
  if ('rate' in load) return run(process.execPath, loadArguments(port, load, seconds), parseLoad);
  return 'discards' in load
    ? run(buildProgram('load/discarding'), [port, load.path, load.connections, seconds].map(String), parseWrk)
    : run('wrk', wrkArguments(port, load, seconds), parseWrk);
}

function wrkArguments(port: number, load: Load, seconds: number): string[] {
  const [script, ...scriptArgs] = load.script ?? ['latency.lua'];
  const fields = Object.entries(load.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return [
    ...['-t1', `-c${load.connections}`, `-d${seconds}s`, '--latency'],
    ...fields,
    ...['-s', sourceFile(`wrk/${script}`)],
    `http://127.0.0.1:${port}${load.path ?? '/'}`,
    ...['--', ...scriptArgs],
  ];
}

function run(program: string, args: readonly string[], parse: (output: string) => WrkResult): WrkRun {
  // Where the scripts of wrk find latency.lua; the empty item at the end stands for what Lua has by itself.
  const env = { ...process.env, LUA_PATH: `${sourceFile('wrk')}/?.lua;;` };
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (child.pid === undefined) throw new Error(`${program} could not be started`);
  return { pid: child.pid, result: outputOf(child).then(parse) };
}

const running = new Set<ChildProcess>();

export function killWrk(): void {
  for (const child of running) child.kill('SIGKILL');
}

async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  // `millrace load` ends with 1 when it has counted errors.
  if (code !== 0 && !output.startsWith('{'))
    throw new Error(`the client ended with ${code}: ${output.trim()}`);
  return output;
}

export function parseWrk(output: string): WrkResult {
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
