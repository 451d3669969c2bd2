// client-run.ts: one run of a client, measured itself: what it counted, and what a request has cost it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotRun } from '../cannot-run.js';
import { isGone } from '../measure/gone.js';
import type { LoadResult } from '../measure/load.js';
import { loadArguments, parseLoad } from '../measure/millrace-load.js';
import { cpuBetween, processTimes } from '../measure/process-stats.js';
import { parseWrk } from '../measure/wrk.js';

/** CPU is watched within the run: beginning costs a program in Node more than one in C, and connecting is no request. */
const WATCH_FROM = 0.2;
const WATCH_UNTIL = 0.8;

export interface ClientFigures {
  readonly requestsPerSecond: number;
  /** Microseconds of CPU, of the whole client process. */
  readonly cpuPerRequest: number;
  readonly p50: number;
  readonly p99: number;
}

interface Started {
  readonly program: string;
  readonly args: readonly string[];
  readonly parse: (output: string) => LoadResult;
}

/** One thread each, and nothing asked for that is not asked of the other one. */
export const COMPARED_CLIENTS: Readonly<
  Record<'millrace load' | 'wrk', (port: number, connections: number, seconds: number) => Started>
> = {
  'millrace load': (port, connections, seconds) => ({
    program: process.execPath,
    args: loadArguments(port, { connections }, seconds),
    parse: parseLoad,
  }),
  wrk: (port, connections, seconds) => ({
    program: 'wrk',
    // Without a script, which measure/wrk.ts has for what wrk cannot do by itself.
    args: [
      ...['-t1', `-c${String(connections)}`, `-d${String(seconds)}s`, '--latency'],
      `http://127.0.0.1:${String(port)}/`,
    ],
    parse: parseWrk,
  }),
};
export type ComparedClient = keyof typeof COMPARED_CLIENTS;

/** @throws CannotRun when it fails, or has seen errors. */
export async function runClient(
  name: ComparedClient,
  port: number,
  connections: number,
  seconds: number,
): Promise<ClientFigures> {
  const { program, args, parse } = COMPARED_CLIENTS[name](port, connections, seconds);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  try {
    if (child.pid === undefined) throw new CannotRun(`${name} could not be started`);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const closed = once(child, 'close') as Promise<[code: number | null]>;
    const [cpu, [code]] = await Promise.all([cpuShareOf(child.pid, seconds), closed]);
    if (code !== 0) throw new CannotRun(`${name} ended with ${String(code)}: ${output.trim()}`);
    const { requestsPerSecond, latencyMs, problem } = parse(output);
    if (problem !== null) throw new CannotRun(`${name} has seen ${problem}`);
    const { p50, p99 } = latencyMs;
    return { requestsPerSecond, cpuPerRequest: (cpu * 1e6) / requestsPerSecond, p50, p99 };
  } finally {
    process.off('exit', kill);
    kill();
  }
}

/** How many cores it kept busy in the middle of its run, in which it sends all the time. */
async function cpuShareOf(pid: number, seconds: number): Promise<number> {
  try {
    await sleep(seconds * WATCH_FROM * 1_000);
    const [before, from] = [processTimes(pid), performance.now()];
    await sleep(seconds * (WATCH_UNTIL - WATCH_FROM) * 1_000);
    const [after, until] = [processTimes(pid), performance.now()];
    return cpuBetween(before, after) / ((until - from) * 1_000);
  } catch (error) {
    // It has ended too early, and why is in its exit code.
    if (isGone(error)) return Number.NaN;
    throw error;
  }
}
