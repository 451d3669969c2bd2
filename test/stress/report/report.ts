// report.ts: what is printed: the line on top, the progress, and the tables at the end.

import { availableParallelism, cpus, release } from 'node:os';

import { type Column, printRow } from '../../../bench/report/table.js';
import type { Colour, Terminal } from '../../../bench/report/terminal.js';
import type { Tally } from '../clients/tally.js';
import type { StressOptions } from '../options.js';
import { MOST_GROWTH_BYTES, type Outcome } from '../stress-run.js';
import type { Holdings } from '../subject/subject-process.js';

const MIB = 1024 * 1024;

/** Names, figures, remarks. */
const COLUMNS: readonly Column[] = [
  { width: 24, align: 'left' },
  { width: 12 },
  { width: 2 },
  { width: 0, align: 'left' },
];
const HOLDINGS: readonly Column[] = [
  { width: 24, align: 'left' },
  { width: 12 },
  { width: 12 },
  { width: 2 },
  { width: 0, align: 'left' },
];

export function reportBeginning(terminal: Terminal, options: StressOptions): void {
  const { seed, reactors, requests, faults, kinds } = options;
  const [processor] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  terminal.print(`${terminal.paint('millrace stress', 'bold')} · seed ${seed} · ${date}`);
  terminal.print(
    `${processor?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores · ` +
      `Linux ${release()} · Node ${process.version} · ${counted(reactors, 'reactor')}`,
  );
  terminal.print(
    `at least ${figure(requests)} requests, and ${counted(faults, 'fault')} of each of ${counted(kinds.length, 'kind')}`,
  );
  terminal.print();
}

export function reportProgress(
  terminal: Terminal,
  options: StressOptions,
  tally: Tally,
  seconds: number,
): void {
  const injected = [...tally.faults.values()].reduce((sum, count) => sum + count, 0);
  terminal.progress(
    [
      `${seconds.toFixed(0)} s`,
      `${figure(tally.requests)} requests`,
      `${figure(injected)} of ${figure(options.faults * options.kinds.length)} faults`,
      `${figure(tally.lost)} lost`,
      `${figure(tally.wrong)} wrong`,
    ].join(' · '),
  );
}

export function reportOutcome(
  terminal: Terminal,
  options: StressOptions,
  outcome: Outcome,
  failures: readonly string[],
): void {
  const { tally, warmUp, before, after, seconds } = outcome;
  const row = (name: string, value: number, remark = '', bad = false): void => {
    printRow(terminal, COLUMNS, [
      { text: name },
      { text: figure(value), colours: bad ? ['red', 'bold'] : [] },
      { text: '' },
      { text: remark, colours: ['dim'] },
    ]);
  };
  for (const { name, does } of options.kinds) row(name, tally.faults.get(name) ?? 0, does);
  terminal.print();

  const [lost, wrong, others] = [
    tally.lost + warmUp.lost,
    tally.wrong + warmUp.wrong,
    tally.others + warmUp.others,
  ];
  row('connections', tally.connections, 'of all clients');
  row('requests', tally.requests, 'of well-behaved clients, each answered rightly');
  row('asked again', tally.askedAgain, 'their server had closed before it had them');
  row('lost answers', lost, '', lost > 0);
  row('wrong answers', wrong, 'wrong, doubled, or out of order', wrong > 0);
  if (others > 0) row('other failures', others, '', true);
  terminal.print();

  reportHoldings(terminal, before, after);
  terminal.print();
  for (const failure of failures) terminal.print(terminal.paint(`  ${failure}`, 'red'));
  const [word, colour]: [string, Colour] = failures.length === 0 ? ['passed', 'green'] : ['failed', 'red'];
  terminal.print(`  ${terminal.paint(word, colour)} in ${seconds.toFixed(0)} s`);
}

function reportHoldings(terminal: Terminal, before: Holdings, after: Holdings): void {
  const row = (...[name, first, second, remark]: readonly [string, string, string, string]): void => {
    printRow(terminal, HOLDINGS, [
      { text: name },
      { text: first },
      { text: second },
      { text: '' },
      { text: remark, colours: ['dim'] },
    ]);
  };
  const grown = after.residentBytes - before.residentBytes;
  printRow(
    terminal,
    HOLDINGS,
    ['of the server', 'before', 'after'].map((text) => ({ text, colours: ['dim'] })),
  );
  row('descriptors', figure(before.descriptors.length), figure(after.descriptors.length), '');
  row(
    'resident memory',
    mib(before.residentBytes),
    mib(after.residentBytes),
    `${grown < 0 ? '−' : '+'}${mib(Math.abs(grown))}, at most ${mib(MOST_GROWTH_BYTES)}; ${mib(after.peakBytes)} at its peak`,
  );
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

function figure(value: number): string {
  return value.toLocaleString('en');
}

function counted(count: number, what: string): string {
  return `${figure(count)} ${what}${count === 1 ? '' : 's'}`;
}
