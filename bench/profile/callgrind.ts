// callgrind.ts: how many instructions a request takes outside of the kernel, by thread and by function. Unlike times they
// are the same on a busy machine.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerProcess } from '../measure/server-process.js';
import { type AnyLoad, startLoad } from '../measure/load.js';
import type { Scenario, ServerName } from '../scenario.js';
import { type Instructions, readCallgrindFile } from './callgrind-file.js';
import { PerfMap } from './perf-map.js';

/** Under valgrind everything takes long, V8's optimising as well. */
const WARM_UP_SECONDS = 5;

export interface ThreadInstructions {
  readonly thread: string;
  /** For one request. */
  readonly total: number;
  readonly byFunction: Instructions;
}

export interface InstructionCount {
  readonly requests: number;
  readonly threads: readonly ThreadInstructions[];
}

/** Why there is no valgrind; undefined: there is. */
export function whyNoCallgrind(): string | undefined {
  return spawnSync('valgrind', ['--version']).status === 0
    ? undefined
    : 'valgrind is not here: apt-get install valgrind';
}

/** Its files go to the folder. */
export async function countInstructions(
  name: ServerName,
  { application }: Scenario,
  load: AnyLoad,
  seconds: number,
  folder: string,
): Promise<InstructionCount> {
  const server = await ServerProcess.start(name, application, {
    // V8 makes and changes code, which valgrind has to look for.
    under: [
      'valgrind',
      ...['--quiet', '--tool=callgrind', '--smc-check=all-non-file', '--separate-threads=yes'],
      ...['--instr-atstart=no', `--callgrind-out-file=${join(folder, 'out')}`],
    ],
    nodeOptions: ['--perf-basic-prof'],
  });
  PerfMap.expect(server.pid);
  try {
    await startLoad(server.port, load, WARM_UP_SECONDS).result;
    tellCallgrind(server.pid, 'instrumentation', 'on');
    const { requests } = await startLoad(server.port, load, seconds).result;
    tellCallgrind(server.pid, 'instrumentation', 'off');
    tellCallgrind(server.pid, 'dump');
    return { requests, threads: readDump(folder, PerfMap.of(server.pid), requests) };
  } finally {
    server.kill();
  }
}

function tellCallgrind(pid: number, ...command: readonly string[]): void {
  const { status, stderr } = spawnSync('vgdb', [`--pid=${String(pid)}`, ...command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`callgrind did not take '${command.join(' ')}': ${stderr.trim()}`);
}

/** A file for each thread, numbered by valgrind from 1: `out.1-03` is the third's. */
function readDump(folder: string, map: PerfMap, requests: number): ThreadInstructions[] {
  const byThread = new Map<string, Map<string, number>>();
  for (const file of readdirSync(folder)) {
    const number = /\.1-(\d+)$/.exec(file)?.[1];
    if (number === undefined) continue;
    const counted = readCallgrindFile(readFileSync(join(folder, file), 'utf8'), (at) => map.nameAt(at));
    const thread = threadOf(Number(number), counted);
    const sums = byThread.get(thread) ?? new Map<string, number>();
    byThread.set(thread, sums);
    for (const [name, count] of counted) sums.set(name, (sums.get(name) ?? 0) + count / requests);
  }
  return [...byThread]
    .map(([thread, byFunction]) => ({
      thread,
      byFunction,
      total: [...byFunction.values()].reduce((sum, count) => sum + count, 0),
    }))
    .sort((a, b) => b.total - a.total);
}

/** Valgrind gives the numbers of threads that have ended to others, so a thread is known by what it did. */
function threadOf(number: number, counted: Instructions): string {
  if (number === 1) return 'main thread';
  const names = [...counted.keys()];
  if (names.some((name) => name.startsWith('millrace::Reactor::'))) return 'reactors';
  if (names.some((name) => name.startsWith('millrace::WorkerPool::'))) return 'worker pool';
  return 'other threads of Node.js';
}
