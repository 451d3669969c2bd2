// millrace.ts: the server that is judged, with its defaults: every limit and time-out on.

import { setImmediate as nextTurn } from 'node:timers/promises';

import { createServer, type Server } from 'millrace';
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

const hello = (server: Server): unknown =>
  server.get('/', (_req, res) => {
    res.end(HELLO);
  });

const isSlow = slowTurns();

const canned = (server: Server): unknown => server.reply('GET', '/', { body: HELLO });

const routes: Record<Application, (server: Server) => unknown> = {
  hello,
  timer: hello,
  'four-reactors': hello,
  canned,
  'canned-blocked': canned,
  'slow-mixed': (server) =>
    server.get('/', (_req, res) => {
      if (isSlow())
        setTimeout(() => {
          res.end(HELLO);
        }, SLOW_MS);
      else res.end(HELLO);
    }),
  'async-hello': (server) =>
    server.get('/', async (_req, res) => {
      await Promise.resolve();
      res.end(HELLO);
    }),
  'user-json': (server) =>
    server.get('/users/:id', (req, res) => {
      res.json(userOf(req.params['id'] ?? '', req.path, req.header('accept'), req.header('accept-language')));
    }),
  order: (server) =>
    server.post('/orders', async (req, res) => {
      res.json(receiptOf(await req.json<Order>()));
    }),
  'large-answers': (server) =>
    server.get('/', (_req, res) => {
      res.end(LARGE_ANSWER);
    }),
  'written-answers': (server) =>
    server.get('/', (_req, res) => {
      for (const piece of ANSWER_PIECES) res.write(piece);
      res.end();
    }),
  'streamed-answers': (server) =>
    server.get('/', async (_req, res) => {
      for (const piece of ANSWER_PIECES) {
        res.write(piece);
        await nextTurn();
      }
      res.end();
    }),
  'piped-answers': (server) => server.get('/', (_req, res) => res.pipe(answerPieces())),
  'readable-answers': (server) => server.get('/', (_req, res) => res.pipe(answerReadable())),
  uploads: (server) =>
    server.post('/', async (req, res) => {
      let bytes = 0;
      for await (const piece of req.body) bytes += piece.length;
      res.end(String(bytes));
    }),
  'whole-uploads': (server) =>
    server.post('/', async (req, res) => {
      res.end(String((await req.buffer()).length));
    }),
};

/** The second argument: their number. */
function reactorsFrom(argument: string | undefined, of: Application): number {
  if (argument !== undefined) return Number(argument);
  return of === 'four-reactors' ? 4 : 1;
}

const application = applicationFrom(process.argv[2]);
const server = createServer({ reactors: reactorsFrom(process.argv[3], application) });
routes[application](server);
const lateness = new LatenessWatch();
if (application === 'timer') lateness.start();
if (application === 'canned-blocked') blockHalfOfTheTime();

const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
serveControl({
  port,
  lateness,
  connectionsPerReactor: () => server.stats().reactors.map((reactor) => reactor.connections),
  close: () => server.close({ graceMs: 0 }),
});
