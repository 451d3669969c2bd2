// figure-table.ts: everything that was measured in a scenario: a row for each metric, a column for each server.

import { medianIn, metricsIn, type Ratio, type Result } from '../../figures.js';
import { type Metric, type Occupation, type ServerName, SUBJECT } from '../../scenario.js';
import {
  formatFigure,
  formatRatioAlone,
  formatRatioSpread,
  formatServer,
  formatShare,
  METRICS,
} from '../format.js';
import { medianOccupation } from '../remarks.js';
import { html, type Markup, type Part } from './markup.js';

const OCCUPATIONS: readonly { readonly who: keyof Occupation; readonly title: string }[] = [
  { who: 'server', title: 'busiest thread of the server' },
  { who: 'client', title: 'busiest thread of the client' },
  { who: 'others', title: 'other processes' },
];

export function figureTable(result: Result): Markup | null {
  const servers = result.servers.filter((name) => result.rounds[name]);
  const measured = new Set(servers.flatMap((name) => metricsIn(result.rounds[name] ?? [])));
  const metrics = (Object.keys(METRICS) as Metric[]).filter((metric) => measured.has(metric));
  if (metrics.length === 0) return null;
  const occupations = OCCUPATIONS.filter(({ who }) =>
    servers.some((name) => medianOccupation(result.rounds[name] ?? [], who) !== undefined),
  );
  return html`<div class="wide">
    <table class="figures">
      <thead>
        <tr>
          <th scope="col">medians</th>
          ${servers.map((name) => html`<th scope="col" class="${name === SUBJECT ? 'subject' : 'reference'}">${formatServer(name)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${metrics.map((metric) => row(titleOf(metric), servers, (name) => figureCell(result, metric, name)))}${occupations.map(
          ({ who, title }) =>
            row(title, servers, (name) => {
              const share = formatShare(medianOccupation(result.rounds[name] ?? [], who));
              return name === SUBJECT ? share : html`${share}<small></small>`;
            }),
        )}
      </tbody>
    </table>
  </div> `;
}

function row(title: string, servers: readonly ServerName[], cell: (name: ServerName) => Part): Markup {
  return html`<tr>
    <th scope="row">${title}</th>
    ${servers.map((name) => html`<td>${cell(name)}</td>`)}
  </tr> `;
}

function titleOf(metric: Metric): string {
  const { title, unit } = METRICS[metric];
  return unit === '' ? title : `${title},${unit}`;
}

/** In a reference's cell also the subject's ratio to it. */
function figureCell(result: Result, metric: Metric, name: ServerName): Part {
  const figure = formatFigure(metric, medianIn(result.rounds[name] ?? [], metric));
  const ratio = result.ratios.find((item) => item.metric === metric && item.reference === name);
  if (name === SUBJECT) return figure;
  return html`${figure}<small>${ratio ? ratioText(ratio) : null}</small>`;
}

function ratioText({ median, interval }: Ratio): Markup {
  return html`<b>${formatRatioAlone(median)}</b> <span>${formatRatioSpread({ median, ...interval })}</span>`;
}

/** Said below the tables. */
export const TABLE_NOTE = `In small print: ${SUBJECT}’s figure divided by that server’s, the median of the rounds, and its 95 % bootstrap interval.`;
