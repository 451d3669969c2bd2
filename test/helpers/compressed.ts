// compressed.ts: what clients make of answers that are compressed.

import assert from 'node:assert/strict';
import { constants, gunzipSync } from 'node:zlib';

import type { Answer } from './answer-reader.js';
import type { Client } from './client.js';
import { randomFrom } from './random.js';

/** What clients say who accept it. */
export const GZIP = { 'Accept-Encoding': 'gzip' } as const;

/** The body without its coding, whatever that is. */
export function decoded(answer: Answer): Buffer {
  const coding = answer.headers['content-encoding'];
  if (coding === undefined) return answer.body;
  assert.equal(coding, 'gzip');
  return gunzipSync(answer.body);
}

/** What can be read of an answer in chunks whose head has been taken, and of which there is only a part so far. */
export function decodedSoFar(client: Client): Buffer {
  const received = client.unread;
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = received.indexOf('\r\n', at);
    const length = lineEnd < 0 ? 0 : Number.parseInt(received.toString('latin1', at, lineEnd), 16);
    const end = lineEnd + 2 + length;
    if (length === 0 || end > received.length) break;
    pieces.push(received.subarray(lineEnd + 2, end));
    at = end + 2;
  }
  return decodedPart(Buffer.concat(pieces));
}

/** The same of a gzip stream that has no chunks around it. */
export function decodedPart(bytes: Buffer): Buffer {
  return bytes.length === 0 ? bytes : gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
}

/** Text that gzip makes much smaller, and of which no two places look alike. */
export function lines(bytes: number): string {
  let text = '';
  for (let i = 0; text.length < bytes; i++) text += `line ${String(i)} of a body that can be compressed\n`;
  return text.slice(0, bytes);
}

/** A short text that takes long to compress with level 9: a tenth of a second. To be sent in one piece. */
export const SLOW_TEXT = slowText(40_000);

function slowText(length: number): string {
  const random = randomFrom(1);
  return Array.from({ length }, () => 'ab'[random(2)]).join('');
}
