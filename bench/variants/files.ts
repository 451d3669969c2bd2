// files.ts: what the servers of the files suite serve.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file of so many bytes. */
export const FILE_BYTES = {
  'file-1k': 1024,
  'file-100k': 100 * 1024,
  'file-10m': 10 * 1024 * 1024,
} as const;

/** Applications of the files suite: a directory with one file of each size, an answer to be compressed, a hash. */
export type FilesApplication = keyof typeof FILE_BYTES | 'gzip-json' | 'native-hash';

/** Where the directory is, for the servers. */
export const FILES_VARIABLE = 'MILLRACE_BENCH_FILES';

/** Text, so that answers can be compared as such; no two lines are the same. */
export function contentsOf(name: keyof typeof FILE_BYTES): string {
  const line = (n: number): string => `${String(n).padStart(15, '0')}\n`;
  return Array.from({ length: FILE_BYTES[name] / 16 }, (_, n) => line(n)).join('');
}

export function filePath(name: keyof typeof FILE_BYTES): string {
  return `/${name}.txt`;
}

let directory: string | undefined;

/** Made at the first use, and removed when the bench leaves. */
export function filesDirectory(): string {
  if (directory !== undefined) return directory;
  const made = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  process.on('exit', () => {
    rmSync(made, { recursive: true, force: true });
  });
  for (const name of Object.keys(FILE_BYTES) as (keyof typeof FILE_BYTES)[]) {
    writeFileSync(join(made, filePath(name)), contentsOf(name));
  }
  directory = made;
  return made;
}

/** About 20 KB, as an API answers it. */
export const JSON_TEXT = JSON.stringify(
  Array.from({ length: 130 }, (_, n) => ({
    id: 10_000 + n,
    name: `Customer number ${String(n)}`,
    email: `customer${String(n * 7919)}@example.org`,
    created: new Date(1_700_000_000_000 + n * 86_400_000).toISOString(),
    balance: (n * 2_654_435_761) % 100_000,
    tags: ['alpha', 'beta', n % 3 === 0 ? 'gold' : 'plain'],
  })),
);
