// http-listener.ts: takes a request of node:http with its body, and gives the outcome.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_BODY_BYTES } from '../limits.js';
import { type Outcome, textOutcome } from './routes.js';

export type Answer = (method: string, target: string, body: Buffer) => Outcome | Promise<Outcome>;

const NO_BODY = Buffer.alloc(0);

export function listenerOf(answer: Answer): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    void respond(answer, req, res);
  };
}

async function respond(answer: Answer, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = req.method === 'GET' ? NO_BODY : await bodyOf(req);
  if (body === 'gone') return;
  if (body === 'too large') {
    res.shouldKeepAlive = false;
    give(res, textOutcome(413, 'Content Too Large'));
    return;
  }
  give(res, await answer(req.method ?? 'GET', req.url ?? '/', body));
}

function give(res: ServerResponse, { status, type, body }: Outcome): void {
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

/** What is too large is received to its end, so that the client reads the answer; not kept. */
function bodyOf(req: IncomingMessage): Promise<Buffer | 'too large' | 'gone'> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    req.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= MAX_BODY_BYTES) pieces.push(piece);
      else pieces.length = 0;
    });
    req.on('end', () => {
      resolve(bytes <= MAX_BODY_BYTES ? Buffer.concat(pieces) : 'too large');
    });
    req.on('error', () => {
      resolve('gone');
    });
  });
}
