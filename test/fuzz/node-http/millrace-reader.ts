// millrace-reader.ts: what millrace's parser and chunked decoder make of bytes, by way of read_requests.cc.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../../helpers/script.js';
import type { Reading, ReadRequest } from './reading.js';

/** Where the build of the native tests puts it. */
export const DEFAULT_READER = join(PACKAGE_ROOT, 'out/native/read_requests');

/** A line of output can be six times as long as its case. */
const MAX_OUTPUT_BYTES = 2 ** 29;

/** As read_requests.cc writes it: the trailer section is one text. */
type ReaderLine = Omit<Reading, 'requests'> & {
  readonly requests: readonly {
    readonly bytes: number;
    readonly request: Omit<ReadRequest, 'trailers'> & { readonly trailers: string };
  }[];
};

export interface MillraceReading extends Reading {
  /** Length in bytes of each of the requests. */
  readonly sizes: readonly number[];
}

/**
 * Reads each of the cases as all that a client sends.
 * @param cases - One character for each byte.
 */
export function readWithMillrace(cases: readonly string[], reader = DEFAULT_READER): MillraceReading[] {
  const { status, signal, stdout, stderr, error } = spawnSync(reader, {
    input: Buffer.concat(cases.flatMap((bytes) => [lengthOf(bytes), Buffer.from(bytes, 'latin1')])),
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${reader} ended with ${String(status ?? signal)}: ${stderr}`);
  const lines = stdout.split('\n').slice(0, -1);
  if (lines.length !== cases.length) throw new Error(`${reader} left out cases`);
  return lines.map((line) => {
    const { requests, end, reason } = JSON.parse(line) as ReaderLine;
    return {
      requests: requests.map(({ request }) => ({ ...request, trailers: fieldsOf(request.trailers) })),
      sizes: requests.map(({ bytes }) => bytes),
      end,
      reason,
    };
  });
}

function lengthOf(bytes: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return length;
}

function fieldsOf(section: string): string[] {
  return section
    .split('\r\n')
    .slice(0, -1)
    .flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
    });
}
