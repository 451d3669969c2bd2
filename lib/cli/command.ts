// command.ts: what the commands of `millrace` have in common.

import { createRequire } from 'node:module';

import { escapeText } from '../show-value.js';
import type { Flag, ParsedFlags } from './flags.js';

/** What the process says with its end. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

export interface Command {
  /** For `millrace --help`. */
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** For its --help. */
  readonly help: string;
  /**
   * Resolves to the exit code, when the command has been started: the process ends when it has nothing more to do.
   * @throws {@link UsageError}
   */
  readonly run: (flags: ParsedFlags) => Promise<number>;
}

/** The command line is wrong: one sentence that says what would be right. */
export class UsageError extends Error {}

/** Could not start, through no fault of the command line: one sentence. */
export function failed(sentence: string): number {
  process.stderr.write(`millrace: ${sentence}\n`);
  return EXIT.failed;
}

export function version(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return version;
}

/** What somebody has typed, safe to print. */
export function quoted(text: string): string {
  return `'${text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => escapeText(character))}'`;
}

/** Colours for a terminal; elsewhere, and with NO_COLOR (no-color.org), the text as it is. */
export function paint(stream: NodeJS.WriteStream, style: 'bold' | 'dim' | 'link', text: string): string {
  const noColor = process.env['NO_COLOR'] ?? '';
  if (!stream.isTTY || noColor !== '' || process.env['TERM'] === 'dumb') return text;
  const code = { bold: '1', dim: '2', link: '36' }[style];
  return `\u001b[${code}m${text}\u001b[0m`;
}
