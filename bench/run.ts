// run.ts: `npm run bench`: measures the scenarios, prints what came out, and judges it.

import { writeFileSync } from 'node:fs';
import { CannotRun } from './cannot-run.js';
import { describeMachine } from './measure/machine.js';
import { killClients } from './measure/client-process.js';
import { killServers } from './measure/server-process.js';
import { killWrk } from './measure/wrk.js';
import { DEFAULT_PLAN, type Options, readOptions, showPlan, usage } from './options.js';
import { reportMachine } from './report/machine-report.js';
import { reportScenario } from './report/scenario-report.js';
import { Terminal } from './report/terminal.js';
import { reportVerdicts } from './report/verdict-report.js';
import { prepare, runRounds } from './rounds.js';
import { type Plan, type Scenario, SUBJECT } from './scenario.js';
import { SUITES } from './scenarios/index.js';
import { judge, type Judgement, type Rounds } from './verdict.js';

const EXIT_MISSED = 1;
const EXIT_CANNOT_RUN = 2;
const EXIT_INTERRUPTED = 130;

interface Result {
  readonly scenario: string;
  readonly title: string;
  readonly plan: Plan;
  /** What was found out before the first round. */
  readonly prepared?: string;
  readonly rounds: Rounds;
  readonly judgements: readonly Judgement[];
  readonly failure?: string;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), SUITES);
  if (options.help) {
    console.log(usage(SUITES));
    return 0;
  }
  const machine = describeMachine();
  const terminal = new Terminal(options.json === '-' ? process.stderr : process.stdout);
  reportMachine(terminal, machine, options);

  const results: Result[] = [];
  for (const scenario of scenariosOf(options)) results.push(await runScenario(terminal, scenario, options));

  const judgements = results.flatMap((result) => result.judgements);
  if (options.servers.includes(SUBJECT)) reportVerdicts(terminal, judgements);
  if (options.json !== null) writeJson(options.json, { machine, ...DEFAULT_PLAN, ...options.plan, results });
  const failed = results.some(({ failure }) => failure !== undefined);
  return failed || judgements.some(({ verdict }) => verdict === 'misses') ? EXIT_MISSED : 0;
}

function scenariosOf({ scenarios, servers }: Options): Scenario[] {
  return scenarios
    .map((scenario) => ({ ...scenario, servers: scenario.servers.filter((name) => servers.includes(name)) }))
    .filter((scenario) => scenario.servers.length > 0);
}

/** A server that fails costs its scenario, not the ones that follow. */
async function runScenario(terminal: Terminal, scenario: Scenario, options: Options): Promise<Result> {
  const { name, title, claims, preset } = scenario;
  const plan = { ...DEFAULT_PLAN, ...preset, ...options.plan };
  try {
    if (scenario.prepare) terminal.progress(`${name} · preparing`);
    const prepared = await prepare(scenario, plan);
    const rounds = await runRounds(scenario, plan, (round, server) => {
      terminal.progress(`${name} · round ${round} of ${plan.rounds} · ${server}`);
    });
    const notes = [...(preset ? [showPlan(plan)] : []), ...(prepared !== null ? [prepared] : [])];
    reportScenario(terminal, scenario, rounds, notes);
    return {
      scenario: name,
      title,
      plan,
      ...(prepared !== null && { prepared }),
      rounds,
      judgements: claims.map((claim) => judge(claim, rounds)),
    };
  } catch (error) {
    if (error instanceof CannotRun) throw error;
    const failure = (error as Error).message;
    terminal.print(terminal.paint(failure, 'red'));
    terminal.print();
    return {
      scenario: name,
      title,
      plan,
      rounds: {},
      judgements: claims.map((claim) => judge(claim, {})),
      failure,
    };
  }
}

function writeJson(file: string, report: unknown): void {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text);
}

function killChildren(): void {
  killServers();
  killWrk();
  killClients();
}

process.on('exit', killChildren);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(EXIT_INTERRUPTED));

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  process.stderr.write(`millrace: ${error.message}.\n`);
  process.exitCode = EXIT_CANNOT_RUN;
}
