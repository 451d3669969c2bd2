// serve.ts: `millrace serve`: serves the files of a directory.

import { statSync, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';

import { parseDuration } from '../duration.js';
import { ListenError, OptionError, PlatformError } from '../errors.js';
import { OPTION_RULES, type ServerOptions } from '../options.js';
import { createServer, type Server } from '../server.js';
import type { TcpAddress } from '../server-address.js';
import type { StaticOptions } from '../static-files.js';
import { addressesOf } from './addresses.js';
import { EXIT, failed, paint, quoted, UsageError, type Command } from './command.js';
import { helpOf, numberFlag, type Flag, type ParsedFlags } from './flags.js';
import { restHandler } from './rest-handler.js';

const DEFAULT_PORT = 8080;
const PORTS = { min: 0, max: 65_535 };

const FLAGS: Readonly<Record<string, Flag>> = {
  port: { value: 'PORT', short: 'p', help: `TCP port; 0 picks a free one (default ${DEFAULT_PORT})` },
  host: {
    value: 'HOST',
    help: 'address to listen on; 0.0.0.0 or :: for other machines too (default 127.0.0.1)',
  },
  compression: { help: 'compress, and send siblings that are compressed already: app.js.br, .zst, .gz' },
  listing: { help: 'show what is in directories without index.html' },
  spa: { help: 'answer what is no file with index.html, for apps that route in the browser' },
  'max-age': {
    value: 'TIME',
    help: 'how long browsers keep files without asking again: 1h, "7 days", or seconds (default 0)',
  },
  dotfiles: { help: 'serve files whose names begin with a dot, too' },
  cors: { help: 'let pages of other origins read the files: Access-Control-Allow-Origin: *' },
  reactors: { value: 'N', help: `I/O threads (default ${OPTION_RULES.reactors.preset})` },
  workers: {
    value: 'N',
    help: `threads that look for files and compress (default ${OPTION_RULES.workers.preset})`,
  },
  quiet: { short: 'q', help: 'no line for each request' },
  help: { short: 'h', help: 'this text' },
  version: { help: 'the version' },
};

const HELP = `Usage: millrace serve [DIR] [OPTION]...

Serves the files below DIR, or below the working directory.

${helpOf(FLAGS)}
Ctrl-C ends it when it has answered what it is answering; pressed again, at once.
`;

export const SERVE: Command = { summary: 'serves the files of a directory', flags: FLAGS, help: HELP, run };

interface Wanted {
  readonly directory: string;
  readonly port: number;
  /** Whether the user has said so. */
  readonly isOwnPort: boolean;
  readonly host: string;
  readonly server: ServerOptions;
  readonly files: StaticOptions;
  readonly listing: boolean;
}

async function run(flags: ParsedFlags): Promise<number> {
  const wanted = readFlags(flags);
  try {
    const server = createServer(wanted.server, restHandler(wanted));
    server.static('/', wanted.directory, wanted.files);
    const address = await server.listen({ port: wanted.port, host: wanted.host });
    endOnSignals(server);
    greet(wanted, address);
    return EXIT.done;
  } catch (error) {
    if (error instanceof ListenError) return failed(whyNotListening(error, wanted));
    if (error instanceof OptionError && error.option === 'host') throw badHost(wanted.host);
    // Neither the user's nor a bug: what this machine does not offer.
    if (error instanceof PlatformError || error instanceof OptionError) return failed(error.message);
    throw error;
  }
}

function readFlags(flags: ParsedFlags): Wanted {
  const directory = readDirectory(flags.positionals);
  const isOn = (name: string): boolean => flags.on.has(name);
  if (isOn('spa') && isOn('listing')) {
    throw new UsageError(
      '--spa and --listing exclude each other: with --spa every path that is no file is answered with index.html',
    );
  }
  if (isOn('spa') && lookAt(join(directory, 'index.html'))?.isFile() !== true) {
    throw new UsageError(`--spa needs a file index.html, and ${quoted(directory)} has none`);
  }
  const maxAge = readMaxAge(flags.values.get('max-age'));
  const port = numberFlag(flags, 'port', PORTS);
  return {
    directory,
    port: port ?? DEFAULT_PORT,
    isOwnPort: port !== undefined,
    host: flags.values.get('host') ?? '127.0.0.1',
    listing: isOn('listing'),
    server: {
      reactors: numberFlag(flags, 'reactors', OPTION_RULES.reactors),
      workers: numberFlag(flags, 'workers', OPTION_RULES.workers),
      compression: isOn('compression'),
      accessLog: isOn('quiet') ? false : { format: 'short' },
      // Browsers keep connections open; who presses Ctrl-C does not want to wait for them.
      timeouts: { drainIdleMs: 0 },
    },
    files: {
      maxAge,
      dotfiles: isOn('dotfiles') ? 'allow' : 'ignore',
      precompressed: isOn('compression'),
      fallback: isOn('spa') ? 'index.html' : undefined,
      headers: isOn('cors') ? CORS : undefined,
    },
  };
}

const CORS = { 'Access-Control-Allow-Origin': '*' };

function readDirectory(positionals: readonly string[]): string {
  if (positionals.length > 1) {
    const shown = positionals.map((name) => quoted(name)).join(' ');
    throw new UsageError(`one directory can be served, not ${positionals.length}: ${shown}`);
  }
  const [wanted = '.'] = positionals;
  // What an unset variable of a script becomes; the working directory is not what it means.
  if (wanted === '') throw new UsageError("the directory has no name; '.' is the working directory");
  const directory = resolve(wanted);
  const stats = lookAt(directory);
  if (stats === undefined) throw new UsageError(`the directory ${quoted(directory)} does not exist`);
  if (!stats.isDirectory()) {
    throw new UsageError(`${quoted(directory)} is not a directory; name the one that it is in`);
  }
  return directory;
}

/** Undefined: it is not there. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new UsageError(`${quoted(path)} cannot be looked at: ${WHY_NOT_SEEN[code] ?? String(error)}`);
  }
}

const WHY_NOT_SEEN: Readonly<Record<string, string>> = {
  EACCES: 'this user may not enter a directory above it',
  ELOOP: 'it is a symbolic link that leads back to itself',
  ENAMETOOLONG: 'the name is longer than a file system has any',
};

/** A plain number is seconds, as in the field that it becomes. */
function readMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const maxAge = /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  const YEAR_MS = 31_557_600_000;
  if (maxAge !== undefined && maxAge <= YEAR_MS) return maxAge;
  throw new UsageError(
    `--max-age must be a time such as 1h or '7 days', or seconds, a year at most, not ${quoted(text)}`,
  );
}

