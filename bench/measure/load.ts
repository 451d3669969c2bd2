// load.ts: the client under whose load servers are measured: `millrace load`, wrk, or one for very large answers.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { buildProgram } from './programs.js';
import { loadArguments, millraceLoadVersion, parseLoad } from './millrace-load.js';
import { parseWrk, wrkArguments, wrkVersion } from './wrk.js';

/** What is sent. Without a rate each connection sends as soon as it has its answers. */
export interface Load {
  readonly connections: number;
  readonly path?: string;
  /** GET, or POST with a body. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** So many requests at a time on each connection. */
  readonly pipelined?: number;
  readonly aConnectionARequest?: true;
  /** So many a second in all; latency counts from when each was due. */
  readonly rate?: number;
}

/** GETs whose bodies are so large that others would be at their limit: load/discarding.cc has the kernel throw them away. */
export interface DiscardingLoad {
  readonly discards: true;
  readonly connections: number;
  readonly path: string;
}

export type AnyLoad = Load | DiscardingLoad;

export interface LoadResult {
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

export interface LoadRun {
  readonly pid: number;
  readonly result: Promise<LoadResult>;
}

export const CLIENTS = ['millrace', 'wrk'] as const;
export type Client = (typeof CLIENTS)[number];

let client: Client = 'millrace';

/**
 * From now on this one sends what comes as fast as it is answered. Requests on schedule are none that wrk can send.
 * @returns Its version.
 * @throws CannotRun when it is not installed.
 */
export function sendWith(wanted: Client): string {
  client = wanted;
  return wanted === 'wrk' ? wrkVersion() : millraceLoadVersion();
}

/** One thread, whatever the number of connections: a second one would take the server's core. */
export function startLoad(port: number, load: AnyLoad, seconds: number): LoadRun {
  if ('discards' in load) {
    const program = buildProgram('load/discarding');
    return run(program, [port, load.path, load.connections, seconds].map(String), parseWrk);
  }
  return client === 'wrk' && load.rate === undefined
    ? run('wrk', wrkArguments(port, load, seconds), parseWrk)
    : run(process.execPath, loadArguments(port, load, seconds), parseLoad);
}

function run(program: string, args: readonly string[], parse: (output: string) => LoadResult): LoadRun {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (child.pid === undefined) throw new Error(`${program} could not be started`);
  return { pid: child.pid, result: outputOf(child).then(parse) };
}

const running = new Set<ChildProcess>();

export function killLoads(): void {
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
