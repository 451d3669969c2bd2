// verdict-report.ts: the table of claims with what was measured and the verdict.

import type { Spread } from '../statistics.js';
import type { Judgement, Verdict } from '../verdict.js';
import { besideText, intervalText } from './claim-text.js';
import { ABSENT, formatFigure, formatRatio, formatRatioSpread, METRICS } from './format.js';
import { type Column, printRow } from './table.js';
import type { Colour, Terminal } from './terminal.js';

const COLUMNS: readonly Column[] = [
  { width: 49, align: 'left' },
  { width: 9 },
  { width: 13 },
  { width: 10 },
  { width: 8 },
  { width: 8 },
];

const COLOURS: Readonly<Record<Verdict, Colour>> = {
  goal: 'green',
  holds: 'green',
  misses: 'red',
  unclear: 'yellow',
};

const MEANINGS: Readonly<Record<Verdict, string>> = {
  goal: 'goal: bound and goal are kept',
  holds: 'holds: the bound is kept',
  misses: 'misses: it is not',
  unclear: 'unclear: see the reason',
};

export function reportVerdicts(terminal: Terminal, judgements: readonly Judgement[]): void {
  const heads = ['', 'measured', 'spread', 'bound', 'goal', 'verdict'];
  printRow(
    terminal,
    COLUMNS,
    heads.map((text) => ({ text, colours: ['dim'] })),
  );
  for (const judgement of judgements) reportVerdict(terminal, judgement);
  terminal.print();
  terminal.print(terminal.paint(`  ${Object.values(MEANINGS).join('; ')}`, 'dim'));
}

function reportVerdict(terminal: Terminal, judgement: Judgement): void {
  const { claim, spread, verdict, reason } = judgement;
  const comparison = claim.must === 'be at most' ? '≤' : '≥';
  printRow(terminal, COLUMNS, [
    { text: claim.label },
    { text: spread ? value(judgement, spread.median) : ABSENT },
    { text: spread ? range(judgement, spread) : '', colours: ['dim'] },
    { text: `${comparison} ${value(judgement, claim.bound)}` },
    { text: claim.goal === undefined ? '' : value(judgement, claim.goal), colours: ['dim'] },
    { text: verdict, colours: [COLOURS[verdict]] },
  ]);
  const note = (text: string): void => {
    terminal.print(terminal.paint(`    ${text}`, 'dim'));
  };
  if (reason !== undefined) note(reason);
  const between = intervalText(judgement);
  // Of few rounds the two are the same.
  if (spread && between !== range(judgement, spread)) note(`95 % by bootstrap: ${between}`);
  const told = besideText(judgement);
  if (told !== null) note(told);
}

function value({ claim }: Judgement, figure: number): string {
  return claim.reference
    ? formatRatio(figure)
    : formatFigure(claim.metric, figure) + METRICS[claim.metric].unit;
}

function range({ claim }: Judgement, spread: Spread): string {
  if (claim.reference) return formatRatioSpread(spread);
  return `${formatFigure(claim.metric, spread.low)}–${formatFigure(claim.metric, spread.high)}`;
}
