// machine.ts: what must stand beside every figure: where, and with what, it was measured.

import { spawnSync } from 'node:child_process';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { repository } from '../paths.js';
import { compiler } from './programs.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly architecture: string;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** What sent the requests, and its version. */
  readonly client: string;
  readonly compiler: string;
  /** Short hash, with `+` when the work tree differs from it. */
  readonly commit: string;
  readonly date: string;
  /** Load average of the last minute when the bench began: what else is running. */
  readonly load: number;
}

export function describeMachine(client: string): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown processor',
    cores: processors.length,
    architecture: arch(),
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    client,
    compiler: firstLine(compiler, '--version') ?? `no ${compiler}`,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    load: loadavg()[0] ?? 0,
  };
}

function commit(): string {
  const hash = firstLine('git', 'rev-parse', '--short', 'HEAD');
  if (hash === null) return 'unknown';
  return firstLine('git', 'status', '--porcelain') === null ? hash : `${hash}+`;
}

function firstLine(program: string, ...args: string[]): string | null {
  const { status, stdout } = spawnSync(program, args, { cwd: repository, encoding: 'utf8' });
  const line = status === 0 ? stdout.split('\n')[0] : '';
  return line === undefined || line === '' ? null : line;
}
