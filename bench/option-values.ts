// option-values.ts: values on the command line, checked.

import { quoted } from '#lib/cli/command.js';
import { CannotRun } from './cannot-run.js';
import { hintAt } from './command-line.js';

export function wholeNumber(
  option: string,
  text: string | undefined,
  preset: number,
  max: number,
  min = 1,
): number {
  if (text === undefined) return preset;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new CannotRun(`${option} takes a whole number from ${min} to ${max}, not ${quoted(text)}`);
  return value;
}

/** The named ones of those that are known; all of them where nothing is named. */
export function pick<T>(
  option: string,
  text: string | undefined,
  known: readonly T[],
  nameOf: (item: T) => string,
): readonly T[] {
  if (text === undefined) return known;
  const names = text.split(',');
  const unknown = names.find((name) => !known.some((item) => nameOf(item) === name));
  if (unknown !== undefined) throw unknownName(option, unknown, known.map(nameOf));
  return known.filter((item) => names.includes(nameOf(item)));
}

/** With the nearest name, or where none is near, with all of them. */
export function unknownName(option: string, name: string, known: readonly string[]): CannotRun {
  return new CannotRun(
    `${option} does not know ${quoted(name)}${hintAt(name, known, '', `; it knows ${known.join(', ')}`)}`,
  );
}
