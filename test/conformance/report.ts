// report.ts: what `npm run conformance` prints.

import type { RowResult } from './runner.js';

/** A server, and what it has done with each row. */
export interface Score {
  readonly server: string;
  readonly results: readonly RowResult[];
}

interface Tally {
  readonly passed: number;
  readonly total: number;
}

function tallyOf(results: readonly RowResult[]): Tally {
  const run = results.filter(({ verdict }) => verdict !== 'left out');
  return { passed: run.filter(({ verdict }) => verdict === 'passed').length, total: run.length };
}

/** Passed and total of each group, one column for each server, and their sums. */
export function groupTable(scores: readonly Score[]): string {
  const groups = [...new Set(scores.flatMap(({ results }) => results.map(({ group }) => group)))];
  const line = (name: string, pick: (result: RowResult) => boolean): string[] => [
    name,
    ...scores.map(({ results }) => {
      const { passed, total } = tallyOf(results.filter(pick));
      return `${passed}/${total}`;
    }),
  ];
  return aligned([
    ['', ...scores.map(({ server }) => server)],
    ...groups.map((group) => line(group, (result) => result.group === group)),
    line('all', () => true),
  ]);
}

/** The first column to the left, the others to the right. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]! + 3)))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/** Each row that failed: its name, what was expected and what came. */
export function failures({ server, results }: Score): string {
  const failed = results.filter(({ verdict }) => verdict === 'failed');
  if (failed.length === 0) return `${server} passes all that were run.`;
  const lines = failed.flatMap(({ group, id, name, expected, came, wrong }) => [
    `${group}/${id}: ${name}`,
    `    expected: ${expected!}`,
    `    came:     ${came!}: ${wrong!}`,
  ]);
  return [`${server} fails:`, ...lines].join('\n');
}

/** Why some rows have not been run, if so. */
export function leftOut(results: readonly RowResult[]): string | undefined {
  const count = results.filter(({ verdict }) => verdict === 'left out').length;
  return count === 0
    ? undefined
    : `${count} rows with time-outs are left out: --clocks HEADER,BODY,KEEPALIVE`;
}
