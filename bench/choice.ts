// choice.ts: what is left to measure: the scenarios that were asked for, with the servers that were asked for and are here.

import { CannotRun } from './cannot-run.js';
import { whyMissing } from './measure/installed.js';
import type { Scenario, ServerName } from './scenario.js';

export interface Choice {
  /** With the servers that can be measured: at least one. */
  readonly scenario: Scenario;
  /** Why the others cannot be. */
  readonly missing: readonly string[];
}

/**
 * @param whyNot - Why a server is not here; null where it is.
 * @throws CannotRun when nothing is left.
 */
export function chooseScenarios(
  scenarios: readonly Scenario[],
  servers: readonly ServerName[],
  whyNot: (server: ServerName) => string | null = whyMissing,
): readonly Choice[] {
  const wanted = scenarios
    .map((scenario) => ({ ...scenario, servers: scenario.servers.filter((name) => servers.includes(name)) }))
    .filter((scenario) => scenario.servers.length > 0);
  if (wanted.length === 0) throw new CannotRun(whyNoneHas(servers, scenarios));
  const choices = wanted.map((scenario) => ({
    scenario: { ...scenario, servers: scenario.servers.filter((name) => whyNot(name) === null) },
    missing: scenario.servers.flatMap((name) => whyNot(name) ?? []),
  }));
  const possible = choices.filter(({ scenario }) => scenario.servers.length > 0);
  if (possible.length > 0) return possible;
  const reasons = new Set(choices.flatMap(({ missing }) => missing));
  throw new CannotRun(`nothing is left to measure: ${[...reasons].join('; ')}`);
}

function whyNoneHas(servers: readonly ServerName[], scenarios: readonly Scenario[]): string {
  const [only] = scenarios;
  if (scenarios.length === 1 && only !== undefined)
    return `nothing is left to measure: ${only.name} has no ${servers.join(', ')}; it has ${only.servers.join(', ')}`;
  const there = new Set(scenarios.flatMap((scenario) => scenario.servers));
  return `nothing is left to measure: none of these scenarios has ${servers.join(', ')}; they have ${[...there].join(', ')}`;
}
