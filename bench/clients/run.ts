// run.ts: `npm run bench:clients`: whether the figures of `millrace load` agree with wrk's, and what each costs.

import { CannotRun } from '../cannot-run.js';
import { readCommandLine } from '../command-line.js';
import { medianOf } from '../statistics.js';
import { describeMachine } from '../measure/machine.js';
import { sendWith } from '../measure/load.js';
import { wrkVersion } from '../measure/wrk.js';
import { wholeNumber } from '../option-values.js';
import { type Cell, type Column, printRow } from '../report/table.js';
import { Terminal } from '../report/terminal.js';
import type { ClientFigures } from './client-run.js';
import {
  agreementOf,
  type ClientRounds,
  compareClients,
  endServer,
  type Plan,
  ratioOf,
} from './comparison.js';

const EXIT_MISSED = 1;
const EXIT_CANNOT_RUN = 2;
const EXIT_INTERRUPTED = 130;

const PROGRAM = 'npm run bench:clients';
const PLAN = { rounds: 7, seconds: 2, connections: 64, computeUs: 100 };
const MOST = { rounds: 1_000, seconds: 600, connections: 10_000, computeUs: 100_000 };

const USAGE = `${PROGRAM} -- [options]

  --rounds N       of both clients in turn (default ${String(PLAN.rounds)}; fewer than 5 prove little)
  --seconds N      length of each run (default ${String(PLAN.seconds)})
  --connections N  on each of which one request is under way (default ${String(PLAN.connections)})
  --compute-us N   microseconds of CPU that the server, a node:http, computes for each request (default ${String(PLAN.computeUs)});
                   with 0 the clients, not the server, may be what is measured

Needs wrk. Exit code: 0, 1 when a bound is missed, 2 when it cannot run.`;

/** What the two have to agree in, and what may not be dearer. */
const ROWS: readonly {
  readonly title: string;
  readonly figure: keyof ClientFigures;
  readonly digits: number;
  readonly bound?: { readonly least: number; readonly most: number; readonly text: string };
}[] = [
  {
    title: 'requests a second',
    figure: 'requestsPerSecond',
    digits: 0,
    bound: { least: 0.95, most: 1.05, text: '0.95 to 1.05' },
  },
  {
    title: 'client CPU a request, µs',
    figure: 'cpuPerRequest',
    digits: 2,
    bound: { least: 0, most: 1, text: 'at most 1' },
  },
  { title: 'latency p50, ms', figure: 'p50', digits: 2 },
  { title: 'latency p99, ms', figure: 'p99', digits: 2 },
];
const COLUMNS: readonly Column[] = [
  { width: 26, align: 'left' },
  { width: 14 },
  { width: 12 },
  { width: 9 },
  { width: 15 },
  { width: 15 },
  { width: 9 },
];

function readOptions(args: readonly string[]): Plan | undefined {
  const { values, help, positionals } = readCommandLine(PROGRAM, args, {
    rounds: 'string',
    seconds: 'string',
    connections: 'string',
    'compute-us': 'string',
  });
  if (help) return undefined;
  if (positionals.length > 0) throw new CannotRun(`it takes options only (${PROGRAM} -- --help)`);
  const computeUs = wholeNumber('--compute-us', values['compute-us'], PLAN.computeUs, MOST.computeUs, 0);
  return {
    rounds: wholeNumber('--rounds', values.rounds, PLAN.rounds, MOST.rounds),
    seconds: wholeNumber('--seconds', values.seconds, PLAN.seconds, MOST.seconds),
    connections: wholeNumber('--connections', values.connections, PLAN.connections, MOST.connections),
    computeMs: computeUs / 1_000,
  };
}

async function main(): Promise<number> {
  const plan = readOptions(process.argv.slice(2));
  if (plan === undefined) {
    console.log(USAGE);
    return 0;
  }
  wrkVersion();
  const terminal = new Terminal(process.stdout);
  const { rounds, seconds, connections, computeMs } = plan;
  const { cpu, cores, kernel, node, client, commit } = describeMachine(sendWith('millrace'));
  const title = `${client} against ${wrkVersion()}, one thread each`;
  terminal.print(terminal.paint(title, 'bold'));
  terminal.print(`${cpu}, ${String(cores)} cores · Linux ${kernel} · Node ${node} · commit ${commit}`);
  terminal.print(
    `${String(connections)} connections, a node:http that computes ${String(computeMs)} ms a request, ` +
      `${String(rounds)} ${rounds === 1 ? 'round' : 'rounds'} of ${String(seconds)} s, clients in turn`,
  );
  terminal.print();
  const measured = await compareClients(plan, (round, name) => {
    terminal.progress(`round ${String(round)} of ${String(rounds)} · ${name}`);
  });
  return report(terminal, measured) ? 0 : EXIT_MISSED;
}

/** False where a bound is missed. */
function report(terminal: Terminal, rounds: ClientRounds): boolean {
  const heads = ['', 'millrace load', 'wrk', 'ratio', 'spread', 'must be', ''];
  printRow(
    terminal,
    COLUMNS,
    heads.map((text): Cell => ({ text, colours: ['dim'] })),
  );
  let keeps = true;
  for (const { title, figure, digits, bound } of ROWS) {
    const ratio = ratioOf(rounds, figure);
    const agreement = bound && agreementOf(ratio, bound.least, bound.most);
    keeps &&= agreement !== 'misses';
    const medians = (['millrace load', 'wrk'] as const).map((name) =>
      medianOf(rounds[name].map((figures) => figures[figure])).toLocaleString('en', {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
    );
    const cells = [
      title,
      ...medians,
      ratio.median.toFixed(3),
      `${ratio.low.toFixed(3)}–${ratio.high.toFixed(3)}`,
      bound?.text ?? '',
    ];
    printRow(terminal, COLUMNS, [...cells.map((text) => ({ text })), { text: agreement ?? '' }]);
  }
  return keeps;
}

process.on('exit', endServer);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(EXIT_INTERRUPTED));

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  process.stderr.write(`millrace: ${error.message}.\n`);
  process.exitCode = EXIT_CANNOT_RUN;
}