function badHost(host: string): UsageError {
  return new UsageError(`--host takes an address or a name of this machine, not ${quoted(host)}`);
}

function greet({ directory, host }: Wanted, address: TcpAddress): void {
  const out = process.stdout;
  const urls = addressesOf(host, address).map((url) => `  ${paint(out, 'link', url)}\n`);
  out.write(`${paint(out, 'bold', 'millrace')} serves ${directory}\n\n${urls.join('')}\n`);
  if (out.isTTY) out.write(`${paint(out, 'dim', 'Ctrl-C ends it.')}\n\n`);
}

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;
const EXIT_BY_SIGNAL = 128;

function endOnSignals(server: Server): void {
  let isEnding = false;
  for (const [signal, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.on(signal, () => {
      // As shells say it of those that a signal has ended.
      if (isEnding) process.exit(EXIT_BY_SIGNAL + number);
      isEnding = true;
      if (process.stderr.isTTY) process.stderr.write(' ending; once more ends it at once\n');
      // Signals are listened to, which holds up no process: it ends when the server has.
      void server.close();
    });
  }
}

function whyNotListening(error: ListenError, { host, port, isOwnPort }: Wanted): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return isOwnPort
        ? `port ${port} of ${host} is taken; --port 0 picks a free one`
        : `port ${port} of ${host}, the default, is taken; --port 0 picks a free one, --port ${port + 1} that one`;
    case 'EACCES':
      return `port ${port} needs rights that this process does not have; ports from 1024 on need none`;
    case 'EADDRNOTAVAIL':
      return `${quoted(host)} is no address of this machine; 127.0.0.1 is, and 0.0.0.0 means all of them`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `there is no host ${quoted(host)}; --host takes an address or a name of this machine`;
    default:
      return `cannot listen on ${host}, port ${port}: ${error.message}`;
  }
}
