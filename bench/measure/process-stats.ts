// process-stats.ts: what Linux knows about a process: the CPU of its threads and its memory.

import { readdirSync, readFileSync } from 'node:fs';
import { isGone } from './gone.js';

const NS_PER_US = 1_000;
/** USER_HZ, the unit of /proc/stat; 100 on every architecture millrace supports. */
export const US_PER_TICK = 10_000;

export interface ThreadTimes {
  readonly runningUs: number;
  /** Time in which the thread could have run but no core was free. */
  readonly waitingUs: number;
}

export type ProcessTimes = ReadonlyMap<number, ThreadTimes>;

/** CPU of every thread since it began (`schedstat`: nanoseconds, where `stat` counts in ticks of 10 ms). */
export function processTimes(...pids: readonly number[]): ProcessTimes {
  const times = new Map<number, ThreadTimes>();
  for (const pid of pids) addTimes(times, pid);
  return times;
}

function addTimes(times: Map<number, ThreadTimes>, pid: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [running, waiting] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      times.set(Number(thread), {
        runningUs: Number(running) / NS_PER_US,
        waitingUs: Number(waiting) / NS_PER_US,
      });
    } catch (error) {
      // A thread may end between the listing and the reading; its CPU is then lost, and there is no better answer.
      if (!isGone(error)) throw error;
    }
  }
}

/** CPU that all threads of the process used between the two readings. */
export function cpuBetween(before: ProcessTimes, after: ProcessTimes): number {
  return [...after.keys()].reduce((sum, thread) => sum + threadCpuBetween(before, after, thread), 0);
}

/** CPU that one thread used. The main thread, which runs JavaScript in Node, has the number of the process. */
export function threadCpuBetween(before: ProcessTimes, after: ProcessTimes, thread: number): number {
  return (after.get(thread)?.runningUs ?? 0) - (before.get(thread)?.runningUs ?? 0);
}

/** The longest time that any one thread spent running, or ready to run. */
export function busiestBetween(before: ProcessTimes, after: ProcessTimes): number {
  const busy = [...after].map(([thread, now]) => {
    const then = before.get(thread);
    return now.runningUs + now.waitingUs - (then ? then.runningUs + then.waitingUs : 0);
  });
  return Math.max(0, ...busy);
}

/** CPU that the processes of the whole machine have used since it was started. */
export function machineCpuUs(): number {
  const [user, nice, system] = readFileSync('/proc/stat', 'utf8').split(/\s+/).slice(1, 4).map(Number);
  return ((user ?? 0) + (nice ?? 0) + (system ?? 0)) * US_PER_TICK;
}

export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** Resident memory the process has written itself, without the pages of files that it happens to have touched. */
export function privateBytes(pid: number): number {
  return statusBytes(pid, 'RssAnon') + statusBytes(pid, 'RssShmem');
}

function statusBytes(pid: number, field: string): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}
