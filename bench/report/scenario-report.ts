// scenario-report.ts: one scenario: what each server did, and millrace's ratios to the others.

import {
  type Metric,
  type Occupation,
  type Sample,
  type Scenario,
  SUBJECT,
  type ServerName,
} from '../scenario.js';
import { clientWasBottleneck, figures, type Rounds, type Spread, spreadOf } from '../verdict.js';
import { ABSENT, formatFigure, formatRatio, formatRatioSpread, formatShare, METRICS } from './format.js';
import { type Cell, type Column, printRow } from './table.js';
import type { Terminal } from './terminal.js';

const NAME: Column = { width: 13, align: 'left' };
const FIGURE: Column = { width: 11 };
const SHARE: Column = { width: 7 };

/** The client at its limit is worth a word even where the server is not idle enough to refuse the verdict. */
const CLIENT_NEAR_LIMIT = 0.95;
const SERVER_HAS_ROOM = 0.9;
/** A tenth of a core used by strangers can be seen in the figures. */
const OTHERS_DISTURB = 0.1;

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
  const cells = metrics.map((metric) => ({ text: formatFigure(metric, medianOf(samples, metric)) }));
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
  const remark = (text: string): void => {
    terminal.print(terminal.paint(`  ${name}: ${text}`, 'yellow'));
  };
  const problem = samples.find((sample) => sample.problem !== undefined)?.problem;
  if (problem !== undefined) remark(`the client saw ${problem}`);
  const others = medianOccupation(samples, 'others') ?? 0;
  if (others > OTHERS_DISTURB) remark(`other processes used ${formatShare(others)} of a core meanwhile`);
  const client = medianOccupation(samples, 'client') ?? 0;
  const server = medianOccupation(samples, 'server') ?? 1;
  if (clientWasBottleneck(samples))
    remark('the client was at its limit while the server was idle half of the time');
  else if (client >= CLIENT_NEAR_LIMIT && server < SERVER_HAS_ROOM)
    remark(
      `the client was at its limit: the server could have answered up to ${(1 / server).toFixed(1)} times as much`,
    );
}

function ratioSpread(metric: Metric, reference: ServerName, rounds: Rounds): Spread | null {
  const ratios = figures(metric, reference, rounds);
  return ratios.length > 0 ? spreadOf(ratios) : null;
}

function medianOf(samples: readonly Sample[], metric: Metric): number | undefined {
  const values = samples.flatMap(({ values }) => values[metric] ?? []);
  return values.length > 0 ? spreadOf(values).median : undefined;
}

function medianOccupation(samples: readonly Sample[], who: keyof Occupation): number | undefined {
  const values = samples.flatMap(({ occupation }) => occupation?.[who] ?? []);
  return values.length > 0 ? spreadOf(values).median : undefined;
}

function dim(text: string): Cell {
  return { text, colours: ['dim'] };
}
