// make-report.ts: `npm run bench:report -- figures.json`: the report of a run again, from its figures.

import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CannotRun } from './cannot-run.js';
import { readCommandLine } from './command-line.js';
import { readFigures } from './figures.js';
import { repository } from './paths.js';
import { replaceBlock } from './report/readme.js';
import { writeReport } from './report/write-report.js';

const EXIT_CANNOT_RUN = 2;
const REPORT = join(repository, 'bench/report');
const README = join(repository, 'README.md');

const USAGE = `npm run bench:report -- [figures.json] [options]

  figures.json       what npm run bench -- --json has written (default: those of the last whole report)
  --report FOLDER    where index.html, summary.md and figures.json go (default bench/report)
  --readme           puts the summary into README.md as well, between its two marks

Exit code: 0, or 2 when the figures cannot be read or the report cannot be written.`;

function main(args: string[]): void {
  const { values, help, positionals } = readCommandLine('npm run bench:report', args, {
    report: 'string',
    readme: 'boolean',
  });
  if (help) {
    console.log(USAGE);
    return;
  }
  if (positionals.length > 1) throw new CannotRun('a report is made of one file of figures');
  const folder = resolve(values.report ?? REPORT);
  const figures = readFigures(resolve(positionals[0] ?? join(REPORT, 'figures.json')));
  console.log(`report: ${writeReport(folder, figures)}`);
  if (!values.readme) return;
  const summary = readFileSync(join(folder, 'summary.md'), 'utf8');
  writeFileSync(README, replaceBlock(readFileSync(README, 'utf8'), summary));
  console.log('README.md: has its summary');
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  process.stderr.write(`millrace: ${error.message}.\n`);
  process.exitCode = EXIT_CANNOT_RUN;
}
