// server-process.ts: one server under test: a child of the bench, asked over IPC, ended through its own handle.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtFile } from '../paths.js';
import type { Filed, ServerName, Threaded } from '../scenario.js';
import type { Application } from '../variants/applications.js';
import type { Answers, Question } from '../variants/control.js';
import { FILES_VARIABLE, filesDirectory } from '../variants/files.js';
import { ITERATIONS_VARIABLE } from '../variants/work.js';
import { iterationsPerMs } from './calibration.js';
import { OWN_SESSION } from './own-session.js';
import { buildProgram } from './programs.js';
import { spawnNginx } from './nginx.js';
import { buildHashLibrary } from './native-handler.js';

/** What starting may take, a cold page cache included. */
const START_MS = 20_000;
/** A server that has not left this long after SIGTERM is killed, and reported. */
const LEAVE_MS = 5_000;

/** How a server in Node is started, where it is not just measured. */
export interface Launch {
  /** A command that runs Node, such as valgrind with its options. */
  readonly under?: readonly string[];
  readonly nodeOptions?: readonly string[];
}

export class ServerProcess {
  readonly name: ServerName;
  readonly port: number;
  readonly pid: number;
  /** Whether handlers run in the main thread of the process, which then is what is left for the application. */
  readonly hasJsThread: boolean;
  readonly #child: ChildProcess;

  private constructor(
    name: ServerName,
    hasJsThread: boolean,
    child: ChildProcess,
    pid: number,
    port: number,
  ) {
    this.name = name;
    this.hasJsThread = hasJsThread;
    this.#child = child;
    this.pid = pid;
    this.port = port;
  }

  /** @throws Error when the server ends, or says nothing, before it has printed its port. */
  static async start(
    name: ServerName,
    application: Application | Threaded | Filed,
    launch: Launch = {},
  ): Promise<ServerProcess> {
    if (name === 'nginx') return ServerProcess.#startNginx();
    const isThreaded = typeof application !== 'string' && 'threads' in application;
    const child = spawnServer(name, application, launch);
    running.add(child);
    child.once('exit', () => running.delete(child));
    try {
      const port = Number(await firstLine(child));
      if (child.pid === undefined) throw new Error('could not be started');
      const hasJsThread = isThreaded ? name === 'main-thread' : name !== 'floor';
      return new ServerProcess(name, hasJsThread, child, child.pid, port);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  static async #startNginx(): Promise<ServerProcess> {
    const { child, port } = await spawnNginx(filesDirectory());
    running.add(child);
    child.once('exit', () => running.delete(child));
    return new ServerProcess('nginx', false, child, child.pid ?? 0, port);
  }

  /** Asks over IPC, so that no connection of the asking is among those that are measured. */
  async ask<Q extends Question>(question: Q): Promise<Answers[Q]> {
    this.#child.send(question);
    const ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`ended with ${String(code)} when asked for ${question}`);
    });
    const [answer] = (await Promise.race([once(this.#child, 'message'), ended])) as [Answers[Q]];
    return answer;
  }

  /** How the process ended, and null while it runs. */
  get ended(): string | null {
    const { exitCode, signalCode } = this.#child;
    return signalCode ?? (exitCode === null ? null : `exit code ${exitCode}`);
  }

  /** @throws Error when it had ended before it was asked to, or does not leave. */
  async stop(): Promise<void> {
    if (this.ended !== null) throw new Error(`ended by itself with ${this.ended}`);
    const left = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), LEAVE_MS);
    await left;
    clearTimeout(late);
    if (this.#child.signalCode === 'SIGKILL')
      throw new Error(`did not leave within ${LEAVE_MS} ms of SIGTERM`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Children of this process that have not ended: what must not be left behind. */
const running = new Set<ChildProcess>();

export function killServers(): void {
  for (const child of running) child.kill('SIGKILL');
}

function spawnNode(
  { under = [], nodeOptions = [] }: Launch,
  env: NodeJS.ProcessEnv,
  file: string,
  ...args: readonly string[]
): ChildProcess {
  // A forced collection before memory is read tells what is kept from what is only not yet collected.
  const script = ['--expose-gc', ...nodeOptions, builtFile(`variants/${file}`), ...args];
  const [program, ...rest] = [...under, process.execPath, ...script];
  return spawn(program!, rest, { ...OWN_SESSION, stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env });
}

function spawnServer(
  name: ServerName,
  application: Application | Threaded | Filed,
  launch: Launch,
): ChildProcess {
  if (typeof application === 'string') {
    if (name === 'two-reactors') return spawnNode(launch, process.env, 'millrace.js', application, '2');
    return name === 'floor'
      ? spawnFloor(application)
      : spawnNode(launch, process.env, `${name}.js`, application);
  }
  if ('threads' in application) return spawnThreaded(name, application, launch);
  if (application.files === 'native-hash') {
    const how = name === 'millrace' ? ['native', buildHashLibrary()] : ['js'];
    return spawnNode(launch, process.env, 'hash.js', ...how);
  }
  const env = { ...process.env, [FILES_VARIABLE]: filesDirectory() };
  return spawnNode(launch, env, name === 'millrace' ? 'millrace-files.js' : `${name}.js`, application.files);
}

/** Servers that have as many threads whatever the scenario says. */
const FIXED_THREADS: Partial<Record<ServerName, number>> = { 'main-thread': 0, 'one-thread': 1 };

function spawnThreaded(name: ServerName, { threads }: Threaded, launch: Launch): ChildProcess {
  const file = name === 'cluster' ? 'cluster.js' : 'millrace-threads.js';
  const env = { ...process.env, [ITERATIONS_VARIABLE]: String(iterationsPerMs()) };
  return spawnNode(launch, env, file, String(FIXED_THREADS[name] ?? threads));
}

function spawnFloor(application: Application): ChildProcess {
  const file = buildProgram('variants/floor');
  return spawn(file, [application], { ...OWN_SESSION, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('has no stdout');
  const done = new AbortController();
  const line = once(createInterface(child.stdout), 'line').then(([text]) => text as string);
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`ended with ${String(code ?? signal)} before it listened`);
  });
  const late = sleep(START_MS, undefined, { signal: done.signal }).then(() => {
    throw new Error(`did not listen within ${START_MS} ms`);
  });
  try {
    return await Promise.race([line, ended, late]);
  } finally {
    done.abort();
  }
}
