// example.ts: a compiled example as a process of its own, for the length of one test.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** How a process ended: by itself, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const ADDRESS = /http:\/\/127\.0\.0\.1:(\d+)/;

/** Longest wait for an address or an end: it ends tests, it times nothing. */
const PATIENCE_MS = 20_000;

export class Example {
  readonly #child: ChildProcess;
  readonly #exit: Promise<Exit>;
  #output = '';
  #errors = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    // `close`, not `exit`: by then all that it has written is here.
    this.#exit = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
  }

  /**
   * Runs `examples/<name>.ts`.
   * @param port - What PORT is; 0: any free one.
   * @param env - What else its environment has.
   */
  static run(
    t: TestContext,
    name: string,
    port: number | string = 0,
    env: Readonly<Record<string, string>> = {},
  ): Example {
    const program = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
    return Example.#runFile(t, program, port, env);
  }

  /** Runs it, and waits until it has said where it listens. */
  static async start(
    t: TestContext,
    name: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Example> {
    const example = Example.run(t, name, 0, env);
    await example.printed(ADDRESS);
    return example;
  }

  /** The same for any program. */
  static async startFile(t: TestContext, program: string): Promise<Example> {
    const example = Example.#runFile(t, program, 0, {});
    await example.printed(ADDRESS);
    return example;
  }

  static #runFile(
    t: TestContext,
    program: string,
    port: number | string,
    env: Readonly<Record<string, string>>,
  ): Example {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, ...env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.after(() => child.kill('SIGKILL'));
    return new Example(child);
  }

  get port(): number {
    return Number(ADDRESS.exec(this.#output)?.[1]);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output;
  }
  get errors(): string {
    return this.#errors;
  }

  /** Waits until it has written something to its standard output. */
  async printed(what: RegExp): Promise<void> {
    const end = AbortSignal.timeout(PATIENCE_MS);
    const over = this.#exit.then(() => true);
    while (!what.test(this.#output)) {
      const isOver = await Promise.race([once(this.#child.stdout!, 'data', { signal: end }), over]);
      if (isOver === true && !what.test(this.#output)) {
        assert.fail(`it ended without writing ${String(what)}: ${this.#output}${this.#errors}`);
      }
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for its end. */
  ended(): Promise<Exit> {
    return this.#exit;
  }

  /** Asks it to end, and waits until it has. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(signal);
    return this.#exit;
  }
}

/** What a process that was asked to end has to do. */
export const ORDERLY: Exit = { code: 0, signal: null };
