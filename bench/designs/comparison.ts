// comparison.ts: designs under the same two loads, in turn: nothing but quick requests, and quick ones beside slow ones.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { startLoad } from '../measure/load.js';
import { OWN_SESSION } from '../measure/own-session.js';
import { residentBytes, US_PER_TICK } from '../measure/process-stats.js';
import { processWork } from '../measure/process-work.js';
import { medianOf } from '../statistics.js';
import { ADDRESS, commandOf } from './command.js';
import type { Design } from './design.js';

const CONNECTIONS = 64;
const QUICK_CONNECTIONS = 16;
/** One less than there are workers by default: one is left for everybody else. */
const SLOW_CONNECTIONS = 3;
const SLOW_PATH = '/sleep?ms=100';
const WARM_UP_SECONDS = 1;
const START_MS = 30_000;
const BYTES_PER_MB = 1024 * 1024;

/** All for `GET /`. */
export interface Measured {
  readonly requestsPerSecond: number;
  /** Microseconds a request, of all its processes. */
  readonly cpu: number;
  readonly threads: number;
  /** MB, of all its processes. */
  readonly memory: number;
  /** Milliseconds, while nobody is slow, and beside a few who ask for /sleep; null where it has no such route. */
  readonly p99: number;
  readonly p99BesideSlow: number | null;
}

export interface Compared {
  readonly design: Design;
  /** Medians of the rounds; null where it failed. */
  readonly measured: Measured | null;
  /** What clients complained about, or why it failed. */
  readonly problem: string | null;
}

/** A B A B, each time in a fresh process. */
export async function compareDesigns(
  designs: readonly Design[],
  plan: { readonly rounds: number; readonly seconds: number },
  progress: (round: number, design: Design) => void,
): Promise<Compared[]> {
  const rounds = new Map<Design, Round[]>(designs.map((design) => [design, []]));
  const failures = new Map<Design, string>();
  for (let round = 1; round <= plan.rounds; round++) {
    for (const [design, before] of rounds) {
      if (failures.has(design)) continue;
      progress(round, design);
      try {
        before.push(await measureOnce(design, plan.seconds));
      } catch (error) {
        failures.set(design, (error as Error).message);
      }
    }
  }
  return designs.map((design) => {
    const problem = failures.get(design);
    return problem === undefined ? summed(design, rounds.get(design)!) : { design, measured: null, problem };
  });
}

type Round = Measured & { readonly problem: string | null };

function summed(design: Design, rounds: readonly Round[]): Compared {
  const median = (of: (round: Round) => number): number => medianOf(rounds.map(of));
  const hasSlow = rounds.every(({ p99BesideSlow }) => p99BesideSlow !== null);
  return {
    design,
    measured: {
      requestsPerSecond: median((round) => round.requestsPerSecond),
      cpu: median((round) => round.cpu),
      threads: median((round) => round.threads),
      memory: median((round) => round.memory),
      p99: median((round) => round.p99),
      p99BesideSlow: hasSlow ? median((round) => round.p99BesideSlow!) : null,
    },
    problem: rounds.find(({ problem }) => problem !== null)?.problem ?? null,
  };
}

async function measureOnce(design: Design, seconds: number): Promise<Round> {
  const { child, port } = await start(design);
  try {
    const load = { connections: CONNECTIONS };
    await startLoad(port, load, WARM_UP_SECONDS).result;
    const processes = [child.pid!, ...descendantsOf(child.pid!)];
    const before = cpuUs(processes);
    const run = startLoad(port, load, seconds);
    const threads = sampleThreads(processes, seconds);
    const quick = await run.result;
    const cpu = (cpuUs(processes) - before) / quick.requests;
    const memory = processes.reduce((sum, pid) => sum + residentBytes(pid), 0) / BYTES_PER_MB;
    const beside = design.lacks?.includes('/sleep') ? null : await besideSlow(port, seconds);
    return {
      requestsPerSecond: quick.requestsPerSecond,
      cpu,
      threads: await threads,
      memory,
      p99: quick.latencyMs.p99,
      p99BesideSlow: beside?.p99 ?? null,
      problem: quick.problem ?? beside?.problem ?? null,
    };
  } finally {
    await stop(child);
  }
}

/** Latency of the quick ones. That the slow ones are slow is no problem. */
async function besideSlow(port: number, seconds: number): Promise<{ p99: number; problem: string | null }> {
  const slow = startLoad(port, { connections: SLOW_CONNECTIONS, path: SLOW_PATH }, seconds);
  const quick = startLoad(port, { connections: QUICK_CONNECTIONS }, seconds);
  const [{ latencyMs, problem }] = await Promise.all([quick.result, slow.result]);
  return { p99: latencyMs.p99, problem };
}

async function start(design: Design): Promise<{ child: ChildProcess; port: number }> {
  const { file, args } = commandOf(design, { port: 0 });
  const child = spawn(file, args, { ...OWN_SESSION, stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  child.once('close', () => running.delete(child));
  let output = '';
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(late);
      child.kill('SIGKILL');
      reject(new Error(`${design.name} ${why}`));
    };
    const late = setTimeout(() => {
      fail('does not say where it serves');
    }, START_MS);
    child.once('error', ({ message }) => {
      fail(`could not be started: ${message}`);
    });
    child.once('close', () => {
      fail('has ended');
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = ADDRESS.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(late);
      resolve(Number(found));
    });
  });
  return { child, port };
}

const running = new Set<ChildProcess>();

/** In order: some have processes of their own to end. */
export function endDesigns(): void {
  for (const child of running) child.kill('SIGTERM');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

/** Processes of its own, and theirs. */
function descendantsOf(pid: number): number[] {
  return readdirSync(`/proc/${String(pid)}/task`).flatMap((thread) => {
    const children = readFileSync(`/proc/${String(pid)}/task/${thread}/children`, 'utf8').split(' ');
    return children.filter(Boolean).flatMap((child) => [Number(child), ...descendantsOf(Number(child))]);
  });
}

/** With that of threads that have ended: some designs have one for each connection. */
function cpuUs(processes: readonly number[]): number {
  const { userTicks, systemTicks } = processWork(...processes);
  return (userTicks + systemTicks) * US_PER_TICK;
}

/** Half-way through the run. */
function sampleThreads(processes: readonly number[], seconds: number): Promise<number> {
  return new Promise((resolve) => {
    setTimeout(
      () => {
        resolve(processes.reduce((sum, pid) => sum + readdirSync(`/proc/${String(pid)}/task`).length, 0));
      },
      (seconds * 1_000) / 2,
    );
  });
}
