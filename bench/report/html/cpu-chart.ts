// cpu-chart.ts: what a request costs each server, by thread and by whose code ran.

import { medianIn, type Result } from '../../figures.js';
import type { Sample, ServerName } from '../../scenario.js';
import { formatFigure, formatServer } from '../format.js';
import { chart, type Key } from './chart.js';
import { html, type Markup } from './markup.js';
import { WIDTH } from './scale.js';

const ROW = 46;
const TOP = 2;

interface Cost {
  readonly server: ServerName;
  readonly all: number;
  readonly js: number;
  /** Its part of all, between 0 and 1. */
  readonly userShare: number | null;
}

/** Null where CPU was not measured. */
export function cpuChart({ scenario, servers, rounds }: Result): Markup | null {
  const costs = servers.flatMap((server): Cost[] => {
    const samples = rounds[server] ?? [];
    const all = medianIn(samples, 'serverCpu');
    if (all === undefined) return [];
    return [{ server, all, js: medianIn(samples, 'jsCpu') ?? 0, userShare: userShareIn(samples) }];
  });
  const most = Math.max(0, ...costs.map(({ all }) => all));
  if (most === 0) return null;
  const unit = WIDTH / most;
  const keys: Key[] = [
    { colour: 'js', text: 'JavaScript thread' },
    { colour: 'other', text: 'other threads' },
    ...(costs.some(({ userShare }) => userShare !== null)
      ? [
          { colour: 'user', text: 'user' },
          { colour: 'system', text: 'system' },
        ]
      : []),
  ];
  const says = costs.map(({ server, all }) => `${formatServer(server)} ${microseconds(all)}`).join(', ');
  const inside = costs.map((cost, i) => rowOf(cost, TOP + i * ROW, unit));
  return chart('CPU a request', `${scenario}: ${says}`, TOP + costs.length * ROW, inside, keys);
}

/** Medians of parts do not add up to the median of the whole, so the whole is divided by their shares. */
function userShareIn(samples: readonly Sample[]): number | null {
  const user = medianIn(samples, 'userCpu');
  const system = medianIn(samples, 'systemCpu');
  return user === undefined || system === undefined ? null : user / (user + system);
}

function rowOf({ server, all, js, userShare }: Cost, y: number, unit: number): Markup {
  return html`<text x="0" y="${y + 12}">${formatServer(server)}</text
    ><text class="value" x="340" y="${y + 12}">${microseconds(all)}</text>
    ${stack(['js', 'other'], y + 18, 12, all * unit, Math.min(js, all) * unit)}${
      userShare === null ? null : stack(['user', 'system'], y + 31, 6, all * unit, all * unit * userShare)
    }`;
}

/** Two parts of one bar. */
function stack(
  [first, second]: readonly [string, string],
  y: number,
  height: number,
  width: number,
  split: number,
): Markup {
  return html`<rect class="${first}" x="0" y="${y}" width="${split}" height="${height}" /><rect
      class="${second}"
      x="${split}"
      y="${y}"
      width="${width - split}"
      height="${height}"
    /> `;
}

function microseconds(value: number): string {
  return `${formatFigure('serverCpu', value)} µs`;
}
