// run.ts: `npm run design -- NAME [--port N]`: runs one design until Ctrl-C; without a name it lists them.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { quoted } from '#lib/cli/command.js';
import { CannotRun } from '../cannot-run.js';
import { hintAt } from '../command-line.js';
import { Terminal } from '../report/terminal.js';
import { commandOf } from './command.js';
import { DESIGNS, designNamed } from './index.js';
import { printDesigns } from './list.js';
import { OPTION_RULES, parseOptions } from './options.js';

const USAGE_ERROR = 2;

const [name, ...args] = process.argv.slice(2);
try {
  if (name === undefined || name === '--help' || name === '-h')
    printDesigns(new Terminal(process.stdout), DESIGNS);
  else await run(name, args);
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  console.error(`design: ${error.message}.`);
  process.exitCode = USAGE_ERROR;
}

async function run(wanted: string, given: readonly string[]): Promise<void> {
  const design = designNamed(wanted);
  if (!design) {
    const names = DESIGNS.map((one) => one.name);
    throw new CannotRun(
      `there is no design ${quoted(wanted)}${hintAt(wanted, names, '', `, only ${names.join(', ')}`)}`,
    );
  }
  const values = parseOptions(given, design.options, hintAt);
  await checkPort(values.port ?? OPTION_RULES.port.preset);
  const command = commandOf(design, values);
  const child = spawn(command.file, command.args, {
    // A channel tells a Node.js when this process has been killed.
    stdio: command.file === process.execPath ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
    // A group of its own: Ctrl-C reaches it once, from here, and not from the terminal as well.
    detached: true,
  });
  let isAsked = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Each comes once, also where npm passes it on besides: scripts/run.mjs drops the echo.
    process.on(signal, () => {
      // Whoever asks a second time does not want to wait.
      if (isAsked) killGroup(child);
      else child.kill('SIGTERM');
      isAsked = true;
    });
  }
  child.once('error', (error) => {
    console.error(`design: ${wanted} could not be started: ${error.message}.`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    if (signal !== null) console.error(`design: ${wanted} was ended by ${signal}.`);
    process.exitCode = code ?? 1;
  });
}

/** With the processes that it has started: one that blocks would not notice that the first one has gone. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  // Once it has ended, its number may be somebody else's.
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}

/** Here, because each design would say it in its own way. */
async function checkPort(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw new CannotRun(message);
    throw new CannotRun(`port ${port} is taken; choose another one: --port ${port + 1}`);
  }
  server.close();
  await once(server, 'close');
}
