// system-calls.ts: how often a process enters the kernel, counted by Linux' perf.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

const EVENT = 'raw_syscalls:sys_enter';

let isPossible: boolean | undefined;

/** Whether perf is here and may count: it takes linux-perf, and root or a low kernel.perf_event_paranoid. */
export function canCountSystemCalls(): boolean {
  isPossible ??= spawnSync('perf', ['stat', '-x,', '-e', EVENT, 'true']).status === 0;
  return isPossible;
}

/** How many there are of all threads until the work is done. */
export async function systemCallsDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  // It begins when it is told to, which it acknowledges.
  const control = ['-D', '-1', '--control', 'fd:3,4'];
  const perf = spawn('perf', ['stat', '-x,', '-e', EVENT, '-p', String(pid), ...control], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, , , commands, acknowledgements] = perf.stdio as unknown as [
    null,
    null,
    Readable,
    Writable,
    Readable,
  ];
  let output = '';
  perf.stderr!.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    commands.write('enable\n');
    await Promise.race([once(acknowledgements, 'data'), once(perf, 'close')]);
    if (perf.exitCode === null) await work();
  } finally {
    if (perf.exitCode === null) {
      perf.kill('SIGINT'); // it prints what it has counted
      await once(perf, 'close');
    }
  }
  return readCount(output);
}

/** `COUNT,,raw_syscalls:sys_enter,...` */
export function readCount(output: string): number {
  const [, count] = new RegExp(`^(\\d+),[^,]*,${EVENT}\\b`, 'm').exec(output) ?? [];
  if (count === undefined) throw new Error(`perf stat printed something else than a count: ${output.trim()}`);
  return Number(count);
}
