// design-process.ts: one of bench/designs as a process, for the length of one test.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';

import { ADDRESS, commandOf } from '../../bench/designs/command.js';
import { designNamed } from '../../bench/designs/index.js';
import type { OptionValues } from '../../bench/designs/options.js';
import { Client } from '../helpers/client.js';
import type { Exit } from '../helpers/example.js';
import { until } from '../helpers/promises.js';

export class DesignProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<Exit>;
  readonly #clients: Client[] = [];
  #output = '';
  #errors = '';

  private constructor(t: TestContext, child: ChildProcess) {
    this.#child = child;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.#exit = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
    t.after(async () => {
      for (const client of this.#clients) client.destroy();
      // What it has to clean up itself, such as processes of its own, is cleaned up on SIGTERM only.
      child.kill('SIGTERM');
      const late = setTimeout(() => {
        // They have its output open: it counts as running until they have ended.
        for (const pid of this.children()) process.kill(pid, 'SIGKILL');
        child.kill('SIGKILL');
      }, 1_000);
      await this.#exit;
      clearTimeout(late);
    });
  }

  /** Starts it, and waits until it has said where it serves. Fails where it is not available: tests skip those before. */
  static async start(
    t: TestContext,
    name: string,
    values: Partial<OptionValues> = {},
  ): Promise<DesignProcess> {
    const design = designNamed(name) ?? assert.fail(`no design is called ${name}`);
    const { file, args } = commandOf(design, { port: 0, ...values });
    const started = new DesignProcess(t, spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    const child = started.#child;
    await until(
      `${name} serves`,
      () => ADDRESS.test(started.#output) || child.exitCode !== null || child.signalCode !== null,
    );
    assert.match(started.#output, ADDRESS, `${name} has ended: ${started.#errors}`);
    return started;
  }

  get port(): number {
    return Number(ADDRESS.exec(this.#output)?.[1]);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What it has written to its standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Destroyed at the end of the test. */
  async connect(): Promise<Client> {
    const client = await Client.open({ port: this.port });
    this.#clients.push(client);
    return client;
  }

  /** Asks it to end. */
  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  ended(): Promise<Exit> {
    return this.#exit;
  }

  /** Names and CPU time of its threads, as the kernel has them. */
  threads(): { readonly name: string; readonly cpuNs: number }[] {
    const folder = `/proc/${this.pid}/task`;
    return readdirSync(folder).flatMap((id) => {
      try {
        const name = readFileSync(`${folder}/${id}/comm`, 'utf8').trim();
        const [cpuNs] = readFileSync(`${folder}/${id}/schedstat`, 'utf8').split(' ');
        return [{ name, cpuNs: Number(cpuNs) }];
      } catch {
        return []; // it has ended meanwhile
      }
    });
  }

  /** Numbers of the processes that it has started. */
  children(): number[] {
    return readdirSync(`/proc/${this.pid}/task`).flatMap((id) =>
      readFileSync(`/proc/${this.pid}/task/${id}/children`, 'utf8')
        .split(' ')
        .filter((text) => text !== '')
        .map(Number),
    );
  }
}

/** Sends, and waits until the kernel has all of it: what is sent after this comes after it. */
export function sendFlushed(client: Client, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.socket.write(text, 'latin1', (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
