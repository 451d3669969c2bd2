// options.ts: the command line of `npm run stress`.

import { parseArgs } from 'node:util';

import { CannotRun } from '../../bench/cannot-run.js';
import { pick, wholeNumber } from '../../bench/option-values.js';
import { testSeed } from '../helpers/random.js';
import { TEST_REACTORS } from '../helpers/server.js';
import type { Fault } from './faults/fault.js';
import { FAULTS } from './faults/index.js';
import type { SubjectVisit } from './faults/subject-faults.js';

export interface StressOptions {
  /** At least so many, all answered. */
  readonly requests: number;
  /** So many of each kind. */
  readonly faults: number;
  /** At least so long. */
  readonly seconds: number;
  readonly seed: number;
  readonly reactors: number;
  readonly kinds: readonly Fault<SubjectVisit>[];
  readonly help: boolean;
}

const DEFAULT_REQUESTS = 100_000;
const DEFAULT_FAULTS = 500;
const MOST = 1_000_000_000;
const MOST_REACTORS = 64;
const MOST_SECONDS = 1_000_000;
const MOST_SEED = 2 ** 32 - 1;

/** @throws CannotRun naming the option, the value and what it may be. */
export function readOptions(args: readonly string[]): StressOptions {
  const values = parse(args);
  return {
    requests: wholeNumber('--requests', values.requests, DEFAULT_REQUESTS, MOST),
    faults: wholeNumber('--faults', values.faults, DEFAULT_FAULTS, MOST),
    seconds: wholeNumber('--seconds', values.seconds, 0, MOST_SECONDS, 0),
    seed: wholeNumber('--seed', values.seed, testSeed(), MOST_SEED, 0),
    reactors: wholeNumber('--reactors', values.reactors, TEST_REACTORS, MOST_REACTORS),
    kinds: pick('--only', values.only, FAULTS, ({ name }) => name),
    help: values.help ?? false,
  };
}

export function usage(): string {
  const width = Math.max(...FAULTS.map(({ name }) => name.length));
  return [
    'npm run stress -- [options]',
    '',
    `  --requests N   of well-behaved clients, at least (default ${DEFAULT_REQUESTS})`,
    `  --faults N     of each kind (default ${DEFAULT_FAULTS})`,
    '  --seconds N    not shorter than this (default 0)',
    '  --seed N       repeats a run, as far as threads let it (default MILLRACE_TEST_SEED, or another one each time)',
    '  --reactors N   I/O threads of each server (default MILLRACE_TEST_REACTORS, or 1)',
    '  --only A,B     only these faults',
    '',
    'Faults:',
    ...FAULTS.map(({ name, does }) => `  ${name.padEnd(width)}  ${does}`),
    '',
    'Exit code: 0, 1 when an answer was lost or wrong or something was left behind, 2 when it cannot run.',
  ].join('\n');
}

type Raw = Partial<Record<'requests' | 'faults' | 'seconds' | 'seed' | 'reactors' | 'only', string>> & {
  help?: boolean;
};

function parse(args: readonly string[]): Raw {
  const text = { type: 'string' } as const;
  const options = {
    requests: text,
    faults: text,
    seconds: text,
    seed: text,
    reactors: text,
    only: text,
  } as const;
  try {
    return parseArgs({ args: [...args], options: { ...options, help: { type: 'boolean', short: 'h' } } })
      .values;
  } catch (error) {
    throw new CannotRun(`${(error as Error).message} (npm run stress -- --help)`);
  }
}
