// numbered-body.ts: bodies whose every byte follows from the number of their request, the same on both sides.

import { crc32 } from 'node:zlib';

import { randomFrom } from '../../helpers/random.js';

const KIB = 1024;

/** More than the kernel holds for a client who does not read. */
export const LARGE_BYTES = 4 * KIB * KIB;

/** A prime number of bytes that are repeated, so that no two pieces of a power of two are the same. */
const PERIOD = 65_521;

/** Bodies begin at so many places, so that those of neighbours differ in nearly every byte. */
const BEGINNINGS = 1_021;

let bytes: Buffer | undefined;

/** A view, not to be written to. */
export function numberedBody(n: number, length: number): Buffer {
  bytes ??= madeUp();
  const beginning = n % BEGINNINGS;
  return bytes.subarray(beginning, beginning + length);
}

/** A body of any length, of which no two pieces near each other are the same. */
export function* piecesOf(length: number): Generator<Buffer> {
  const PIECE = 64 * KIB;
  for (let n = 0; n * PIECE < length; n++) yield numberedBody(n, Math.min(PIECE, length - n * PIECE));
}

/** In one segment, and in the ring's memory. */
export function smallBytes(n: number): number {
  return 1 + (n % 251);
}

/** On both sides of what the ring's memory takes (16 KiB), and in several segments. */
export function mediumBytes(n: number): number {
  return 8 * KIB + ((n * 7_919) % (240 * KIB));
}

export function checksumOf(body: Uint8Array): string {
  return crc32(body).toString(16).padStart(8, '0');
}

const checksums = new Map<number, string>();

/** The checksum of `numberedBody(n, LARGE_BYTES)`, which takes milliseconds: made once for each of the beginnings. */
export function largeChecksum(n: number): string {
  const beginning = n % BEGINNINGS;
  let checksum = checksums.get(beginning);
  if (checksum === undefined) {
    checksum = checksumOf(numberedBody(n, LARGE_BYTES));
    checksums.set(beginning, checksum);
  }
  return checksum;
}

/** What an upload is answered with. */
export function receipt(bytes: number, checksum: number): Buffer {
  return Buffer.from(`${bytes} bytes with checksum ${checksum}`);
}

function madeUp(): Buffer {
  const random = randomFrom(PERIOD);
  const period = Buffer.from(Array.from({ length: PERIOD }, () => random(256)));
  return Buffer.alloc(LARGE_BYTES + BEGINNINGS, period);
}
