// summary.ts: the report as a table in Markdown, which the README includes.

import { type Figures, medianIn, type Result } from '../figures.js';
import { type Claim, type Metric, SUBJECT } from '../scenario.js';
import type { Judgement, Verdict } from '../verdict.js';
import { boundText, intervalText, measuredText } from './claim-text.js';
import { formatFigure, formatRatioAlone, formatRatioSpread, formatServer, METRICS } from './format.js';

const VERDICTS: readonly Verdict[] = ['goal', 'holds', 'misses', 'unclear'];

export function summaryOf(figures: Figures): string {
  const { asked, machine, results } = figures;
  return [
    `| what is measured | millrace | the other | ratio or figure (95 % interval) | bound | verdict |`,
    `|---|---|---|---|---|---|`,
    ...results.flatMap(rowsOf),
    '',
    `${mediansOf(results)} by \`${code(asked)}\` on ${machine.date}, commit ${code(machine.commit)}: ${cell(machine.cpu)}, ${machine.cores} cores, Linux ${machine.kernel}, Node.js ${machine.node.replace(/^v/, '')}; client and server on the same machine. ${countsOf(results)}`,
    '',
  ].join('\n');
}

function rowsOf(result: Result): string[] {
  const claims = result.judgements.map((judgement) => claimRow(result, judgement));
  if (result.failure !== undefined)
    return [row(`\`${result.scenario}\`: ${result.title}`, '', '', '', '', `failed: ${result.failure}`)];
  return [...throughputRows(result), ...claims];
}

/** What everybody asks first, where it is not judged anyway. */
function throughputRows({ scenario, ratios, rounds, judgements }: Result): string[] {
  const metric: Metric = 'requestsPerSecond';
  const isJudged = (reference: string): boolean =>
    judgements.some(({ claim }) => claim.metric === metric && claim.reference === reference);
  return ratios
    .filter((ratio) => ratio.metric === metric && !isJudged(ratio.reference))
    .map(({ reference, median, interval }) =>
      row(
        `\`${scenario}\`: ${METRICS[metric].title} / ${formatServer(reference)}`,
        formatFigure(metric, medianIn(rounds[SUBJECT] ?? [], metric)),
        formatFigure(metric, medianIn(rounds[reference] ?? [], metric)),
        `${formatRatioAlone(median)} (${formatRatioSpread({ median, ...interval })})`,
        '',
        '',
      ),
    );
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
