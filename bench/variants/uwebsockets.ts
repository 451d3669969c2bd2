// uwebsockets.ts: uWebSockets.js, doing what the millrace variant does.

import {
  type App,
  type Handler,
  requireUWebSockets,
  type Response,
} from '../designs/peers/uwebsockets-library.js';
import {
  type Application,
  applicationFrom,
  HELLO,
  LARGE_ANSWER,
  type Order,
  receiptOf,
  userOf,
} from './applications.js';
import { serveControl } from './control.js';
import { LatenessWatch } from './lateness.js';

const library = requireUWebSockets();

const applications: Partial<Record<Application, (app: App) => void>> = {
  hello: (app) => app.get('/', (res) => res.end(HELLO)),
  'async-hello': (app) => app.get('/', (res) => void endLater(res)),
  'user-json': (app) =>
    app.get('/users/:id', (res, req) => {
      const user = userOf(
        req.getParameter(0),
        req.getUrl(),
        req.getHeader('accept'),
        req.getHeader('accept-language'),
      );
      res.writeHeader('Content-Type', 'application/json; charset=utf-8').end(JSON.stringify(user));
    }),
  order: (app) =>
    app.post(
      '/orders',
      withBody((res, body) => {
        const order = JSON.parse(body.toString()) as Order;
        res.cork(() => {
          res
            .writeHeader('Content-Type', 'application/json; charset=utf-8')
            .end(JSON.stringify(receiptOf(order)));
        });
      }),
    ),
  'large-answers': (app) => app.get('/', (res) => res.end(LARGE_ANSWER)),
  uploads: (app) =>
    app.post('/', (res) => {
      let bytes = 0;
      res.onAborted(ignore).onData((piece, isLast) => {
        bytes += piece.byteLength;
        if (isLast) res.end(String(bytes));
      });
    }),
  'whole-uploads': (app) =>
    app.post(
      '/',
      withBody((res, body) => res.end(String(body.length))),
    ),
};

async function endLater(res: Response): Promise<void> {
  const client = { hasGone: false };
  res.onAborted(() => {
    client.hasGone = true;
  });
  await Promise.resolve();
  if (client.hasGone) return;
  res.cork(() => {
    res.end(HELLO);
  });
}

function withBody(answer: (res: Response, body: Buffer) => void): Handler {
  return (res) => {
    const pieces: Buffer[] = [];
    res.onAborted(ignore).onData((piece, isLast) => {
      const bytes = Buffer.from(piece);
      if (isLast && pieces.length === 0) {
        answer(res, bytes);
        return;
      }
      pieces.push(Buffer.from(bytes)); // a copy: see Response.onData
      if (isLast) answer(res, Buffer.concat(pieces));
    });
  };
}

function ignore(): void {
  // What answers at once has nothing to undo.
}

const application = applicationFrom(process.argv[2]);
const addRoutes = applications[application];
if (addRoutes === undefined) throw new Error(`uWebSockets.js has no ${application} here`);
const app = library.App();
addRoutes(app);
app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('it does not listen');
  serveControl({
    port: library.us_socket_local_port(socket),
    lateness: new LatenessWatch(),
    connectionsPerReactor: () => [],
    close: () => {
      app.close();
      return Promise.resolve();
    },
  });
});
