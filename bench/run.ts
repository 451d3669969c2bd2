// run.ts: `npm run bench`: measures the scenarios, prints what came out, and judges it.

import { CannotRun } from './cannot-run.js';
import { type Choice, chooseScenarios } from './choice.js';
import { type Figures, figuresOf, formatFigures, type Result, resultOf } from './figures.js';
import { describeMachine } from './measure/machine.js';
import { killClients } from './measure/client-process.js';
import { killLoads, sendWith } from './measure/load.js';
import { killServers } from './measure/server-process.js';
import { DEFAULT_PLAN, type Options, readOptions, showPlan, usage } from './options.js';
import { checkDestinations, writeText } from './report/destinations.js';
import { reportMachine } from './report/machine-report.js';
import { reportScenario } from './report/scenario-report.js';
import { Terminal } from './report/terminal.js';
import { reportVerdicts } from './report/verdict-report.js';
import { writeReport } from './report/write-report.js';
import { prepare, runRounds } from './rounds.js';
import { SUBJECT } from './scenario.js';
import { SUITES } from './scenarios/index.js';

const EXIT_MISSED = 1;
const EXIT_CANNOT_RUN = 2;
const EXIT_INTERRUPTED = 130;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), SUITES);
  if (options.help) {
    console.log(usage(SUITES));
    return 0;
  }
  checkDestinations(options);
  const terminal = new Terminal(options.json === '-' ? process.stderr : process.stdout);
  terminal.progress('looking for the servers ...'); // some are fetched
  const choices = chooseScenarios(options.scenarios, options.servers);
  const machine = describeMachine(sendWith(options.client));
  reportMachine(terminal, machine, options);

  const results: Result[] = [];
  for (const choice of choices) results.push(await runScenario(terminal, choice, options));

  const judgements = results.flatMap((result) => result.judgements);
  if (options.servers.includes(SUBJECT)) reportVerdicts(terminal, judgements);
  const figures = figuresOf(options.asked, machine, results);
  try {
    terminal.print(`report: ${writeReport(options.report, figures)}`);
  } finally {
    // Each of the two is written, whatever becomes of the other one.
    writeJson(options.json, figures);
  }
  const failed = results.some(({ failure }) => failure !== undefined);
  return failed || judgements.some(({ verdict }) => verdict === 'misses') ? EXIT_MISSED : 0;
}

function writeJson(json: string | null, figures: Figures): void {
  const text = formatFigures(figures);
  if (json === '-') process.stdout.write(text);
  else if (json !== null) writeText(json, text);
}

/** A server that fails costs its scenario, and one that is not here only itself, but not the ones that follow. */
async function runScenario(
  terminal: Terminal,
  { scenario, missing }: Choice,
  options: Options,
): Promise<Result> {
  const { name, preset } = scenario;
  const plan = { ...DEFAULT_PLAN, ...preset, ...options.plan };
  const notes = missing.map((why) => `left out: ${why}`);
  try {
    if (scenario.prepare) terminal.progress(`${name} · preparing`);
    const prepared = await prepare(scenario, plan);
    if (prepared !== null) notes.push(prepared);
    const rounds = await runRounds(scenario, plan, (round, server) => {
      terminal.progress(`${name} · round ${round} of ${plan.rounds} · ${server}`);
    });
    reportScenario(terminal, scenario, rounds, [...(preset ? [showPlan(plan)] : []), ...notes]);
    return resultOf(scenario, plan, rounds, notes);
  } catch (error) {
    if (error instanceof CannotRun) throw error;
    const failure = (error as Error).message;
    terminal.print(terminal.paint(failure, 'red'));
    terminal.print();
    return resultOf(scenario, plan, {}, notes, failure);
  }
}

function killChildren(): void {
  killServers();
  killLoads();
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
