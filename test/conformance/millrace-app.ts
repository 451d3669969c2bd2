// millrace-app.ts: the test application of the conformance table, on millrace.
//
//   node out/test/conformance/millrace-app.js PORT [HEADER,BODY,KEEPALIVE]

import { setTimeout as sleep } from 'node:timers/promises';

import type { IncomingMessage } from 'node:http';

import { createServer, type Handler, type HttpRequest, type HttpResponse, type Server } from 'millrace';

import {
  ALLOWED_METHODS,
  BODY_BYTES,
  MEBIBYTE,
  PIECE_MS,
  seenBody,
  seenFields,
  SLOW_MS,
  SMALL_BODY_BYTES,
} from './answers-of-routes.js';
import { readArguments, sayAddress } from './app-arguments.js';
import type { Clocks } from './clocks.js';
import { HOSTILE } from './hostile-values.js';
import { echoMessages, noWebSocket } from './web-socket.js';

/** As for every test: `MILLRACE_TEST_REACTORS=4 npm test`. */
const REACTORS = Number(process.env['MILLRACE_TEST_REACTORS'] ?? '1');

/** @param clocks - Time-outs, if they are not to be the server's own. */
export function createMillraceApp(clocks?: Clocks): Server {
  const timeouts = clocks && {
    headerMs: clocks.header,
    bodyMs: clocks.body,
    writeMs: clocks.body,
    keepAliveMs: clocks.keepAlive,
  };
  const server = createServer({ reactors: REACTORS, limits: { bodyBytes: BODY_BYTES }, timeouts });
  addRoutes(server);
  // The routes that break their own Content-Length mean to fail.
  server.on('error', () => undefined);
  return server;
}

function addRoutes(server: Server): void {
  let made = 0;
  const all = (path: string, handler: Handler): void => {
    server.all(path, notTrace(handler));
  };
  all('*', echo);
  server.all('/limit', { bodyBytes: SMALL_BODY_BYTES }, notTrace(echo));
  all('/seen', async (req, res) => {
    const body = await req.buffer();
    sayWhatWasSeen(req, res).end(seenBody(req.rawHeaders, body));
  });
  all('/early', (_req, res) => {
    res.end('ok');
  });
  all('/slow', async (_req, res) => {
    await sleep(SLOW_MS);
    res.end('slow');
  });
  all('/len', (_req, res) => {
    res.end('hello');
  });
  all('/len1m', (_req, res) => {
    made++;
    res.end(MEBIBYTE);
  });
  all('/chunked', async (_req, res) => {
    res.write('hel');
    await sleep(PIECE_MS);
    res.write('lo');
    res.end();
  });
  all('/empty-write', (_req, res) => {
    res.write('a');
    res.write('');
    res.write('b');
    res.end();
  });
  all('/cl-short', (_req, res) => {
    res.header('Content-Length', '10').write('hello');
    res.end();
  });
  all('/cl-long', (_req, res) => {
    res.header('Content-Length', '5').write('helloworld');
    res.end();
  });
  all('/204', (_req, res) => {
    res.status(204).end();
  });
  all('/304', (_req, res) => {
    res.status(304).end();
  });
  all('/204-body', (_req, res) => {
    res.status(204).end('surplus');
  });
  server.get('/get-only', (_req, res) => {
    res.end('ok');
  });
  server.all('/get-only', (_req, res) => {
    res.status(405).header('Allow', 'GET').end();
  });
  all('/rss', (_req, res) => {
    res.end(String(process.memoryUsage.rss()));
  });
  all('/made', (_req, res) => {
    res.end(String(made));
  });
  all('/inject/:name', inject);
  all('/ws', (_req, res) => {
    for (const [name, value] of Object.entries(noWebSocket.headers)) res.header(name, value);
    res.status(noWebSocket.status).end();
  });
  server.upgrade('/ws', (req, socket, head) => {
    // Of a request of node:http, `ws` reads what a request of ours has too.
    echoMessages(req as unknown as IncomingMessage, socket, head);
  });
}

/** TRACE would send back what the client has sent, credentials included (RFC 9110 §9.3.8). */
function notTrace(handler: Handler): Handler {
  return (req, res) => {
    if (req.method !== 'TRACE') return handler(req, res);
    res.status(405).header('Allow', ALLOWED_METHODS).end();
    return undefined;
  };
}

const echo: Handler = async (req, res) => {
  const body = await req.buffer();
  sayWhatWasSeen(req, res).end(body);
};

function sayWhatWasSeen(req: HttpRequest, res: HttpResponse): HttpResponse {
  const { method, path, query, authority } = req;
  const xA = req.header('x-a');
  for (const [name, value] of Object.entries(seenFields({ method, path, query, authority, xA }))) {
    res.header(name, value);
  }
  return res;
}

function inject(req: HttpRequest, res: HttpResponse): void {
  try {
    HOSTILE[req.params['name'] ?? '']!({
      setField: (name, value) => res.header(name, value),
      setStatus: (code, reason) => res.status(code, reason),
      setTrailer: (name, value) => res.trailers({ [name]: value }),
    });
  } catch {
    res.removeHeader('Content-Length').status(500).end('blocked');
    return;
  }
  res.end('not blocked');
}

if (import.meta.filename === process.argv[1]) {
  const { port, clocks } = readArguments(process.argv.slice(2));
  const address = await createMillraceApp(clocks).listen({ host: '127.0.0.1', port });
  sayAddress(address.port);
}
