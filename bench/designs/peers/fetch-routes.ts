// fetch-routes.ts: the routes for servers whose handlers take a Request and give a Response.

import { HELLO, MAX_BODY_BYTES, sleepMsOf, SLEEP_PROBLEM, sleptText } from '../limits.js';

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };
const BYTES = { 'Content-Type': 'application/octet-stream' };

export async function answerFetch(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case 'GET /':
      return new Response(HELLO, { headers: TEXT });
    case 'GET /sleep':
      return sleepFetch(search.slice(1));
    case 'POST /echo':
      return echoFetch(request);
    default:
      return notFoundFetch();
  }
}

export async function sleepFetch(query: string): Promise<Response> {
  const ms = sleepMsOf(query);
  if (ms === undefined) return new Response(SLEEP_PROBLEM, { status: 400, headers: TEXT });
  await new Promise((resolve) => setTimeout(resolve, ms));
  return new Response(sleptText(ms), { headers: TEXT });
}

/** What is too large is received to its end, so that the client reads the answer; not kept. */
export async function echoFetch(request: Request): Promise<Response> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes <= MAX_BODY_BYTES) pieces.push(piece);
  }
  if (bytes > MAX_BODY_BYTES) return new Response('Content Too Large', { status: 413, headers: TEXT });
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return new Response(body, { headers: BYTES });
}

export function notFoundFetch(): Response {
  return new Response('Not Found', { status: 404, headers: TEXT });
}
