// claim-text.ts: a judgement in words: what was measured, where it lies, what it must be.

import type { Interval } from '../statistics.js';
import type { Judgement } from '../verdict.js';
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

/** The bootstrap's interval; where the worst round counts, all rounds. */
export function intervalText(judgement: Judgement): string {
  const { claim, spread, interval } = judgement;
  if (!spread) return '';
  const { low, high }: Interval = interval ?? spread;
  if (claim.reference) return formatRatioSpread({ median: spread.median, low, high });
  return `${formatFigure(claim.metric, low)}–${formatFigure(claim.metric, high)}`;
}

export function boundText(judgement: Judgement): string {
  const { must, bound } = judgement.claim;
  return `${must === 'be at most' ? '≤' : '≥'} ${figureText(judgement, bound)}`;
}
