// flags.ts: takes a command line apart, from a table of its flags.

import { parseArgs } from 'node:util';

import { nearestName } from '../near-miss.js';
import { quoted, UsageError } from './command.js';

export interface Flag {
  /** What its value is called in the help; undefined: it has none. */
  readonly value?: string;
  readonly short?: string;
  /** Its value may be the empty string. */
  readonly mayBeEmpty?: true;
  readonly help: string;
}

export interface ParsedFlags {
  /** Flags without a value that are there. */
  readonly on: ReadonlySet<string>;
  /** Values of the others, by name. The last one counts. */
  readonly values: ReadonlyMap<string, string>;
  /** All of them in their order, for flags that may be repeated. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

/** @throws {@link UsageError} */
export function parseFlags(
  command: string,
  flags: Readonly<Record<string, Flag>>,
  args: readonly string[],
): ParsedFlags {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, short }]) => {
      const type = value === undefined ? ('boolean' as const) : ('string' as const);
      return [name, short === undefined ? { type } : { type, short }];
    }),
  );
  // Not strict: its messages are several sentences.
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const on = new Set<string>();
  const values = new Map<string, string>();
  const lists = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(command, flags, token.rawName);
    if (flag.value === undefined) {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
      on.add(token.name);
    } else {
      // `--host --quiet` forgets a value; one that begins with a hyphen is written --host=-x.
      const { value } = token;
      const isEmpty = value === '' && flag.mayBeEmpty !== true;
      if (value === undefined || isEmpty || (!token.inlineValue && value.startsWith('-'))) {
        throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${flag.value}`);
      }
      values.set(token.name, value);
      lists.set(token.name, [...(lists.get(token.name) ?? []), value]);
    }
  }
  return { on, values, lists, positionals };
}

/** @throws {@link UsageError} unless it is an integer in this range. */
export function numberFlag(
  flags: ParsedFlags,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = flags.values.get(name);
  if (text === undefined) return undefined;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${name} must be a number from ${min} to ${max}, not ${quoted(text)}`);
}

export function helpOf(flags: Readonly<Record<string, Flag>>): string {
  const rows = Object.entries(flags).map(([name, { value, short, help }]): [string, string] => {
    const long = `--${name}${value === undefined ? '' : ` ${value}`}`;
    return [`${short === undefined ? '    ' : `-${short}, `}${long}`, help];
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}\n`).join('');
}

function unknownFlag(command: string, flags: Readonly<Record<string, Flag>>, rawName: string): UsageError {
  const near = nearestName(rawName.replace(/^-+/, ''), Object.keys(flags));
  const hint =
    near === undefined ? `\`millrace ${command} --help\` lists the flags` : `did you mean --${near}?`;
  return new UsageError(`there is no flag ${quoted(rawName)}; ${hint}`);
}
