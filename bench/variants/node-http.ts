// node-http.ts: the reference: Node's own server, doing what the millrace variant does, written for speed.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ANSWER_PIECES,
  answerPieces,
  answerReadable,
  type Application,
  applicationFrom,
  HELLO,
  LARGE_ANSWER,
  type Order,
  receiptOf,
  SLOW_MS,
  slowTurns,
  userOf,
} from './applications.js';
import { blockHalfOfTheTime } from './blocking.js';
import { serveControl } from './control.js';
import { LatenessWatch } from './lateness.js';

/** As long as millrace's, so that the idle connections of a scenario stay in both. */
const KEEP_ALIVE_MS = 65_000;
const USERS = '/users/';

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown;

const isSlow = slowTurns();
const hello: Listener = (_req, res) => res.end(HELLO);

const listeners: Record<Application, Listener> = {
  hello,
  timer: hello,
  'four-reactors': hello,
  canned: hello,
  'canned-blocked': hello,
  'slow-mixed': (_req, res) => {
    if (isSlow()) setTimeout(() => res.end(HELLO), SLOW_MS);
    else res.end(HELLO);
  },
  'async-hello': async (_req, res) => {
    await Promise.resolve();
    res.end(HELLO);
  },
  'user-json': (req, res) => {
    const path = pathOf(req);
    if (!path.startsWith(USERS)) return res.writeHead(404).end();
    const user = userOf(path.slice(USERS.length), path, req.headers.accept, req.headers['accept-language']);
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    return res.end(JSON.stringify(user));
  },
  order: async (req, res) => {
    const order = JSON.parse((await bufferOf(req)).toString()) as Order;
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.end(JSON.stringify(receiptOf(order)));
  },
  'large-answers': (_req, res) => res.end(LARGE_ANSWER),
  'written-answers': (_req, res) => {
    for (const piece of ANSWER_PIECES) res.write(piece);
    res.end();
  },
  'streamed-answers': async (_req, res) => {
    for (const piece of ANSWER_PIECES) {
      res.write(piece);
      await nextTurn();
    }
    res.end();
  },
  'piped-answers': (_req, res) => {
    pipeline(answerPieces(), res, () => undefined); // clients go when a round is over
  },
  'readable-answers': (_req, res) => answerReadable().pipe(res),
  uploads: async (req, res) => {
    let bytes = 0;
    for await (const piece of req as AsyncIterable<Buffer>) bytes += piece.length;
    res.end(String(bytes));
  },
  'whole-uploads': async (req, res) => res.end(String((await bufferOf(req)).length)),
};

function pathOf(req: IncomingMessage): string {
  const target = req.url ?? '/';
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** With listeners, the cheapest way that node:http offers. */
function bufferOf(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    req.on('error', reject);
  });
}

const application = applicationFrom(process.argv[2]);
const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listeners[application]);
const lateness = new LatenessWatch();
if (application === 'timer') lateness.start();
if (application === 'canned-blocked') blockHalfOfTheTime();

server.listen(0, '127.0.0.1', () => {
  serveControl({
    port: (server.address() as AddressInfo).port,
    lateness,
    connectionsPerReactor: () => [],
    close: async () => {
      server.close().closeAllConnections();
      await once(server, 'close');
    },
  });
});
