// load-scenario.ts: what scenarios that saturate a server have in common.

import { measureUnderLoad, warmUp } from '../measure/load-run.js';
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
    async measure(server, { seconds }) {
      await warmUp(server, load);
      return measureUnderLoad(server, load, seconds);
    },
  };
}
