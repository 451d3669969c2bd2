// subject.ts: starts a test application as a process of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Clocks } from './clocks.js';

/** Short enough to wait for, long enough that a busy machine does not make them strike where they should not. */
export const CLOCKS: Clocks = { header: 2000, body: 3000, keepAlive: 2500 };

export interface RunningApp {
  readonly port: number;
  readonly clocks: Clocks;
  /** Ends it, and waits until it has ended. */
  readonly stop: () => Promise<void>;
}

const ADDRESS = /listening on http:\/\/127\.0\.0\.1:(\d+)\n/;

/** @param name - `millrace-app` or `node-app`. */
export async function startApp(name: string, clocks = CLOCKS): Promise<RunningApp> {
  const program = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const times = [clocks.header, clocks.body, clocks.keepAlive].join(',');
  const child = spawn(process.execPath, [program, '0', times], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout as AsyncIterable<string>) {
    output += text;
    if (ADDRESS.test(output)) break;
  }
  const port = Number(ADDRESS.exec(output)?.[1]);
  if (Number.isNaN(port)) throw new Error(`${name} has ended without listening`);
  return {
    port,
    clocks,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
