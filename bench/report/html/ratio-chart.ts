// ratio-chart.ts: ratios as dots on a line, with their intervals, and the bounds they must keep.

import type { Ratio, Result } from '../../figures.js';
import type { Claim, Metric } from '../../scenario.js';
import { formatRatioAlone, formatRatioSpread, formatServer, METRICS } from '../format.js';
import { axis, chart } from './chart.js';
import { html, type Markup } from './markup.js';
import { scaleOfRatios } from './scale.js';

/** Drawn without a claim as well. */
const ALWAYS: readonly Metric[] = ['requestsPerSecond', 'serverCpu', 'jsCpu'];
const ROW = 40;
const TOP = 6;

/** Null where the scenario has no ratios. */
export function ratioChart({ scenario, ratios, judgements }: Result): Markup | null {
  const claims = judgements.map(({ claim }) => claim);
  const claimOf = ({ metric, reference }: Ratio): Claim | undefined =>
    claims.find((claim) => claim.metric === metric && claim.reference === reference);
  const rows = ratios.filter((ratio) => ALWAYS.includes(ratio.metric) || claimOf(ratio));
  if (rows.length === 0) return null;
  const bounds = rows.flatMap((row) => claimOf(row)?.bound ?? []);
  const scale = scaleOfRatios([
    ...rows.flatMap(({ interval, median }) => [interval.low, median, interval.high]),
    ...bounds,
  ]);
  const bottom = TOP + rows.length * ROW;
  return chart(
    'Ratios',
    `${scenario}: ${rows.map((row) => `${labelOf(row)} ${valueOf(row)}`).join(', ')}`,
    bottom + 18,
    [
      axis(scale, TOP, bottom, (tick) => (tick < 1 ? `1/${1 / tick}` : String(tick)), 1),
      rows.map((row, i) => rowOf(row, claimOf(row), TOP + i * ROW, scale.at)),
    ],
    [
      { colour: 'dot', text: 'median, 95 % interval' },
      ...(bounds.length > 0 ? [{ colour: 'bound', text: 'bound, and which side keeps it' }] : []),
    ],
  );
}

function rowOf(ratio: Ratio, claim: Claim | undefined, y: number, at: (value: number) => number): Markup {
  const line = y + 26;
  const { low, high } = ratio.interval;
  return html`<text x="0" y="${y + 12}">${labelOf(ratio)}</text
    ><text class="value" x="340" y="${y + 12}">${valueOf(ratio)}</text>
    ${claim ? boundMark(claim, at(claim.bound), line) : null}<path
      class="interval"
      d="M${at(low)} ${line}H${at(high) + 0.01}"
    /><circle class="dot" cx="${at(ratio.median)}" cy="${line}" r="4.5" /> `;
}

/** A line with a small arrow to the side that keeps it. */
function boundMark({ must }: Claim, x: number, y: number): Markup {
  const side = must === 'be at most' ? -1 : 1;
  return html`<path
    class="bound"
    d="M${x} ${y - 9}V${y + 9}M${x} ${y + 9}h${side * 8}m${side * -4} -3l${side * 4} 3l${side * -4} 3"
  /> `;
}

function labelOf({ metric, reference }: Ratio): string {
  return `${METRICS[metric].title.replace(' a request', '')} / ${formatServer(reference)}`;
}

function valueOf({ median, interval }: Ratio): string {
  return `${formatRatioAlone(median)} (${formatRatioSpread({ median, ...interval })})`;
}
