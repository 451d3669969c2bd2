// perf-map.ts: names of the functions that V8 has compiled, as it writes them with --perf-basic-prof.

import { readFileSync, rmSync } from 'node:fs';

/** What `perf` looks for by itself, and where Node.js writes it: one line for each piece of code, later ones count. */
function perfMapFile(pid: number): string {
  return `/tmp/perf-${String(pid)}.map`;
}

export interface CompiledCode {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** `start size name`, in hexadecimal. */
const LINE = /^([0-9a-f]+) ([0-9a-f]+) (.+)$/;

const expected = new Set<number>();

export class PerfMap {
  /** By start. */
  readonly #code: readonly CompiledCode[];

  constructor(text: string) {
    const byStart = new Map<number, CompiledCode>();
    for (const line of text.split('\n')) {
      const [, start, size, name] = LINE.exec(line) ?? [];
      if (start === undefined || size === undefined || name === undefined) continue;
      const from = Number.parseInt(start, 16);
      byStart.set(from, { start: from, end: from + Number.parseInt(size, 16), name: readable(name) });
    }
    this.#code = [...byStart.values()].sort((a, b) => a.start - b.start);
  }

  /** That of a process; empty where there is none. */
  static of(pid: number): PerfMap {
    try {
      return new PerfMap(readFileSync(perfMapFile(pid), 'utf8'));
    } catch {
      return new PerfMap('');
    }
  }

  /** The process will write one, and leave it behind. */
  static expect(pid: number): void {
    expected.add(pid);
  }

  static removeExpected(): void {
    for (const pid of expected) rmSync(perfMapFile(pid), { force: true });
  }

  /** The function whose code is there. */
  nameAt(address: number): string | undefined {
    let low = 0;
    let high = this.#code.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#code[middle]!.start <= address) low = middle + 1;
      else high = middle;
    }
    const code = this.#code[low - 1];
    return code !== undefined && address < code.end ? code.name : undefined;
  }
}

/** "JS:*drain file:///folder/dist/channel.js:57:13" is "drain (channel.js)". The mark before it is the compiler's. */
export function readable(name: string): string {
  const [, what, where] =
    /^(?:JS|Eval|LazyCompile|Function):[*^~+]*\s*(\S*) (\S+?)(?::\d+)*$/.exec(name) ?? [];
  if (what === undefined || where === undefined) return name;
  return `${what || '(anonymous)'} (${where.slice(where.lastIndexOf('/') + 1)})`;
}
