// options.ts: the options of designs, and how they are read from a command line. native/options.h is its sister in C++.

import { CannotRun } from '../cannot-run.js';

interface Rule {
  readonly min: number;
  readonly max: number;
  readonly preset: number;
  readonly description: string;
}

/** Every one is a whole number; the order is that of the help. */
export const OPTION_RULES = {
  port: { min: 0, max: 65_535, preset: 8080, description: 'on 127.0.0.1; 0: any free one' },
  workers: { min: 1, max: 256, preset: 4, description: 'threads or processes that answer' },
  queue: { min: 1, max: 1_000_000, preset: 1024, description: 'what may wait for a worker' },
  permits: { min: 1, max: 100_000, preset: 256, description: 'connections served at the same time' },
  'read-deadline-ms': { min: 1, max: 600_000, preset: 5_000, description: 'for a whole request' },
  'write-deadline-ms': { min: 1, max: 600_000, preset: 5_000, description: 'for a whole answer' },
  'grace-ms': {
    min: 0,
    max: 600_000,
    // Longer than the longest /sleep: what is in flight is answered.
    preset: 12_000,
    description: 'for what is in flight when SIGTERM comes',
  },
} as const satisfies Record<string, Rule>;

export type OptionName = keyof typeof OPTION_RULES;
export type OptionValues = Readonly<Record<OptionName, number>>;

const NAMES = Object.keys(OPTION_RULES) as OptionName[];

/** What is said of a wrong name: ../command-line.ts has one, which not every program that runs designs can load. */
type Hint = (wrong: string, names: readonly string[], prefix: string, otherwise: string) => string;

/**
 * Reads pairs of `--name` and number.
 * @param taken - The ones that make a difference; others are refused.
 * @throws CannotRun with what was wrong and what would be right.
 */
export function parseOptions(
  args: readonly string[],
  taken: readonly OptionName[] = NAMES,
  hint: Hint = (_wrong, _names, _prefix, otherwise) => otherwise,
): Partial<OptionValues> {
  const values: Partial<Record<OptionName, number>> = {};
  for (let i = 0; i < args.length; i += 2) {
    const name = NAMES.find((candidate) => args[i] === `--${candidate}`);
    if (name === undefined || !taken.includes(name)) {
      const wrong = args[i] ?? '';
      const all = `, only ${taken.map((option) => `--${option}`).join(', ')}`;
      throw new CannotRun(
        `there is no option '${wrong}' here${hint(wrong.replace(/^-+/, ''), taken, '--', all)}`,
      );
    }
    values[name] = numberFor(name, args[i + 1]);
  }
  return values;
}

function numberFor(name: OptionName, text: string | undefined): number {
  const { min, max } = OPTION_RULES[name];
  const number = /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max)) {
    const got = text === undefined ? 'nothing' : `'${text}'`;
    throw new CannotRun(`--${name} is a whole number from ${min} to ${max}, not ${got}`);
  }
  return number;
}

/** What a design that runs in a process of its own was started with. */
export function ownOptions(): OptionValues {
  const presets = Object.fromEntries(NAMES.map((name) => [name, OPTION_RULES[name].preset]));
  return { ...(presets as Record<OptionName, number>), ...parseOptions(process.argv.slice(2)) };
}

export function argumentsOf(values: Partial<OptionValues>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
