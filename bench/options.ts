// options.ts: the command line.

import { join } from 'node:path';
import { CannotRun } from './cannot-run.js';
import { type CommandLine, readCommandLine } from './command-line.js';
import { pick, unknownName, wholeNumber } from './option-values.js';
import { repository } from './paths.js';
import { type Client, CLIENTS } from './measure/load.js';
import {
  type Plan,
  type Scenario,
  SERVER_NAMES,
  type ServerName,
  type Suite,
  withoutRepetitions,
} from './scenario.js';

export interface Options {
  /** What was asked for, to be preferred to what a scenario takes by itself. */
  readonly plan: Partial<Plan>;
  readonly scenarios: readonly Scenario[];
  readonly servers: readonly ServerName[];
  readonly client: Client;
  /** Where the figures go as JSON; `-` is stdout, which then holds nothing else. */
  readonly json: string | null;
  /** The folder that gets the report. */
  readonly report: string;
  /** The command, as far as it decides what is measured: what the report says that it is of. */
  readonly asked: string;
  readonly help: boolean;
}

const PROGRAM = 'npm run bench';
const KINDS = {
  rounds: 'string',
  seconds: 'string',
  only: 'string',
  servers: 'string',
  client: 'string',
  json: 'string',
  report: 'string',
} as const;

/** All suites but the first one, which is made of the others. */
const EVERYTHING = 'full';
/** The committed report. Only whole suites go there by themselves. */
const REPORT_OF_SUITES = 'bench/report';
const REPORT_OF_PARTS = 'out/bench-report';

export const DEFAULT_PLAN: Plan = { rounds: 5, seconds: 3 };
const MAX_ROUNDS = 1_000;
const MAX_SECONDS = 600;

/** @throws CannotRun naming the option, the value and what it may be. */
export function readOptions(args: readonly string[], suites: readonly Suite[]): Options {
  const { values, help, positionals } = readCommandLine(PROGRAM, args, KINDS);
  const { rounds, seconds } = values;
  const isPart = values.only !== undefined || values.servers !== undefined;
  return {
    plan: {
      ...(rounds !== undefined && { rounds: wholeNumber('--rounds', rounds, 0, MAX_ROUNDS) }),
      ...(seconds !== undefined && { seconds: wholeNumber('--seconds', seconds, 0, MAX_SECONDS) }),
    },
    scenarios: scenariosOf(suites, positionals, values.only),
    servers: pick('--servers', values.servers, SERVER_NAMES, (name) => name),
    client: clientOf(values.client),
    json: values.json ?? null,
    report: values.report ?? join(repository, isPart ? REPORT_OF_PARTS : REPORT_OF_SUITES),
    asked: asked(positionals, values),
    help,
  };
}

/** Without the places where figures go: they are nobody else's business. */
function asked(positionals: readonly string[], values: CommandLine<typeof KINDS>['values']): string {
  const deciding = ['only', 'servers', 'rounds', 'seconds', 'client'] as const;
  const options = deciding.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [`--${name} ${value}`];
  });
  const isFull = positionals.length === 1 && positionals[0] === EVERYTHING;
  const rest = [...(isFull ? [] : positionals), ...options];
  return [`npm run bench${isFull ? ':full' : ''}`, ...(rest.length > 0 ? ['--', ...rest] : [])].join(' ');
}

function clientOf(name: string = CLIENTS[0]): Client {
  const client = CLIENTS.find((known) => known === name);
  if (client === undefined) throw unknownName('--client', name, CLIENTS);
  return client;
}

/** The first one where none is named. It is made of the others, and `full` is all of these: both go alone. */
function suitesNamed(suites: readonly Suite[], named: readonly string[]): readonly Suite[] {
  if (named.length === 0) return suites.slice(0, 1);
  const [quick, ...others] = suites;
  const names = [...suites.map(({ name }) => name), EVERYTHING];
  for (const name of named) {
    const isScenario = suites.some(({ scenarios }) => scenarios.some((scenario) => scenario.name === name));
    if (isScenario && !names.includes(name))
      throw new CannotRun(`${name} is a scenario, not a suite: ${PROGRAM} -- --only ${name}`);
    if (!names.includes(name)) throw unknownName(PROGRAM, name, names);
  }
  const alone = named.find((name) => name === EVERYTHING || name === quick?.name);
  if (alone !== undefined && new Set(named).size > 1) {
    const why = alone === EVERYTHING ? 'is all the others' : 'is made of scenarios of the others';
    throw new CannotRun(
      `the suite ${alone} ${why} and goes alone, not with ${named.filter((name) => name !== alone).join(' and ')}`,
    );
  }
  return named.includes(EVERYTHING) ? others : suites.filter(({ name }) => named.includes(name));
}

/** Names of scenarios alone are enough, whatever suite they are in. */
function scenariosOf(
  suites: readonly Suite[],
  positionals: readonly string[],
  only: string | undefined,
): readonly Scenario[] {
  const everywhere = positionals.length === 0 && only !== undefined;
  const scenarios = (everywhere ? suites : suitesNamed(suites, positionals)).flatMap(
    (suite) => suite.scenarios,
  );
  return pick('--only', only, withoutRepetitions(scenarios), ({ name }) => name);
}

export function usage(suites: readonly Suite[]): string {
  const width = Math.max(...suites.flatMap(({ scenarios }) => scenarios.map(({ name }) => name.length)));
  const { rounds, seconds } = DEFAULT_PLAN;
  const names = [...suites.map(({ name }) => name), EVERYTHING];
  return [
    `${PROGRAM} -- [SUITE...] [options]`,
    '',
    `  ${names.join(', ')}  which suites (default ${names[0]}); ${EVERYTHING}: all of them`,
    `  --rounds N       rounds of every scenario, servers in turn (default ${rounds}; fewer give no verdict)`,
    `  --seconds N      length of one measured run (default ${seconds}, or as the scenario says)`,
    '  --only A,B       only these scenarios',
    `  --servers A,B    only these of ${SERVER_NAMES.join(', ')}`,
    `  --client NAME    what sends the requests: ${CLIENTS.join(' or ')} (default ${CLIENTS[0]})`,
    '  --json FILE      all figures of all rounds as JSON; - for stdout',
    `  --report FOLDER  gets index.html, summary.md and figures.json (default ${REPORT_OF_SUITES}, or`,
    `                   ${REPORT_OF_PARTS} with --only or --servers)`,
    '',
    ...suites.flatMap(({ name: suite, title: about, scenarios }) => [
      `${suite}: ${about}`,
      ...scenarios.map(({ name, title, preset }) => `  ${name.padEnd(width)}  ${title}${showPreset(preset)}`),
      '',
    ]),
    'Exit code: 0, 1 when a figure misses its bound or a server failed, 2 when the bench cannot run.',
  ].join('\n');
}

function showPreset(preset: Partial<Plan> | undefined): string {
  if (!preset) return '';
  const { rounds, seconds } = { ...DEFAULT_PLAN, ...preset };
  return ` (${showPlan({ rounds, seconds })})`;
}

export function showPlan({ rounds, seconds }: Plan): string {
  return `${rounds === 1 ? '1 round' : `${rounds} rounds`} of ${seconds} s`;
}
