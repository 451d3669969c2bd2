// summary.ts: the report as tables in Markdown, which the README includes.

import { type Figures, medianIn, type Ratio, type Result } from '../figures.js';
import { type Claim, type Metric, type ServerName, SUBJECT } from '../scenario.js';
import type { Judgement, Verdict } from '../verdict.js';
import { boundText, intervalText, measuredText } from './claim-text.js';
import { formatFigure, formatRatio, formatRatioSpread, formatServer, METRICS } from './format.js';

const VERDICTS: readonly Verdict[] = ['goal', 'holds', 'misses', 'unclear'];

/** References that have a column of their own; the others share the last one, by name. */
const COLUMNS: readonly ServerName[] = ['node-http', 'uwebsockets', 'floor'];

export function summaryOf(figures: Figures): string {
  const { asked, machine, results } = figures;
  return [
    ...comparisonTable(results, 'requestsPerSecond', ({ scenario, title }) => `\`${scenario}\`: ${title}`),
    ...comparisonTable(results, 'jsCpu', ({ scenario }) => `\`${scenario}\``),
    ...boundsTable(results),
    `${mediansOf(results)} by \`${code(asked)}\` on ${machine.date}, commit ${code(machine.commit)}: ${cell(machine.cpu)}, ${machine.cores} cores, Linux ${machine.kernel}, Node.js ${machine.node.replace(/^v/, '')}; client and server on the same machine. ${countsOf(results)}`,
    '',
  ].join('\n');
}

/** What the others did, and how much more or less millrace does, where it is the server that decides. */
function comparisonTable(
  results: readonly Result[],
  metric: Metric,
  named: (result: Result) => string,
): string[] {
  const compared = results.flatMap((result) => {
    const ratios = comparisonsIn(result, metric);
    return ratios.length > 0 ? [{ result, ratios }] : [];
  });
  if (compared.length === 0) return [];
  const references = new Set(compared.flatMap(({ ratios }) => ratios.map(({ reference }) => reference)));
  const columns = COLUMNS.filter((name) => references.has(name));
  const hasOthers = references.size > columns.length;
  const { title, unit } = METRICS[metric];
  const heads = [title + (unit && `,${unit}`), SUBJECT, ...columns.map(formatServer)];
  if (hasOthers) heads.push('others');
  const rows = compared.map(({ result, ratios }) => {
    const of = (ratio: Ratio): string => comparisonText(result, ratio);
    const cells = columns.map((name) => ratios.filter(({ reference }) => reference === name).map(of));
    const others = ratios.filter(({ reference }) => !columns.includes(reference));
    if (hasOthers) cells.push(others.map((ratio) => `${formatServer(ratio.reference)} ${of(ratio)}`));
    const ours = formatFigure(metric, medianIn(result.rounds[SUBJECT] ?? [], metric));
    return row(named(result), ours, ...cells.map((texts) => texts.join('; ')));
  });
  return [row(...heads), `|${'---|'.repeat(heads.length)}`, ...rows, ''];
}

function comparisonsIn({ ratios, failure, isPaced }: Result, metric: Metric): readonly Ratio[] {
  return failure !== undefined || isPaced ? [] : ratios.filter((ratio) => ratio.metric === metric);
}

function comparisonText({ rounds }: Result, { metric, reference, median, interval }: Ratio): string {
  const theirs = formatFigure(metric, medianIn(rounds[reference] ?? [], metric));
  return `${theirs}: ${formatRatio(median)} (${formatRatioSpread({ median, ...interval })})`;
}

/** Every bound with its verdict, folded: most readers want to know how many are kept, and the rest on the page. */
function boundsTable(results: readonly Result[]): string[] {
  const rows = results.flatMap(boundRows);
  if (rows.length === 0) return [];
  return [
    '<details>',
    `<summary>${countsOf(results)} Each of them:</summary>`,
    '',
    '| what is measured | millrace | the other | ratio or figure (95 % interval) | bound | verdict |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '</details>',
    '',
  ];
}

function boundRows(result: Result): string[] {
  const { scenario, title, failure, judgements } = result;
  if (failure !== undefined) return [row(`\`${scenario}\`: ${title}`, '', '', '', '', `failed: ${failure}`)];
  return judgements.map((judgement) => claimRow(result, judgement));
}

function claimRow({ scenario, rounds }: Result, judgement: Judgement): string {
  const { claim, verdict } = judgement;
  const between = intervalText(judgement);
  return row(
    `\`${scenario}\`: ${claim.label}`,
    claim.reference ? figureOf(claim, medianIn(rounds[SUBJECT] ?? [], claim.metric)) : '',
    claim.reference ? figureOf(claim, medianIn(rounds[claim.reference] ?? [], claim.metric)) : '',
    `${measuredText(judgement)}${between === '' ? '' : ` (${between})`}`,
    boundText(judgement),
    verdict,
  );
}

function figureOf({ metric }: Claim, value: number | undefined): string {
  const text = formatFigure(metric, value);
  return value === undefined ? text : text + METRICS[metric].unit;
}

/** "Medians of 5 interleaved rounds", or "of 1 to 11" where scenarios differ. */
function mediansOf(results: readonly Result[]): string {
  if (results.length === 0) return 'Nothing was measured';
  const counts = results.map(({ plan }) => plan.rounds);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return `Medians of ${fewest === most ? '' : `${fewest} to `}${most} interleaved ${most === 1 ? 'round' : 'rounds'}`;
}

function countsOf(results: readonly Result[]): string {
  const verdicts = results.flatMap(({ judgements }) => judgements.map(({ verdict }) => verdict));
  if (verdicts.length === 0) return 'No bounds were judged.';
  const counts = VERDICTS.flatMap((verdict) => {
    const count = verdicts.filter((item) => item === verdict).length;
    return count > 0 ? [`${count} ${verdict}`] : [];
  });
  return `Of ${verdicts.length} bounds: ${counts.join(', ')}.`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** A bar would end the cell, a line break the table, and markup is not to come from a figure. */
function cell(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[|<]/g, (character) => (character === '|' ? '\\|' : '&lt;'));
}

function code(text: string): string {
  return cell(text).replaceAll('`', "'");
}
