// command-line.ts: takes the command line of a program of the bench apart; what is wrong with it is one sentence.

import { parseArgs } from 'node:util';

import { quoted } from '#lib/cli/command.js';
import { nearestName } from '#lib/near-miss.js';
import { CannotRun } from './cannot-run.js';

/** Whether an option is followed by a value. */
type Kind = 'string' | 'boolean';

export interface CommandLine<Kinds extends Readonly<Record<string, Kind>>> {
  readonly values: {
    readonly [Name in keyof Kinds]?: Kinds[Name] extends 'string' ? string : boolean;
  };
  /** -h or --help, which every program has. */
  readonly help: boolean;
  readonly positionals: readonly string[];
}

/**
 * The last one counts where an option is repeated.
 * @param program - As it is called, for the way to its help.
 * @throws CannotRun naming what is no option, or has no value, and the nearest right name.
 */
export function readCommandLine<const Kinds extends Readonly<Record<string, Kind>>>(
  program: string,
  args: readonly string[],
  kinds: Kinds,
): CommandLine<Kinds> {
  const types = Object.entries<Kind>(kinds).map(([name, type]) => [name, { type }] as const);
  // Not strict: its messages are several sentences.
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(types), help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, string | boolean> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const kind = name === 'help' ? 'boolean' : Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined)
      throw new CannotRun(
        `there is no option ${quoted(rawName)}${hintAt(name, Object.keys(kinds), '--', ` (${program} -- --help)`)}`,
      );
    if (kind === 'boolean' && value !== undefined) throw new CannotRun(`${rawName} takes no value`);
    // `--json --only x` forgets a value; one that begins with a hyphen is written --json=-x. `-` is stdout.
    const isForgotten = !value || (!inlineValue && value !== '-' && value.startsWith('-'));
    if (kind === 'string' && isForgotten)
      throw new CannotRun(`${rawName} needs a value (${program} -- --help)`);
    values[name] = value ?? true;
  }
  const { help, ...rest } = values;
  return { values: rest as CommandLine<Kinds>['values'], help: help === true, positionals };
}

/** " (did you mean --rounds?)", or what stands in its place where no name is near. */
export function hintAt(wrong: string, names: readonly string[], prefix = '', otherwise = ''): string {
  const near = nearestName(wrong, names);
  return near === undefined ? otherwise : ` (did you mean ${prefix}${near}?)`;
}
