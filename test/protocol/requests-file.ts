// requests-file.ts: the table's requests as a text that native tests read, test/protocol/requests.txt.
//
//   node out/test/protocol/requests-file.js     writes it anew, after rows have changed

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../helpers/script.js';
import { TABLE } from './cases/table.js';

export const REQUESTS_FILE = join(PACKAGE_ROOT, 'test/protocol/requests.txt');

/** Longer requests are about limits, and would be most of the file. */
const SHORT_BYTES = 600;
/** Of a row with many variants, so many: native tests try every byte at every place by themselves. */
const VARIANTS = 3;

/** A line for each request: the row, a tab, and the bytes. */
export function requestsText(): string {
  const lines = TABLE.flatMap(({ name, rows }) =>
    rows.flatMap(({ id, bytes }) =>
      [bytes]
        .flat()
        .slice(0, VARIANTS)
        .filter(({ length }) => length > 0 && length <= SHORT_BYTES)
        .map((request) => `${name}/${id}\t${escaped(request)}\n`),
    ),
  );
  return lines.join('');
}

/** Visible characters and spaces as they are, but for the backslash; all else as `\xHH`, or as C writes it. */
function escaped(bytes: string): string {
  const short: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\\': '\\\\' };
  return bytes.replaceAll(
    /[^ -[\]-~]/g,
    (c) => short[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

if (import.meta.filename === process.argv[1]) writeFileSync(REQUESTS_FILE, requestsText());
