// load-run.ts: one server measured under load.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Occupation, Sample } from '../scenario.js';
import { type AnyLoad, startLoad } from './load.js';
import {
  busiestBetween,
  cpuBetween,
  machineCpuUs,
  type ProcessTimes,
  processTimes,
  residentBytes,
  threadCpuBetween,
} from './process-stats.js';
import { processWork, workBetween } from './process-work.js';
import type { ServerProcess } from './server-process.js';
import { canCountSystemCalls, systemCallsDuring } from './system-calls.js';

/** Long enough for V8 to have optimised a handler that runs 10,000 times a second and more. */
const WARM_UP_SECONDS = 1;
const COUNTED_SECONDS = 1;
const BYTES_PER_MB = 1024 * 1024;

/** Occupation is watched within the run, where neither connecting nor stopping is in the way. */
const WATCH_FROM = 0.15;
const WATCH_UNTIL = 0.85;

export async function warmUp(server: ServerProcess, load: AnyLoad): Promise<void> {
  await startLoad(server.port, load, WARM_UP_SECONDS).result;
}

/** The server must be warm. CPU counts from before the first connection to after the last answer. */
export async function measureUnderLoad(
  server: ServerProcess,
  load: AnyLoad,
  seconds: number,
): Promise<Sample> {
  const workBefore = processWork(server.pid);
  const before = processTimes(server.pid);
  const started = performance.now();
  const client = startLoad(server.port, load, seconds);
  const [result, occupation] = await Promise.all([
    client.result,
    watchOccupation([server.pid], client.pid, seconds),
  ]);
  const after = processTimes(server.pid);
  const elapsedUs = (performance.now() - started) * 1_000;
  const cpuUs = cpuBetween(before, after);
  return {
    values: {
      requestsPerSecond: result.requestsPerSecond,
      serverCpu: cpuUs / result.requests,
      ...workBetween(workBefore, processWork(server.pid), cpuUs, result.requests),
      ...(server.hasJsThread && {
        jsCpu: threadCpuBetween(before, after, server.pid) / result.requests,
        jsShare: threadCpuBetween(before, after, server.pid) / elapsedUs,
      }),
      ...result.latencyMs,
      memory: residentBytes(server.pid) / BYTES_PER_MB,
    },
    occupation,
    ...(result.problem !== null && { problem: result.problem }),
  };
}

/**
 * In a short run of its own: counting makes each of them slower. Once is enough, it hardly differs from round to round.
 * Nothing where perf may not count.
 */
export async function countSystemCalls(
  server: ServerProcess,
  load: AnyLoad,
): Promise<{ systemCalls?: number }> {
  if (!canCountSystemCalls()) return {};
  let requests = 0;
  const calls = await systemCallsDuring(server.pid, async () => {
    ({ requests } = await startLoad(server.port, load, COUNTED_SECONDS).result);
  });
  return { systemCalls: calls / requests };
}

/** Within a run of so many seconds that has just begun. */
export async function watchOccupation(
  server: readonly number[],
  client: number,
  seconds: number,
): Promise<Occupation> {
  await sleep(seconds * WATCH_FROM * 1_000);
  const from = read(server, client);
  await sleep(seconds * (WATCH_UNTIL - WATCH_FROM) * 1_000);
  const until = read(server, client);
  const elapsed = until.atUs - from.atUs;
  const ours = cpuBetween(from.server, until.server) + cpuBetween(from.client, until.client);
  return {
    server: busiestBetween(from.server, until.server) / elapsed,
    client: busiestBetween(from.client, until.client) / elapsed,
    others: Math.max(0, until.machine - from.machine - ours) / elapsed,
  };
}

function read(
  server: readonly number[],
  client: number,
): {
  atUs: number;
  server: ProcessTimes;
  client: ProcessTimes;
  machine: number;
} {
  return {
    atUs: performance.now() * 1_000,
    server: processTimes(...server),
    client: processTimes(client),
    machine: machineCpuUs(),
  };
}
