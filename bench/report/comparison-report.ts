// comparison-report.ts: what has become better or worse since the baseline, as a table.

import type { Baseline, Change, Comparison } from '../baseline.js';
import type { Machine } from '../measure/machine.js';
import { formatRatioAlone, formatRatioSpread, formatServer, METRICS } from './format.js';
import { type Column, printRow } from './table.js';
import type { Colour, Terminal } from './terminal.js';

const COLUMNS: readonly Column[] = [
  { width: 18, align: 'left' },
  { width: 40, align: 'left' },
  { width: 22 },
  { width: 22 },
  { width: 9 },
];

const COLOURS: Readonly<Record<Change, Colour>> = {
  better: 'green',
  worse: 'red',
  same: 'dim',
  unclear: 'yellow',
};

/** What has changed comes with their figures; what stayed as it was is only counted. */
export function reportComparison(
  terminal: Terminal,
  baseline: Baseline,
  machine: Machine,
  comparisons: readonly Comparison[],
): void {
  terminal.print(
    `baseline: commit ${baseline.commit} · ${baseline.date} · ${baseline.machine} · Node ${baseline.node}`,
  );
  terminal.print(
    `now:      commit ${machine.commit} · ${machine.date} · ${machine.cpu}, ${machine.cores} cores · Node ${machine.node}`,
  );
  terminal.print();
  const changed = comparisons.filter(({ change }) => change !== 'same');
  if (changed.length > 0) {
    const heads = ['scenario', 'ratio', 'then', 'now', ''];
    printRow(
      terminal,
      COLUMNS,
      heads.map((text) => ({ text, colours: ['dim'] })),
    );
  }
  for (const { then, now, change, reason } of changed) {
    printRow(terminal, COLUMNS, [
      { text: now.scenario },
      { text: `${METRICS[now.metric].title} / ${formatServer(now.reference)}` },
      { text: text(then) },
      { text: text(now) },
      { text: change, colours: [COLOURS[change]] },
    ]);
    if (reason !== undefined) terminal.print(terminal.paint(`    ${reason}`, 'dim'));
  }
  const count = (wanted: Change): number => comparisons.filter(({ change }) => change === wanted).length;
  terminal.print(
    `${comparisons.length} ratios compared: ${count('worse')} worse, ${count('better')} better, ${count('unclear')} unclear, ${count('same')} as they were`,
  );
}

function text({ median, low, high }: Comparison['now']): string {
  return `${formatRatioAlone(median)} (${formatRatioSpread({ median, low, high })})`;
}
