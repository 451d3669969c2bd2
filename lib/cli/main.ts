#!/usr/bin/env node
// main.ts: the command `millrace`: finds out which of its commands is meant.

import { nearestName } from '../near-miss.js';
import { EXIT, failed, quoted, UsageError, version, type Command } from './command.js';
import { parseFlags } from './flags.js';
import { LOAD } from './load.js';
import { SERVE } from './serve.js';

const COMMANDS: Readonly<Record<string, Command>> = { serve: SERVE, load: LOAD };

function usage(): string {
  const rows = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  millrace ${name.padEnd(8)}${summary}\n`,
  );
  return `Usage: millrace COMMAND [OPTION]...\n\n${rows.join('')}\n\`millrace COMMAND --help\` says more about one.\n`;
}

async function main(args: readonly string[]): Promise<number> {
  // `help serve` is what `serve --help` is.
  const [name, ...rest] = args[0] === 'help' && args.length > 1 ? [...args.slice(1), '--help'] : args;
  if (name === '--help' || name === '-h' || name === 'help') return printed(usage());
  if (name === '--version') return printed(`${version()}\n`);
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (name === undefined || command === undefined) throw new UsageError(noSuchCommand(name));
    const flags = parseFlags(name, command.flags, rest);
    if (flags.on.has('help')) return printed(command.help);
    if (flags.on.has('version')) return printed(`${version()}\n`);
    return await command.run(flags);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`millrace: ${error.message}\n`);
    return EXIT.usage;
  }
}

function printed(text: string): number {
  process.stdout.write(text);
  return EXIT.done;
}

function noSuchCommand(name: string | undefined): string {
  const names = Object.keys(COMMANDS);
  if (name === undefined) return `which command? There is ${names.join(', ')}; \`millrace --help\` says more`;
  const near = nearestName(name, names);
  const hint = near === undefined ? `there is ${names.join(', ')}` : `did you mean '${near}'?`;
  return `there is no command ${quoted(name)}; ${hint}`;
}

// Once: what is written behind it fails too.
process.stdout
  .on('error', () => undefined)
  .once('error', (error: NodeJS.ErrnoException) => {
    // What a reader of ours that has gone does not take is nobody's loss.
    if (error.code === 'EPIPE') return;
    process.exitCode = failed(`the output cannot be written: ${error.message}`);
  });
const exitCode = await main(process.argv.slice(2));
// Not process.exit(): what has been written to a pipe has to leave first.
process.exitCode ??= exitCode;
