// cli.ts: runs the command `millrace`, in a process of its own and beside a folder of its own.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

import { PACKAGE_ROOT } from '../helpers/script.js';

export const MAIN = join(PACKAGE_ROOT, 'dist/cli/main.js');
/** One that hangs is killed, and so ends by SIGKILL. */
const LONGEST_MS = 60_000;

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<CommandEnd>;
  /** Resolves when stdout, as far as it has come, matches; rejects when the command ends before. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
}

export interface Place {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Output is a terminal so wide, and all of it is stdout. Needs {@link CAN_HAVE_TERMINAL}. */
  readonly terminalColumns?: number;
}

/** util-linux has a command that runs another one on a terminal. */
export const CAN_HAVE_TERMINAL = hasTerminals();

/** Starts `millrace ARGS`; it is killed when the test ends. */
export function startCommand(t: TestContext, args: readonly string[], place: Place = {}): Running {
  const { cwd, env, terminalColumns } = place;
  const words = [process.execPath, MAIN, ...args];
  const [file, ...rest] = terminalColumns === undefined ? words : onTerminal(words, terminalColumns);
  const child = spawn(file!, rest, {
    cwd: cwd ?? PACKAGE_ROOT,
    env: { ...process.env, NO_COLOR: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  t.after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(stdout);
        if (found !== null) resolve(found);
      };
      child.stdout.on('data', look);
      look();
      void ended.then((end) => {
        reject(new Error(`it ended without printing ${String(pattern)}: ${JSON.stringify(end)}`));
      });
    });
  return { process: child, ended, printed };
}

function hasTerminals(): boolean {
  const { error, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return error === undefined && stdout.includes('util-linux');
}

function onTerminal(words: readonly string[], columns: number): string[] {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['script', '-qefc', `stty cols ${String(columns)} && exec ${quoted}`, '/dev/null'];
}

export function runCommand(t: TestContext, args: readonly string[], place?: Place): Promise<CommandEnd> {
  return startCommand(t, args, place).ended;
}

export interface Serving extends Running {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
}

/** `millrace serve` on a free port. */
export async function startServe(
  t: TestContext,
  directory: string,
  flags: readonly string[] = [],
): Promise<Serving> {
  const running = startCommand(t, ['serve', directory, '--port', '0', ...flags]);
  const [, port = ''] = await running.printed(/http:\/\/[^\s]+:(\d+)\/\n/);
  const url = `http://127.0.0.1:${port}`;
  return {
    ...running,
    url,
    port: Number(port),
    get: (path, init) => fetch(url + path, { redirect: 'manual', ...init }),
  };
}

/** A folder with these files until the test ends. */
export function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-serve-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  }
  return folder;
}
