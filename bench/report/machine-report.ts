// machine-report.ts: the lines on top: the machine, the versions, the commit, and what is about to be done.

import { iterationsPerMs } from '../measure/calibration.js';
import type { Machine } from '../measure/machine.js';
import { DEFAULT_PLAN, type Options, showPlan } from '../options.js';
import type { Terminal } from './terminal.js';

const BYTES_PER_GIB = 1024 ** 3;

export function reportMachine(terminal: Terminal, machine: Machine, options: Options): void {
  const { cpu, cores, architecture, kernel, node, client, compiler, commit, date, load } = machine;
  const memory = `${(machine.memoryBytes / BYTES_PER_GIB).toFixed(1)} GiB`;
  terminal.print(`${terminal.paint('millrace bench', 'bold')} · commit ${commit} · ${date}`);
  terminal.print(
    `${cpu}, ${cores} cores, ${memory} · Linux ${kernel} ${architecture} · load ${load.toFixed(2)}`,
  );
  terminal.print(`Node ${node} · ${client} · ${compiler}`);
  const runs = showPlans(options);
  terminal.print(`${runs}, servers in turn, each in a fresh process, one second of warm-up`);
  if (
    options.scenarios.some(({ application }) => typeof application !== 'string' && 'threads' in application)
  )
    terminal.print(`1 ms of CPU: ${iterationsPerMs().toLocaleString('en')} iterations`);
  if (load > cores / 4)
    terminal.print(terminal.paint('this machine is doing something else: expect a wide spread', 'yellow'));
  terminal.print();
}

/** What most scenarios take; those that take something else say so themselves. */
function showPlans({ scenarios, plan }: Options): string {
  const plans = scenarios.map(({ preset }) => showPlan({ ...DEFAULT_PLAN, ...preset, ...plan }));
  const [first, ...others] = new Set(plans);
  return first !== undefined && others.length === 0 ? first : showPlan({ ...DEFAULT_PLAN, ...plan });
}
