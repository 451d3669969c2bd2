// compare.ts: `npm run bench:compare -- [figures.json]`: warns of ratios that have become worse than the baseline's.

import { join, resolve } from 'node:path';
import { baselineOf, compareWith, formatBaseline, readBaseline } from './baseline.js';
import { CannotRun } from './cannot-run.js';
import { readCommandLine } from './command-line.js';
import { readFigures } from './figures.js';
import { repository } from './paths.js';
import { reportComparison } from './report/comparison-report.js';
import { writeText } from './report/destinations.js';
import { Terminal } from './report/terminal.js';

const EXIT_WORSE = 1;
const EXIT_CANNOT_RUN = 2;
const FIGURES = join(repository, 'bench/report/figures.json');
const BASELINE = join(repository, 'bench/baseline.json');

const USAGE = `npm run bench:compare -- [figures.json] [options]

  figures.json       what npm run bench -- --json has written (default: those of the last whole report)
  --baseline FILE    compares with this one (default bench/baseline.json)
  --save             makes these figures the baseline instead of comparing
  --strict           exit code 1 where something is worse; without it there is only the warning

Exit code: 0, 1 with --strict when something is worse, 2 when figures or baseline cannot be read.`;

function main(args: string[]): number {
  const { values, help, positionals } = readCommandLine('npm run bench:compare', args, {
    baseline: 'string',
    save: 'boolean',
    strict: 'boolean',
  });
  if (help) {
    console.log(USAGE);
    return 0;
  }
  if (positionals.length > 1) throw new CannotRun('one file of figures is compared with one baseline');
  const figures = readFigures(resolve(positionals[0] ?? FIGURES));
  const file = resolve(values.baseline ?? BASELINE);
  if (values.save) {
    const baseline = baselineOf(figures);
    if (baseline.ratios.length === 0) throw new CannotRun('these figures have no ratio that could be kept');
    writeText(file, formatBaseline(baseline));
    console.log(`${file}: ${baseline.ratios.length} ratios`);
    return 0;
  }
  const baseline = readBaseline(file);
  const comparisons = compareWith(baseline, figures);
  reportComparison(new Terminal(process.stdout), baseline, figures.machine, comparisons);
  const worse = comparisons.filter(({ change }) => change === 'worse').length;
  if (worse > 0) process.stderr.write(`millrace: warning: ${worse} ratios are worse than the baseline's.\n`);
  return worse > 0 && values.strict ? EXIT_WORSE : 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  process.stderr.write(`millrace: ${error.message}.\n`);
  process.exitCode = EXIT_CANNOT_RUN;
}
