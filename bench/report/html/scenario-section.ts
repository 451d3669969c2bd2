// scenario-section.ts: one scenario: how it was measured, its charts, all its figures.

import type { Result } from '../../figures.js';
import { showPlan } from '../../options.js';
import { cpuChart } from './cpu-chart.js';
import { figureTable } from './figure-table.js';
import { latencyChart } from './latency-chart.js';
import { html, type Markup } from './markup.js';
import { ratioChart } from './ratio-chart.js';
import { remarksOn } from '../remarks.js';

export function scenarioSection(result: Result): Markup {
  const { scenario, title, plan, notes, servers, rounds, failure } = result;
  const remarks = servers.flatMap((name) => remarksOn(name, rounds[name] ?? []));
  const charts = [ratioChart(result), cpuChart(result), latencyChart(result)];
  return html`<section id="${scenario}">
    <h2>${scenario}</h2>
    <p class="title">${title} · ${showPlan(plan)}</p>
    ${notes.map((note) => html`<p class="note">${note}</p> `)}${
      failure === undefined ? null : html`<p class="misses">${failure}</p> `
    }${remarks.map((remark) => html`<p class="unclear">${remark}</p> `)}
    <div class="charts">${charts}</div>
    ${figureTable(result)}
  </section> `;
}
