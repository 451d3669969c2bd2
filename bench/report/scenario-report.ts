// scenario-report.ts: one scenario: what each server did, and millrace's ratios to the others.

import { medianIn } from '../figures.js';
import { type Metric, type Sample, type Scenario, SUBJECT, type ServerName } from '../scenario.js';
import { type Spread, spreadOf } from '../statistics.js';
import { figures, type Rounds } from '../verdict.js';
import { ABSENT, formatFigure, formatRatio, formatRatioSpread, formatShare, METRICS } from './format.js';
import { medianOccupation, remarksOn } from './remarks.js';
import { type Cell, type Column, printRow } from './table.js';
import type { Terminal } from './terminal.js';

const NAME: Column = { width: 13, align: 'left' };
const FIGURE: Column = { width: 11 };
const SHARE: Column = { width: 7 };

/** `notes`: what is to be known of how this scenario was measured. */
export function reportScenario(
  terminal: Terminal,
  scenario: Scenario,
  rounds: Rounds,
  notes: readonly string[],
): void {
  const servers = scenario.servers.filter((name) => rounds[name]);
  const withShares = servers.some((name) => rounds[name]?.some(({ occupation }) => occupation));
  const columns = [NAME, ...scenario.columns.map(() => FIGURE), ...(withShares ? [SHARE, SHARE] : [])];

  terminal.print(`${terminal.paint(scenario.name, 'bold')} · ${scenario.title}`);
  for (const note of notes) terminal.print(terminal.paint(`  ${note}`, 'dim'));
  printHead(terminal, columns, scenario.columns, withShares);
  for (const name of servers) printServer(terminal, columns, scenario.columns, name, rounds[name] ?? []);
  for (const name of servers) printRatios(terminal, columns, scenario.columns, name, rounds);
  for (const name of servers) printRemarks(terminal, name, rounds[name] ?? []);
  terminal.print();
}

function printHead(
  terminal: Terminal,
  columns: Column[],
  metrics: readonly Metric[],
  withShares: boolean,
): void {
  const heads = metrics.map((metric) => METRICS[metric].head);
  const shares = withShares ? [['server', 'busy'] as const, ['client', 'busy'] as const] : [];
  for (const line of [0, 1] as const)
    printRow(terminal, columns, [{ text: '' }, ...[...heads, ...shares].map((head) => dim(head[line]))]);
}

function printServer(
  terminal: Terminal,
  columns: Column[],
  metrics: readonly Metric[],
  name: ServerName,
  samples: readonly Sample[],
): void {
  const cells = metrics.map((metric) => ({ text: formatFigure(metric, medianIn(samples, metric)) }));
  const shares = [medianOccupation(samples, 'server'), medianOccupation(samples, 'client')];
  printRow(terminal, columns, [{ text: name }, ...cells, ...shares.map((share) => dim(formatShare(share)))]);
}

/** Two lines: the median of the rounds' ratios, and under it where they lie. */
function printRatios(
  terminal: Terminal,
  columns: Column[],
  metrics: readonly Metric[],
  reference: ServerName,
  rounds: Rounds,
): void {
  if (reference === SUBJECT || !rounds[SUBJECT]) return;
  const spreads = metrics.map((metric) => ratioSpread(metric, reference, rounds));
  const medians = spreads.map((spread) => ({ text: spread ? formatRatio(spread.median) : ABSENT }));
  const ranges = spreads.map((spread) => dim(spread ? formatRatioSpread(spread) : ''));
  printRow(terminal, columns, [{ text: `/ ${reference}` }, ...medians]);
  printRow(terminal, columns, [{ text: '' }, ...ranges]);
}

function printRemarks(terminal: Terminal, name: ServerName, samples: readonly Sample[]): void {
  for (const remark of remarksOn(name, samples)) terminal.print(terminal.paint(`  ${remark}`, 'yellow'));
}

function ratioSpread(metric: Metric, reference: ServerName, rounds: Rounds): Spread | null {
  const ratios = figures(metric, reference, rounds);
  return ratios.length > 0 ? spreadOf(ratios) : null;
}

function dim(text: string): Cell {
  return { text, colours: ['dim'] };
}
