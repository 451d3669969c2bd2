// open-loop-run.ts: one run of the open loop against one server.

import type { OpenLoopOrder, OpenLoopResult } from '../load/open-loop.js';
import type { Sample } from '../scenario.js';
import { startClient } from './client-process.js';
import { watchOccupation } from './load-run.js';
import { cpuBetween, processTimes, residentBytes } from './process-stats.js';
import { processWork, workBetween } from './process-work.js';
import type { ServerProcess } from './server-process.js';

/** What is to be sent, apart from how long and where to. */
export type OpenLoad = Omit<OpenLoopOrder, 'port' | 'seconds' | 'seed'>;

const WARM_UP_SECONDS = 1;
const BYTES_PER_MB = 1024 * 1024;

/** Warms the server up, and measures it. What is drawn by lot differs from round to round, not from server to server. */
export async function measureOpenLoop(
  server: ServerProcess,
  load: OpenLoad,
  seconds: number,
  round: number,
): Promise<Sample> {
  await runOpenLoop(server, load, WARM_UP_SECONDS, -round);
  const processes = await server.ask('processes');
  const workBefore = processWork(...processes);
  const before = processTimes(...processes);
  const client = startClient('open-loop', { ...load, port: server.port, seconds, seed: round });
  const [result, occupation] = await Promise.all([
    client.result,
    watchOccupation(processes, client.pid, seconds),
  ]);
  const after = processTimes(...processes);
  const cpuUs = cpuBetween(before, after);
  return {
    values: {
      requestsPerSecond: result.answersPerSecond,
      serverCpu: cpuUs / result.answers,
      ...workBetween(workBefore, processWork(...processes), cpuUs, result.answers),
      p50: result.all.p50,
      p90: result.all.p90,
      p99: result.all.p99,
      p999: result.all.p999,
      quickP50: result.usual.p50,
      quickP99: result.usual.p99,
      sentLateP99: result.sentLate.p99,
      memory: processes.reduce((sum, pid) => sum + residentBytes(pid), 0) / BYTES_PER_MB,
    },
    occupation,
    ...(result.problem !== null && { problem: result.problem }),
  };
}

/** Answers a second when every connection sends again as soon as it has its answer. */
export async function measureCapacity(
  server: ServerProcess,
  load: OpenLoad,
  seconds: number,
): Promise<number> {
  const closed = { ...load, rate: null };
  await runOpenLoop(server, closed, WARM_UP_SECONDS, 1);
  const { answersPerSecond, problem } = await runOpenLoop(server, closed, seconds, 2);
  if (problem !== null) throw new Error(`capacity of ${server.name}: ${problem}`);
  return answersPerSecond;
}

function runOpenLoop(
  { port }: ServerProcess,
  load: OpenLoad,
  seconds: number,
  seed: number,
): Promise<OpenLoopResult> {
  return startClient('open-loop', { ...load, port, seconds, seed }).result;
}
