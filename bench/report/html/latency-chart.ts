// latency-chart.ts: percentiles of the latency, from the median to one in a thousand.

import { medianIn, type Result } from '../../figures.js';
import type { Metric, ServerName } from '../../scenario.js';
import { formatFigure, formatServer } from '../format.js';
import { axis, chart } from './chart.js';
import { html, type Markup } from './markup.js';
import { scaleOfDurations } from './scale.js';

/** From the left to the right, and from the largest dot to the smallest. */
const PERCENTILES: readonly { readonly metric: Metric; readonly name: string; readonly radius: number }[] = [
  { metric: 'p50', name: 'p50', radius: 5 },
  { metric: 'quickP50', name: 'p50', radius: 5 },
  { metric: 'p90', name: 'p90', radius: 4 },
  { metric: 'p99', name: 'p99', radius: 3.5 },
  { metric: 'quickP99', name: 'p99', radius: 3.5 },
  { metric: 'p999', name: 'p99.9', radius: 3 },
];
const ROW = 40;
const TOP = 6;

interface Latency {
  readonly server: ServerName;
  readonly points: readonly { readonly name: string; readonly radius: number; readonly ms: number }[];
}

/** Null where latency was not measured. */
export function latencyChart({ scenario, servers, columns, rounds }: Result): Markup | null {
  // Where the latency of some requests is what counts, that of all would only stand beside it.
  const onlyQuick = columns.includes('quickP99');
  const wanted = PERCENTILES.filter(({ metric }) => metric.startsWith('quick') === onlyQuick);
  const latencies = servers.flatMap((server): Latency[] => {
    const points = wanted.flatMap(({ metric, name, radius }) => {
      const ms = medianIn(rounds[server] ?? [], metric);
      return ms !== undefined && ms > 0 ? [{ name, radius, ms }] : [];
    });
    return points.length > 0 ? [{ server, points }] : [];
  });
  if (latencies.length === 0) return null;
  const scale = scaleOfDurations(latencies.flatMap(({ points }) => points.map(({ ms }) => ms)));
  const bottom = TOP + latencies.length * ROW;
  const names = [...new Set(latencies.flatMap(({ points }) => points.map(({ name }) => name)))];
  return chart(
    'Latency, ms',
    `${scenario}: ${latencies.map((latency) => `${formatServer(latency.server)} ${valuesOf(latency)}`).join(', ')}`,
    bottom + 18,
    [
      axis(scale, TOP, bottom, (tick) => String(Number(tick.toPrecision(2)))),
      latencies.map((latency, i) => rowOf(latency, TOP + i * ROW, scale.at)),
    ],
    [{ colour: 'dot', text: `${names.join(', ')} from left to right` }],
  );
}

function rowOf(latency: Latency, y: number, at: (value: number) => number): Markup {
  const line = y + 26;
  const xs = latency.points.map(({ ms }) => at(ms));
  return html`<text x="0" y="${y + 12}">${formatServer(latency.server)}</text
    ><text class="value" x="340" y="${y + 12}">${valuesOf(latency)}</text>
    <path
      class="interval"
      d="M${Math.min(...xs)} ${line}H${Math.max(...xs) + 0.01}"
    />${latency.points.map(({ ms, radius }) => html`<circle class="dot" cx="${at(ms)}" cy="${line}" r="${radius}" />`)} `;
}

function valuesOf({ points }: Latency): string {
  return points.map(({ ms }) => formatFigure('p50', ms)).join(' · ');
}
