// run.ts: `npm run stress`: well-behaved clients who check every byte, beside clients who do everything wrong.

import { CannotRun } from '../../bench/cannot-run.js';
import { Terminal } from '../../bench/report/terminal.js';
import { readOptions, usage } from './options.js';
import { reportBeginning, reportOutcome, reportProgress } from './report/report.js';
import { stressRun } from './stress-run.js';
import { failuresOf } from './verdict.js';

const EXIT_FAILED = 1;
const EXIT_CANNOT_RUN = 2;
const EXIT_INTERRUPTED = 130;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage());
    return 0;
  }
  const terminal = new Terminal(process.stdout);
  reportBeginning(terminal, options);
  const outcome = await stressRun(options, (tally, seconds) => {
    reportProgress(terminal, options, tally, seconds);
  });
  const failures = failuresOf(outcome);
  reportOutcome(terminal, options, outcome, failures);
  return failures.length === 0 ? 0 : EXIT_FAILED;
}

// The subject ends by itself when this process has gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(EXIT_INTERRUPTED));

try {
  process.exitCode = await main();
} catch (error) {
  const [message, code] =
    error instanceof CannotRun
      ? [error.message, EXIT_CANNOT_RUN]
      : [(error as Error).stack ?? String(error), EXIT_FAILED];
  process.stderr.write(`millrace: ${message}.\n`);
  process.exitCode = code;
}
