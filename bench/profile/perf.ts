// perf.ts: where the time goes, by function: samples that Linux' perf takes of a process.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { readable } from './perf-map.js';

/** A prime, so that nothing that happens a thousand times a second is hit each time, or never. */
const SAMPLES_PER_SECOND = 1_999;

export interface HeavyFunction {
  readonly name: string;
  readonly thread: string;
  /** Of all samples, from 0 to 1. */
  readonly share: number;
}

const REPORT_LINE = /^\s*([\d.]+)%\s*;\s*(\d+):([^;]*?)\s*;\[(.)\] (.*?)\s*$/;

/** Why there is no perf to ask; undefined: there is. */
export function whyNoPerf(): string | undefined {
  const { error, status, stderr } = spawnSync(
    'perf',
    ['record', '-q', '-e', 'cpu-clock', '-o', '/dev/null', 'true'],
    { encoding: 'utf8' },
  );
  if (error) return 'perf is not here: apt-get install linux-perf';
  return status === 0 ? undefined : `perf may not look at processes here: ${firstLine(stderr)}`;
}

/** Samples the process for so long; its files go to the folder. Names of JavaScript functions need `--perf-basic-prof`. */
export async function sampleFunctions(
  pid: number,
  seconds: number,
  folder: string,
): Promise<HeavyFunction[]> {
  const data = join(folder, 'perf.data');
  const what = ['-e', 'cpu-clock', '-F', String(SAMPLES_PER_SECOND), '-p', String(pid), '-o', data];
  await succeed('record', '-q', ...what, '--', 'sleep', String(seconds));
  const how = ['--stdio', '-q', '--no-children', '-g', 'none', '--sort', 'pid,sym', '-t', ';'];
  return readPerfReport(await succeed('report', '-i', data, ...how), pid);
}

async function succeed(...args: readonly string[]): Promise<string> {
  const child = spawn('perf', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`perf ${args[0]!} ended with ${String(code)}: ${firstLine(complaint)}`);
  return output;
}

/** `12.34%;TID:name;[k] symbol`, where [k] is the kernel. */
export function readPerfReport(text: string, pid: number): HeavyFunction[] {
  const functions: HeavyFunction[] = [];
  for (const line of text.split('\n')) {
    const [, share, id, comm, where, symbol] = REPORT_LINE.exec(line) ?? [];
    if (share === undefined || comm === undefined || symbol === undefined) continue;
    const name = where === 'k' ? `${symbol} [kernel]` : readable(symbol);
    const thread = Number(id) === pid ? 'main thread' : comm;
    functions.push({ name, thread, share: Number(share) / 100 });
  }
  return functions.sort((a, b) => b.share - a.share);
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
