// load-body.ts: the body that a client is to send, as the file that it reads it from: it may be too long for an argument.

import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { builtFile } from '../paths.js';

const written = new Map<string, string>();

/** The path of a file that has this content, in the build folder. */
export function bodyFile(body: string): string {
  const known = written.get(body);
  if (known !== undefined) return known;
  const path = builtFile(`load/bodies/${createHash('sha256').update(body).digest('hex').slice(0, 16)}`);
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${String(process.pid)}`;
  writeFileSync(unfinished, body);
  renameSync(unfinished, path);
  written.set(body, path);
  return path;
}
