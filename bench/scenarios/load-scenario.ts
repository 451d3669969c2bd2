// load-scenario.ts: what scenarios that saturate a server have in common.

import { countSystemCalls, measureUnderLoad, warmUp } from '../measure/load-run.js';
import type { AnyLoad } from '../measure/load.js';
import { withLoopDelay } from '../measure/loop-delay.js';
import type { ServerProcess } from '../measure/server-process.js';
import type { Metric, Sample, Scenario } from '../scenario.js';

/** Those of scenarios in which JavaScript answers, in the main thread. */
const COLUMNS: readonly Metric[] = [
  'requestsPerSecond',
  'serverCpu',
  'jsCpu',
  'loopDelay',
  'p50',
  'p99',
  'memory',
];

export function loadScenario(
  parts: Omit<Scenario, 'columns' | 'measure'> & {
    readonly load: AnyLoad;
    readonly columns?: readonly Metric[];
  },
): Scenario {
  const { load, columns = COLUMNS } = parts;
  const run = columns.includes('loopDelay') ? withLoopDelay : unwatched;
  return {
    ...parts,
    columns,
    async measure(server, { seconds }, round) {
      await warmUp(server, load);
      const sample = await run(server, () => measureUnderLoad(server, load, seconds));
      if (round > 1) return sample;
      return { ...sample, values: { ...sample.values, ...(await countSystemCalls(server, load)) } };
    },
  };
}

function unwatched(_server: ServerProcess, measure: () => Promise<Sample>): Promise<Sample> {
  return measure();
}
