// claim-text.ts: a judgement in words: what was measured, where it lies, what it must be.

import type { Claim } from '../scenario.js';
import type { Interval } from '../statistics.js';
import type { Judgement, Verdict } from '../verdict.js';
import { ABSENT, formatFigure, formatRatioAlone, formatRatioSpread, METRICS } from './format.js';

/** A ratio as it is, anything else with its unit. */
export function figureText({ claim }: Judgement, figure: number): string {
  return claim.reference
    ? formatRatioAlone(figure)
    : formatFigure(claim.metric, figure) + METRICS[claim.metric].unit;
}

export function measuredText(judgement: Judgement): string {
  return judgement.spread ? figureText(judgement, judgement.spread.median) : ABSENT;
}

const WOULD: Readonly<Record<Verdict, string>> = {
  goal: 'keeps it',
  holds: 'keeps it',
  misses: 'misses it as well',
  unclear: 'has it within its spread',
};

/** What the server beside would be told; null where the claim names none. */
export function besideText({ claim, beside }: Judgement): string | null {
  if (beside === undefined) return null;
  const [figure, range] = claim.reference
    ? [formatRatioAlone(beside.spread.median), formatRatioSpread(beside.spread)]
    : [formatFigure(claim.metric, beside.spread.median), rangeOf(claim, beside.spread)];
  return `the ${claim.beside} ${WOULD[beside.verdict]}: ${figure} (${range})`;
}

/** The bootstrap's interval; where the worst round counts, all rounds. */
export function intervalText(judgement: Judgement): string {
  const { claim, spread, interval } = judgement;
  if (!spread) return '';
  const { low, high }: Interval = interval ?? spread;
  if (claim.reference) return formatRatioSpread({ median: spread.median, low, high });
  return rangeOf(claim, { low, high });
}

function rangeOf({ metric }: Claim, { low, high }: Interval): string {
  return `${formatFigure(metric, low)}–${formatFigure(metric, high)}`;
}

export function boundText(judgement: Judgement): string {
  const { must, bound } = judgement.claim;
  return `${must === 'be at most' ? '≤' : '≥'} ${figureText(judgement, bound)}`;
}
