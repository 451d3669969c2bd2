// routes.ts: what the servers under stress serve: answers that carry their request's number and their body's checksum.

import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

import type { Handler, HttpRequest, HttpResponse, Server, ServerOptions } from 'millrace';

import { randomFrom } from '../../helpers/random.js';
import {
  checksumOf,
  LARGE_BYTES,
  largeChecksum,
  mediumBytes,
  numberedBody,
  receipt,
  smallBytes,
} from './numbered-body.js';

/** Less than the default, so that streams wait for their clients all the time. */
export const STRESSED: ServerOptions = { limits: { unsentBytes: 256 * 1024 } };

/** Longest wait of a handler that answers late. */
const LATEST_MS = 6;

const LARGEST_PIECE = 40_000;

export function addRoutes(server: Server): void {
  server.reply('GET', '/healthz', { body: 'ok' });
  server.get(
    '/small/:n',
    numbered((n, _request, response) => {
      answer(response, n, numberedBody(n, smallBytes(n)));
    }),
  );
  server.get(
    '/late/:n',
    numbered(async (n, _request, response) => {
      await delay(n % LATEST_MS);
      answer(response, n, numberedBody(n, smallBytes(n)));
    }),
  );
  server.get(
    '/medium/:n',
    numbered((n, _request, response) => {
      answer(response, n, numberedBody(n, mediumBytes(n)));
    }),
  );
  server.get(
    '/large/:n',
    numbered((n, _request, response) => {
      answer(response, n, numberedBody(n, LARGE_BYTES), largeChecksum(n));
    }),
  );
  server.get(
    '/stream/:n',
    numbered(async (n, _request, response) => {
      const body = numberedBody(n, mediumBytes(n));
      await stream(response, n, body, checksumOf(body));
    }),
  );
  server.get(
    '/large-stream/:n',
    numbered(async (n, _request, response) => {
      await stream(response, n, numberedBody(n, LARGE_BYTES), largeChecksum(n));
    }),
  );
  server.post(
    '/echo/:n',
    numbered(async (n, request, response) => {
      answer(response, n, await request.buffer());
    }),
  );
  server.post(
    '/upload/:n',
    numbered(async (n, request, response) => {
      answer(response, n, await receiptOf(n % 2 === 0 ? request.body : request.stream()));
    }),
  );
}

/** A handler for a path with a number; where a mutated request has none, it is answered 404. */
export function numbered(
  handler: (n: number, request: HttpRequest, response: HttpResponse) => unknown,
): Handler {
  return (request, response) => {
    const { n } = request.params as { n: string };
    if (/^\d{1,12}$/.test(n)) return handler(Number(n), request, response);
    response.status(404).end();
    return undefined;
  };
}

export function answer(response: HttpResponse, n: number, body: Buffer, checksum = checksumOf(body)): void {
  response.header('X-Number', n).header('X-Checksum', checksum).end(body);
}

/** Reads a body piece by piece, more or less slowly. */
async function receiptOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  let bytes = 0;
  let checksum = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    checksum = crc32(piece, checksum);
    if (bytes % 4 === 0) await turn();
  }
  return receipt(bytes, checksum);
}

/** Written or piped, by turns; the checksum follows the body. What the client's going throws ends the handler. */
async function stream(response: HttpResponse, n: number, body: Buffer, checksum: string): Promise<void> {
  response.header('X-Number', n).trailers({ 'X-Checksum': checksum });
  const pieces = piecesOf(body, n);
  if (n % 2 === 0) {
    await response.pipe(pieces);
    return;
  }
  for await (const piece of pieces) if (!response.write(piece)) await response.drained();
  response.end();
}

async function* piecesOf(body: Buffer, n: number): AsyncGenerator<Buffer> {
  const random = randomFrom(n);
  for (let at = 0; at < body.length;) {
    const end = at + 1 + random(LARGEST_PIECE);
    yield body.subarray(at, end);
    at = end;
    if (random(4) === 0) await turn();
  }
}
