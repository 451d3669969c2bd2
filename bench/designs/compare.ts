// compare.ts: `npm run design:compare -- [NAME...]`: what the designs cost and bear, as a table.

import { CannotRun } from '../cannot-run.js';
import { readCommandLine } from '../command-line.js';
import { killLoads } from '../measure/load.js';
import { pick, wholeNumber } from '../option-values.js';
import { ABSENT, formatFigure } from '../report/format.js';
import { type Cell, type Column, printRow } from '../report/table.js';
import { Terminal } from '../report/terminal.js';
import { whyUnavailable } from './availability.js';
import { type Compared, compareDesigns, endDesigns } from './comparison.js';
import type { Design } from './design.js';
import { DESIGNS } from './index.js';

const EXIT_CANNOT_RUN = 2;
const EXIT_INTERRUPTED = 130;
const PROGRAM = 'npm run design:compare';
const PLAN = { rounds: 3, seconds: 1 };
const MAX_ROUNDS = 100;
const MAX_SECONDS = 600;

const USAGE = `npm run design:compare -- [NAME...] [options]

  NAME...      which designs (default: all that can run here)
  --rounds N   of all of them in turn, each time in a fresh process (default ${String(PLAN.rounds)})
  --seconds N  length of each of the two runs under load (default ${String(PLAN.seconds)})`;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const terminal = new Terminal(process.stdout);
  if (options === undefined) {
    terminal.print(USAGE);
    return;
  }
  const here = options.designs.filter((design) => whyUnavailable(design) === null);
  const compared = await compareDesigns(here, options, (round, { name }) => {
    terminal.progress(`round ${String(round)} of ${String(options.rounds)} · ${name}`);
  });
  print(terminal, compared, options);
  const missing = options.designs.filter((design) => !here.includes(design));
  if (missing.length > 0) terminal.print();
  for (const design of missing)
    terminal.print(terminal.paint(`left out: ${design.name}: ${whyUnavailable(design)!}`, 'yellow'));
}

interface Options {
  readonly designs: readonly Design[];
  readonly rounds: number;
  readonly seconds: number;
}

/** Undefined: help was asked for. */
function readOptions(args: readonly string[]): Options | undefined {
  const { values, help, positionals } = readCommandLine(PROGRAM, args, {
    rounds: 'string',
    seconds: 'string',
  });
  if (help) return undefined;
  const named = positionals.length > 0 ? positionals.join(',') : undefined;
  return {
    designs: pick(PROGRAM, named, DESIGNS, ({ name }) => name),
    rounds: wholeNumber('--rounds', values.rounds, PLAN.rounds, MAX_ROUNDS),
    seconds: wholeNumber('--seconds', values.seconds, PLAN.seconds, MAX_SECONDS),
  };
}

const HEADS: readonly (readonly [first: string, second: string])[] = [
  ['', ''],
  ['req/s', ''],
  ['CPU', 'µs/req'],
  ['threads', ''],
  ['memory', 'MB'],
  ['p99', 'ms'],
  ['beside', 'slow, ms'],
];
const CELL_WIDTH = 11;

function print(terminal: Terminal, compared: readonly Compared[], { rounds, seconds }: Options): void {
  const names = Math.max(0, ...compared.map(({ design }) => design.name.length));
  const columns = HEADS.map((_, i): Column =>
    i === 0 ? { width: names, align: 'left' } : { width: CELL_WIDTH },
  );
  terminal.print(
    terminal.paint('GET / on 64 connections; beside slow: on 16, and 3 more ask for /sleep?ms=100', 'bold'),
  );
  for (const line of [0, 1] as const)
    printRow(
      terminal,
      columns,
      HEADS.map((head): Cell => ({ text: head[line], colours: ['dim'] })),
    );
  for (const item of compared) printRow(terminal, columns, cellsOf(item));
  for (const { design, problem } of compared)
    if (problem !== null) terminal.print(terminal.paint(`  ${design.name}: ${problem}`, 'yellow'));
  const plan = `${String(rounds)} ${rounds === 1 ? 'round' : 'rounds'} of ${String(seconds)} s`;
  terminal.print(terminal.paint(`  medians of ${plan}, designs in turn, client on the same machine`, 'dim'));
}

function cellsOf({ design, measured }: Compared): Cell[] {
  const figures =
    measured === null
      ? HEADS.slice(1).map(() => ABSENT)
      : [
          formatFigure('requestsPerSecond', measured.requestsPerSecond),
          formatFigure('serverCpu', measured.cpu),
          String(Math.round(measured.threads)),
          formatFigure('memory', measured.memory),
          formatFigure('p99', measured.p99),
          formatFigure('p99', measured.p99BesideSlow ?? undefined),
        ];
  return [design.name, ...figures].map((text) => ({ text }));
}

process.on('exit', () => {
  endDesigns();
  killLoads();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(EXIT_INTERRUPTED));

try {
  await main();
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  console.error(`design: ${error.message}.`);
  process.exitCode = EXIT_CANNOT_RUN;
}
