// numbered-requests.ts: requests of which every byte of the answer is known before.

import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';

import type { Answer } from '../../helpers/answer-reader.js';
import type { Random } from '../../helpers/random.js';
import { get, head, post, postChunked } from '../../helpers/requests.js';
import { pick } from '../../lifecycle/fixtures/chance.js';
import {
  checksumOf,
  LARGE_BYTES,
  mediumBytes,
  numberedBody,
  receipt,
  smallBytes,
} from '../subject/numbered-body.js';

export interface NumberedRequest {
  /** One character for each byte. */
  readonly text: string;
  /** It asks with HEAD. */
  readonly isHead?: boolean;
  /** Throws an AssertionError where the answer is not exactly the right one. */
  readonly check: (answer: Answer) => void;
}

export type Ask = (n: number) => NumberedRequest;

export const small: Ask = (n) => asked(`/small/${n}`, n, smallBytes(n));
export const late: Ask = (n) => asked(`/late/${n}`, n, smallBytes(n));
export const medium: Ask = (n) => asked(`/medium/${n}`, n, mediumBytes(n));
export const large: Ask = (n) => asked(`/large/${n}`, n, LARGE_BYTES);
export const stream: Ask = (n) => asked(`/stream/${n}`, n, mediumBytes(n));
export const largeStream: Ask = (n) => asked(`/large-stream/${n}`, n, LARGE_BYTES);

export function echo(n: number, bytes: number): NumberedRequest {
  const body = numberedBody(n, bytes);
  return { text: post(`/echo/${n}`, body.toString('latin1')), check: theAnswer(n, body) };
}

export function echoInChunks(n: number, bytes: number, chunkBytes: number): NumberedRequest {
  const body = numberedBody(n, bytes);
  return { text: postChunked(`/echo/${n}`, chunksOf(body, chunkBytes)), check: theAnswer(n, body) };
}

/** Read by its handler as it comes. */
export function upload(n: number, bytes: number): NumberedRequest {
  const body = numberedBody(n, bytes);
  return {
    text: post(`/upload/${n}`, body.toString('latin1')),
    check: theAnswer(n, receipt(bytes, crc32(body))),
  };
}

export function uploadInChunks(n: number, bytes: number, chunkBytes: number): NumberedRequest {
  const body = numberedBody(n, bytes);
  return {
    text: postChunked(`/upload/${n}`, chunksOf(body, chunkBytes)),
    check: theAnswer(n, receipt(bytes, crc32(body))),
  };
}

export const headOfSmall: Ask = (n) => ({
  text: head('HEAD', `/small/${n}`),
  isHead: true,
  check: ({ status, headers }) => {
    assert.deepEqual([status, headers['x-number']], [200, String(n)]);
    assert.equal(headers['content-length'], String(smallBytes(n)));
  },
});

/** Answered by the reactor, between the answers of JavaScript. */
export const health: Ask = () => ({
  text: get('/healthz'),
  check: ({ status, text }) => {
    assert.deepEqual([status, text], [200, 'ok']);
  },
});

/** Refused by the reactor, in a connection that goes on. */
export const nowhere: Ask = (n) => ({
  text: get(`/nowhere/${n}`),
  check: ({ status }) => {
    assert.equal(status, 404);
  },
});

/** Mostly small ones, so that there can be many; all kinds, so that each meets each. */
export function anyRequest(n: number, random: Random): NumberedRequest {
  switch (random(24)) {
    case 0:
      return medium(n);
    case 1:
      return stream(n);
    case 2:
      return echo(n, random(40_000));
    case 3:
      return echoInChunks(n, 1 + random(20_000), 1 + random(5_000));
    case 4:
      return upload(n, random(200_000));
    case 5:
      return uploadInChunks(n, 1 + random(100_000), 1 + random(20_000));
    case 6:
    case 7:
      return late(n);
    case 8:
      return pick(random, [health, nowhere, headOfSmall])(n);
    default:
      return small(n);
  }
}

/** Does this answer belong to this request, and is it whole? */
export function theAnswer(n: number, body: Buffer): NumberedRequest['check'] {
  return (answer) => {
    assert.deepEqual([answer.status, answer.headers['x-number']], [200, String(n)], 'status and number');
    const trailers = Object.fromEntries(answer.trailers) as Readonly<Record<string, string>>;
    const checksum = answer.headers['x-checksum'] ?? trailers['X-Checksum'];
    assert.equal(checksumOf(answer.body), checksum, `the checksum of answer ${n}`);
    assert.ok(answer.body.equals(body), `the body of answer ${n}`);
  };
}

function asked(target: string, n: number, bytes: number): NumberedRequest {
  return { text: get(target), check: theAnswer(n, numberedBody(n, bytes)) };
}

function chunksOf(body: Buffer, chunkBytes: number): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < body.length; at += chunkBytes)
    chunks.push(body.toString('latin1', at, Math.min(at + chunkBytes, body.length)));
  return chunks;
}
