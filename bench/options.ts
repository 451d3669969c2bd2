// options.ts: the command line.

import { parseArgs } from 'node:util';
import { CannotRun } from './cannot-run.js';
import { pick, wholeNumber } from './option-values.js';
import { type Scenario, SERVER_NAMES, type ServerName } from './scenario.js';

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly scenarios: readonly Scenario[];
  readonly servers: readonly ServerName[];
  /** Where the figures go as JSON; `-` is stdout, which then holds nothing else. */
  readonly json: string | null;
  readonly help: boolean;
}

const DEFAULT_ROUNDS = 5;
const MAX_ROUNDS = 1_000;
const DEFAULT_SECONDS = 3;
const MAX_SECONDS = 600;

/** @throws CannotRun naming the option, the value and what it may be. */
export function readOptions(args: readonly string[], known: readonly Scenario[]): Options {
  const values = parse(args);
  return {
    rounds: wholeNumber('--rounds', values.rounds, DEFAULT_ROUNDS, MAX_ROUNDS),
    seconds: wholeNumber('--seconds', values.seconds, DEFAULT_SECONDS, MAX_SECONDS),
    scenarios: pick('--only', values.only, known, ({ name }) => name),
    servers: pick('--servers', values.servers, SERVER_NAMES, (name) => name),
    json: values.json ?? null,
    help: values.help ?? false,
  };
}

export function usage(known: readonly Scenario[]): string {
  const width = Math.max(...known.map(({ name }) => name.length));
  return [
    'npm run bench -- [options]',
    '',
    `  --rounds N       rounds of every scenario, servers in turn (default ${DEFAULT_ROUNDS}; fewer give no verdict)`,
    `  --seconds N      length of one measured run (default ${DEFAULT_SECONDS})`,
    '  --only A,B       only these scenarios',
    `  --servers A,B    only these of ${SERVER_NAMES.join(', ')}`,
    '  --json FILE      all figures of all rounds as JSON; - for stdout',
    '',
    'Scenarios:',
    ...known.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}`),
    '',
    'Exit code: 0, 1 when a figure misses its bound or a server failed, 2 when the bench cannot run.',
  ].join('\n');
}

type Raw = Partial<Record<'rounds' | 'seconds' | 'only' | 'servers' | 'json', string>> & { help?: boolean };

function parse(args: readonly string[]): Raw {
  const text = { type: 'string' } as const;
  const options = { rounds: text, seconds: text, only: text, servers: text, json: text } as const;
  try {
    return parseArgs({ args: [...args], options: { ...options, help: { type: 'boolean', short: 'h' } } })
      .values;
  } catch (error) {
    throw new CannotRun(`${(error as Error).message} (npm run bench -- --help)`);
  }
}
