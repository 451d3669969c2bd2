// chart.ts: what all charts have in common: a frame with a caption, and an axis at the bottom.

import { html, type Markup, type Part } from './markup.js';
import { type Scale, WIDTH } from './scale.js';

export interface Key {
  /** Of the style sheet. */
  readonly colour: string;
  readonly text: string;
}

/** `says` is the chart in words, for those who do not see it. */
export function chart(
  caption: string,
  says: string,
  height: number,
  inside: Part,
  keys: readonly Key[] = [],
): Markup {
  return html`<figure>
    <figcaption>
      <b>${caption}</b
      >${keys.map(({ colour, text }) => html` <span class="key"><i class="${colour}"></i>${text}</span>`)}
    </figcaption>
    <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${says}">${inside}</svg>
  </figure> `;
}

/** Lines from `top` to `bottom`, and what they stand for below. The one at `strong` can be told from the others. */
export function axis(
  scale: Scale,
  top: number,
  bottom: number,
  label: (tick: number) => string,
  strong?: number,
): Part {
  return scale.ticks.map((tick) => {
    const x = scale.at(tick);
    return html`<path class="grid${tick === strong ? ' strong' : ''}" d="M${x} ${top}V${bottom}" /><text
        class="tick"
        x="${x}"
        y="${bottom + 13}"
        >${label(tick)}</text
      > `;
  });
}
