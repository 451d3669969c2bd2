// made-up-figures.ts: figures of runs that have not been: for all scenarios that there are, or for one claim.

import { type Figures, figuresOf, type Result, resultOf } from '../../bench/figures.js';
import { randomFrom } from '../../bench/load/random.js';
import type { Machine } from '../../bench/measure/machine.js';
import type { Metric, Occupation, Sample, Scenario, ServerName } from '../../bench/scenario.js';
import { SUITES } from '../../bench/scenarios/index.js';
import type { Rounds } from '../../bench/verdict.js';

export const MACHINE: Machine = {
  cpu: 'Analytical Engine',
  cores: 2,
  architecture: 'x64',
  memoryBytes: 4 * 1024 ** 3,
  kernel: '6.1.0',
  node: 'v20.19.0',
  client: 'millrace load 0.1.0',
  compiler: 'g++ 12',
  commit: 'abcdef0',
  date: '2026-01-02',
  load: 0.1,
};

/** Nobody in anybody's way. */
export const AT_EASE: Occupation = { server: 0.9, client: 0.8, others: 0 };

export const ALL_SCENARIOS: readonly Scenario[] = SUITES.slice(1).flatMap(({ scenarios }) => scenarios);

/** Beside its columns what every run under load tells. */
const UNDER_LOAD: readonly Metric[] = ['userCpu', 'systemCpu', 'p90', 'p999', 'waits', 'preemptions'];

export function samplesOf(
  metric: Metric,
  values: readonly number[],
  occupation: Occupation = AT_EASE,
): Sample[] {
  return values.map((value) => ({ values: { [metric]: value }, occupation }));
}

/** Five rounds of every scenario. */
export function figuresOfAll(): Figures {
  const random = randomFrom(7);
  const value = (metric: Metric): number =>
    (metric === 'requestsPerSecond' ? 1e5 : metric === 'memory' ? 60 : 5) * (0.5 + 3 * random());
  const results = ALL_SCENARIOS.map((scenario) => {
    const metrics = [...scenario.columns, ...(scenario.columns.includes('p99') ? UNDER_LOAD : [])];
    const sample = (): Sample => ({
      values: Object.fromEntries(metrics.map((metric) => [metric, value(metric)])),
      occupation: AT_EASE,
    });
    const rounds = Object.fromEntries(
      scenario.servers.map((name) => [name, Array.from({ length: 5 }, sample)]),
    );
    return resultOf(scenario, { rounds: 5, seconds: 1 }, rounds, []);
  });
  return figuresOf('npm run bench', MACHINE, results);
}

/** Of one scenario with one ratio, to node:http. */
export function figuresOfOne(
  metric: Metric,
  ours: readonly Sample[],
  theirs: readonly Sample[],
  texts: Partial<Pick<Result, 'title' | 'failure'>> = {},
): Figures {
  const servers: ServerName[] = ['millrace', 'node-http'];
  const rounds: Rounds = { millrace: ours, 'node-http': theirs };
  const [hello] = ALL_SCENARIOS;
  const scenario: Scenario = {
    ...hello!,
    name: 'one',
    title: 'made up',
    columns: [metric],
    claims: [],
    servers,
  };
  const result = resultOf(scenario, { rounds: ours.length, seconds: 1 }, rounds, []);
  return figuresOf('npm run bench', MACHINE, [{ ...result, ...texts }]);
}
