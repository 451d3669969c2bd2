// script.ts: a piece of JavaScript in a process of its own.

import { spawn, type StdioOptions } from 'node:child_process';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The package's own folder, where `import 'millrace'` finds it. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface ScriptOptions {
  /** Where it runs, and from where its imports are resolved. */
  readonly cwd?: string;
  readonly type?: 'module' | 'commonjs';
  /** Of Node.js. */
  readonly flags?: readonly string[];
  /** Descriptors from 3 on, as in `node:child_process`. */
  readonly more?: readonly unknown[];
}

export interface ScriptEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script to its end; it is killed if the test ends before. */
export function runScript(t: TestContext, source: string, options: ScriptOptions = {}): Promise<ScriptEnd> {
  const { cwd = PACKAGE_ROOT, type = 'module', flags = [], more = [] } = options;
  const child = spawn(process.execPath, [...flags, `--input-type=${type}`, '--eval', source], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe', ...more] as StdioOptions,
  });
  t.after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
}
