// thread-cpu.ts: the CPU that each thread of a process has used, in user space and in the kernel.

import { readdirSync, readFileSync } from 'node:fs';
import { processTimes } from '../measure/process-stats.js';

/** USER_HZ, the unit of /proc/PID/task/TID/stat: 100 on every architecture that millrace supports. */
const US_PER_TICK = 10_000;

export interface ThreadCpu {
  readonly name: string;
  readonly totalUs: number;
  /** In steps of 10 ms, and so of no use for less than a second of load. */
  readonly userUs: number;
  readonly systemUs: number;
}

export type ThreadCpus = ReadonlyMap<number, ThreadCpu>;

export function threadCpus(pid: number): ThreadCpus {
  const totals = processTimes(pid);
  const threads = new Map<number, ThreadCpu>();
  for (const thread of readdirSync(`/proc/${String(pid)}/task`).map(Number)) {
    const total = totals.get(thread);
    const stat = total && statOf(pid, thread);
    if (stat) threads.set(thread, { totalUs: total.runningUs, ...stat });
  }
  return threads;
}

function statOf(pid: number, thread: number): Omit<ThreadCpu, 'totalUs'> | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/task/${String(thread)}/stat`, 'utf8');
  } catch {
    return undefined; // it has ended meanwhile
  }
  // proc(5): the name is in parentheses and may hold any character; utime and stime are the 12th and 13th behind it.
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  return {
    name: thread === pid ? 'main thread' : text.slice(text.indexOf('(') + 1, nameEnd),
    userUs: Number(fields[11]) * US_PER_TICK,
    systemUs: Number(fields[12]) * US_PER_TICK,
  };
}

/** What was used between the two readings; threads of the same name are added up. The most expensive first. */
export function cpuByName(before: ThreadCpus, after: ThreadCpus): ThreadCpu[] {
  const byName = new Map<string, ThreadCpu>();
  for (const [thread, now] of after) {
    const then = before.get(thread);
    const sum = byName.get(now.name);
    byName.set(now.name, {
      name: now.name,
      totalUs: (sum?.totalUs ?? 0) + now.totalUs - (then?.totalUs ?? 0),
      userUs: (sum?.userUs ?? 0) + now.userUs - (then?.userUs ?? 0),
      systemUs: (sum?.systemUs ?? 0) + now.systemUs - (then?.systemUs ?? 0),
    });
  }
  return [...byName.values()].sort((a, b) => b.totalUs - a.totalUs);
}
