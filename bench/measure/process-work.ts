// process-work.ts: how a process spent its CPU, and how often it lost or gave up a core.

import { readdirSync, readFileSync } from 'node:fs';
import type { Metric } from '../scenario.js';
import { isGone } from './gone.js';

export interface ProcessWork {
  /** Ticks spent in the programs and in the kernel, by threads that have ended as well. */
  readonly userTicks: number;
  readonly systemTicks: number;
  /** By thread: how often it waited for something, and how often it was taken off its core. */
  readonly switches: ReadonlyMap<number, Switches>;
}

interface Switches {
  readonly waits: number;
  readonly preemptions: number;
}

const NONE: Switches = { waits: 0, preemptions: 0 };

/** In /proc/PID/stat, counted after the name, which may contain anything: `state` is the first. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** All that the processes have done since they began. */
export function processWork(...pids: readonly number[]): ProcessWork {
  const ticks = pids.map(ticksOf);
  const sum = (of: (item: { user: number; system: number }) => number): number =>
    ticks.reduce((total, item) => total + of(item), 0);
  return {
    userTicks: sum(({ user }) => user),
    systemTicks: sum(({ system }) => system),
    switches: new Map(pids.flatMap(switchesOf)),
  };
}

/**
 * What came between the two readings, for each request. Ticks of 10 ms are too coarse for a sum, and the kernel only
 * looks at each tick where it is; so they tell the shares alone, of `cpuUs`, which is exact.
 */
export function workBetween(
  before: ProcessWork,
  after: ProcessWork,
  cpuUs: number,
  requests: number,
): Partial<Record<Metric, number>> {
  const user = after.userTicks - before.userTicks;
  const ticks = user + after.systemTicks - before.systemTicks;
  const counts = [...after.switches].map(([thread, now]) => {
    const then = before.switches.get(thread) ?? NONE;
    return { waits: now.waits - then.waits, preemptions: now.preemptions - then.preemptions };
  });
  const perThousand = (of: keyof Switches): number =>
    (counts.reduce((sum, thread) => sum + thread[of], 0) / requests) * 1_000;
  return {
    ...(ticks > 0 && {
      userCpu: (cpuUs * user) / ticks / requests,
      systemCpu: (cpuUs * (ticks - user)) / ticks / requests,
    }),
    waits: perThousand('waits'),
    preemptions: perThousand('preemptions'),
  };
}

function ticksOf(pid: number): { user: number; system: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[USER_TICKS]), system: Number(fields[SYSTEM_TICKS]) };
}

function switchesOf(pid: number): [thread: number, Switches][] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread): [number, Switches][] => {
    try {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      return [
        [
          Number(thread),
          {
            waits: numberAfter('voluntary_ctxt_switches', status),
            preemptions: numberAfter('nonvoluntary_ctxt_switches', status),
          },
        ],
      ];
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
}

function numberAfter(field: string, status: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)$`, 'm').exec(status)?.[1] ?? Number.NaN);
}
