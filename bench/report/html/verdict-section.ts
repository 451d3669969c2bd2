// verdict-section.ts: the promises, what came of them, and how far each figure lies from its bound.

import type { Result } from '../../figures.js';
import type { Judgement, Verdict } from '../../verdict.js';
import { besideText, boundText, intervalText, measuredText } from '../claim-text.js';
import { html, type Markup } from './markup.js';

const MEANINGS: Readonly<Record<Verdict, string>> = {
  goal: 'keeps bound and goal',
  holds: 'keeps its bound',
  misses: 'misses its bound',
  unclear: 'no verdict, and the reason stands below',
};
const VERDICTS = Object.keys(MEANINGS) as Verdict[];

/** The small picture: the bound in the middle, and four times as good or as bad at its ends. */
const WIDTH = 120;
const FOURFOLD = 2;

export function verdictSection(results: readonly Result[]): Markup | null {
  const rows = results.flatMap(({ scenario, judgements }) =>
    judgements.map((judgement) => ({ scenario, judgement })),
  );
  if (rows.length === 0) return null;
  return html`<section id="verdicts">
    <h2>Verdicts</h2>
    <ul class="counts">
      ${VERDICTS.map((verdict) => {
        const count = rows.filter(({ judgement }) => judgement.verdict === verdict).length;
        return html`<li class="${verdict}">
          <b>${count}</b> ${verdict}<small>${MEANINGS[verdict]}</small>
        </li> `;
      })}
    </ul>
    <table class="verdicts">
      <thead>
        <tr>
          <th scope="col">what must hold</th>
          <th scope="col">measured</th>
          <th scope="col">95 % interval</th>
          <th scope="col">bound</th>
          <th scope="col">kept ← bound → missed</th>
          <th scope="col">verdict</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(({ scenario, judgement }) => row(scenario, judgement))}
      </tbody>
    </table>
  </section> `;
}

function row(scenario: string, judgement: Judgement): Markup {
  const { claim, verdict, reason } = judgement;
  const remarks = [reason, besideText(judgement)].flatMap((remark) => remark ?? []);
  return html`<tr>
    <th scope="row">
      <a href="#${scenario}">${claim.label}</a>${remarks.map((remark) => html`<small>${remark}</small>`)}
    </th>
    <td data-is="measured">${measuredText(judgement)}</td>
    <td data-is="95 % interval">${intervalText(judgement)}</td>
    <td data-is="bound">${boundText(judgement)}</td>
    <td class="distance">${distance(judgement)}</td>
    <td class="${verdict}">${verdict}</td>
  </tr> `;
}

/** To the left of the middle is kept, whatever the direction of the claim. Null where there is no ratio to a bound. */
function distance({ claim, spread, interval }: Judgement): Markup | null {
  if (!spread || claim.bound === 0) return null;
  const at = (figure: number): number => {
    const excess = Math.log2(figure / claim.bound) * (claim.must === 'be at most' ? 1 : -1);
    return WIDTH / 2 + (Math.max(-1, Math.min(1, excess / FOURFOLD)) * (WIDTH - 10)) / 2;
  };
  const { low, high } = interval ?? spread;
  const ends = [at(low), at(high)];
  return html`<svg viewBox="0 0 ${WIDTH} 16" width="${WIDTH}" height="16" aria-hidden="true">
    <path class="grid" d="M0 8H${WIDTH}" />
    <path class="bound" d="M${WIDTH / 2} 1V15" />
    <path class="interval" d="M${Math.min(...ends)} 8H${Math.max(...ends) + 0.01}" />
    <circle class="dot" cx="${at(spread.median)}" cy="8" r="4" />
  </svg>`;
}
