// page.ts: the report as one page that needs nothing else: no script, no font, no picture from elsewhere.

import type { Figures } from '../../figures.js';
import type { Machine } from '../../measure/machine.js';
import { TABLE_NOTE } from './figure-table.js';
import { limitsSection } from './limits.js';
import { html, type Markup } from './markup.js';
import { scenarioSection } from './scenario-section.js';
import { STYLE } from './style.js';
import { verdictSection } from './verdict-section.js';

const BYTES_PER_GIB = 1024 ** 3;

export function pageOf({ asked, machine, results }: Figures): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>millrace bench, ${machine.date}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <header>
          <h1>What millrace costs, and what others do</h1>
          <p>
            Ratios of servers measured in turn on one machine: A B A B, each time in a fresh process. Medians
            of the rounds, with 95 % intervals.
          </p>
          ${about(asked, machine)}
          <nav>
            <ul>
              ${[{ scenario: 'verdicts' }, ...results, { scenario: 'limits' }].map(
                ({ scenario }) => html`<li><a href="#${scenario}">${scenario}</a></li> `,
              )}
            </ul>
          </nav>
        </header>
        <main>${verdictSection(results)}${results.map(scenarioSection)}${limitsSection(machine.cores)}</main>
        <footer>
          <p>
            ${TABLE_NOTE} Shares are of one core. Every figure of every round is in
            <a href="figures.json">figures.json</a>; how to read them, and how to make them on your machine,
            is in docs/benchmarking.md.
          </p>
        </footer>
      </body>
    </html> `.text;
}

function about(asked: string, machine: Machine): Markup {
  const { cpu, cores, architecture, memoryBytes, kernel, node, client, compiler, commit, date, load } =
    machine;
  const lines: readonly (readonly [string, string])[] = [
    ['made by', asked],
    ['on', `${date}, commit ${commit}`],
    ['machine', `${cpu}, ${cores} cores, ${(memoryBytes / BYTES_PER_GIB).toFixed(1)} GiB`],
    ['system', `Linux ${kernel} ${architecture}, load ${load.toFixed(2)} before the run`],
    ['versions', `Node.js ${node} · ${client} · ${compiler}`],
  ];
  return html`<dl>
    ${lines.map(
      ([what, value]) =>
        html`<dt>${what}</dt>
          <dd>${value}</dd> `,
    )}
  </dl> `;
}
