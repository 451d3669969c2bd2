// node-app.ts: the test application of the conformance table, on node:http, for comparison.
//
//   node out/test/conformance/node-app.js PORT [HEADER,BODY,KEEPALIVE]

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  ServerResponse,
} from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** How often Node looks for requests that are late, in ms: its default of 30 s is longer than the table's time-outs. */
const CHECK_MS = 100;

const INJECT = '/inject/';

function createNodeApp(clocks: Clocks | undefined): Server {
  const options: ServerOptions & { shouldUpgradeCallback: (req: IncomingMessage) => boolean } = {
    insecureHTTPParser: false,
    connectionsCheckingInterval: CHECK_MS,
    // Since Node 24.9; older ones ignore it, see stayWithHttp().
    shouldUpgradeCallback: (req) => pathOf(req).path === '/ws',
  };
  const server = createServer(options, route);
  if (clocks !== undefined) {
    server.headersTimeout = clocks.header;
    // Of the whole request, so a body has what its head has left of it.
    server.requestTimeout = Math.max(clocks.header, clocks.body);
    server.keepAliveTimeout = clocks.keepAlive;
    // Node's only means against a client that does not read: no traffic for so long, in either direction.
    server.timeout = clocks.body;
  }
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    if (wantsBody(req)) res.writeContinue();
    else res.shouldKeepAlive = false;
    route(req, res);
  });
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (pathOf(req).path === '/ws') echoMessages(req, socket, head);
    else if (socket instanceof Socket) stayWithHttp(server, req, socket, head);
  });
  return server;
}

/**
 * With a listener for upgrades, Node before 24.9 takes every request that asks for one off HTTP. What no listener wants
 * has to be answered by hand, and the connection ends: whatever follows is not parsed any more.
 */
function stayWithHttp(server: Server, req: IncomingMessage, socket: Socket, head: Buffer): void {
  socket.unshift(head);
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.on('finish', () => socket.end());
  server.emit('request', req, res);
}

/** Whether a 100 Continue is to ask for the body. */
function wantsBody(req: IncomingMessage): boolean {
  const path = pathOf(req).path;
  const tooLong = Number(req.headers['content-length'] ?? 0) > limitOf(path);
  return !tooLong && path !== '/early' && path !== '/get-only';
}

function limitOf(path: string): number {
  return path === '/limit' ? SMALL_BODY_BYTES : BODY_BYTES;
}

let made = 0;

type Answer = (res: ServerResponse, req: IncomingMessage) => unknown;

const ROUTES: Readonly<Record<string, Answer>> = {
  '/seen': (res, req) => {
    withBody(req, res, (body) => seenBody(req.rawHeaders, body));
  },
  '/early': (res) => {
    endWith(res, 'ok');
  },
  '/slow': async (res) => {
    await sleep(SLOW_MS);
    endWith(res, 'slow');
  },
  '/len': (res) => {
    endWith(res, 'hello');
  },
  '/len1m': (res) => {
    made++;
    endWith(res, MEBIBYTE);
  },
  '/chunked': async (res) => {
    res.write('hel');
    await sleep(PIECE_MS);
    res.write('lo');
    res.end();
  },
  '/empty-write': (res) => {
    res.write('a');
    res.write('');
    res.write('b');
    res.end();
  },
  '/cl-short': (res) => res.setHeader('Content-Length', 10).end('hello'),
  '/cl-long': (res) => res.setHeader('Content-Length', 5).end('helloworld'),
  '/204': (res) => res.writeHead(204).end(),
  '/304': (res) => res.writeHead(304).end(),
  '/204-body': (res) => res.writeHead(204).end('surplus'),
  '/get-only': (res, req) => {
    if (req.method === 'GET' || req.method === 'HEAD') endWith(res, 'ok');
    else res.writeHead(405, { Allow: 'GET', 'Content-Length': 0 }).end();
  },
  '/rss': (res) => {
    endWith(res, String(process.memoryUsage.rss()));
  },
  '/made': (res) => {
    endWith(res, String(made));
  },
  '/ws': (res) => res.writeHead(noWebSocket.status, { ...noWebSocket.headers, 'Content-Length': 0 }).end(),
};

const route: RequestListener = (req, res) => {
  const { path } = pathOf(req);
  const answer = path.startsWith(INJECT) ? inject : ROUTES[path];
  if (req.method === 'TRACE') res.writeHead(405, { Allow: ALLOWED_METHODS, 'Content-Length': 0 }).end();
  else if (answer !== undefined) answer(res, req);
  else withBody(req, res, (body) => body);
};

function endWith(res: ServerResponse, body: string | Buffer): void {
  res.setHeader('Content-Length', Buffer.byteLength(body)).end(body);
}

/** Waits for the whole body, up to the limit, and answers with what is made of it. */
function withBody(req: IncomingMessage, res: ServerResponse, make: (body: Buffer) => string | Buffer): void {
  const limit = limitOf(pathOf(req).path);
  const refuse = (): void => {
    req.removeAllListeners('data').resume();
    res.writeHead(413, { Connection: 'close', 'Content-Length': 0 }).end();
  };
  if (Number(req.headers['content-length'] ?? 0) > limit) {
    refuse();
    return;
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  req.on('data', (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > limit && !res.headersSent) refuse();
  });
  req.on('error', () => undefined);
  req.on('end', () => {
    if (res.headersSent) return;
    for (const [name, value] of Object.entries(seenFields(seenOf(req)))) res.setHeader(name, value);
    endWith(res, make(Buffer.concat(pieces)));
  });
}

function seenOf(req: IncomingMessage): Parameters<typeof seenFields>[0] {
  const xA = req.headers['x-a'] as string | undefined;
  return { method: req.method ?? '', ...pathOf(req), xA };
}

/** Node leaves it to the app to take the target apart. */
function pathOf(req: IncomingMessage): { path: string; query: string; authority: string } {
  const target = req.url ?? '';
  const [, authority, rest = target] = /^http:\/\/([^/?]*)(.*)$/i.exec(target) ?? [];
  const mark = rest.indexOf('?');
  const path = mark < 0 ? rest : rest.slice(0, mark);
  return {
    path: path === '' ? '/' : path,
    query: mark < 0 ? '' : rest.slice(mark + 1),
    authority: authority ?? req.headers.host ?? '',
  };
}

function inject(res: ServerResponse, req: IncomingMessage): void {
  try {
    HOSTILE[pathOf(req).path.slice(INJECT.length)]!({
      setField: (name, value) => res.setHeader(name, value),
      setStatus: (code, reason) => res.writeHead(code, reason),
      setTrailer: (name, value) => {
        res.addTrailers({ [name]: value });
      },
    });
    res.end('not blocked');
  } catch {
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    res.writeHead(500, 'Internal Server Error', { 'Content-Length': 7 }).end('blocked');
  }
}

const { port, clocks } = readArguments(process.argv.slice(2));
const server = createNodeApp(clocks);
server.listen(port, '127.0.0.1', () => {
  sayAddress((server.address() as AddressInfo).port);
});
