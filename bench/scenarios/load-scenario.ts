// load-scenario.ts: what scenarios that saturate a server have in common.

import { countSystemCalls, measureUnderLoad, warmUp } from '../measure/load-run.js';
import type { AnyLoad } from '../measure/load.js';
import type { Metric, Scenario } from '../scenario.js';

const COLUMNS: readonly Metric[] = ['requestsPerSecond', 'serverCpu', 'jsCpu', 'p50', 'p99', 'memory'];

export function loadScenario(
  parts: Omit<Scenario, 'columns' | 'measure'> & {
    readonly load: AnyLoad;
    readonly columns?: readonly Metric[];
  },
): Scenario {
  const { load } = parts;
  return {
    columns: COLUMNS,
    ...parts,
    async measure(server, { seconds }, round) {
      await warmUp(server, load);
      const sample = await measureUnderLoad(server, load, seconds);
      if (round > 1) return sample;
      return { ...sample, values: { ...sample.values, ...(await countSystemCalls(server, load)) } };
    },
  };
}
