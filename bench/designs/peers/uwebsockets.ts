// uwebsockets.ts: uWebSockets.js. Its requests are valid only until the handler returns, so all is read at its beginning.

import { HELLO, MAX_BODY_BYTES, sleepMsOf, SLEEP_PROBLEM, sleptText } from '../limits.js';
import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { InFlight } from './in-flight.js';
import { requireUWebSockets, type Response } from './uwebsockets-library.js';

const library = requireUWebSockets();
const options = ownOptions();
const inFlight = new InFlight();

const app = library.App();
app.get('/', (res) => res.writeHeader('Content-Type', 'text/plain; charset=utf-8').end(HELLO));
app.get('/sleep', (res, req) => {
  const ms = sleepMsOf(req.getQuery() ?? '');
  if (ms === undefined) {
    give(res, '400 Bad Request', SLEEP_PROBLEM);
    return;
  }
  const give200 = later(res);
  setTimeout(() => {
    give200(sleptText(ms));
  }, ms);
});
app.post('/echo', (res) => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const give200 = later(res);
  res.onData((piece, isLast) => {
    bytes += piece.byteLength;
    // Copied: see Response.onData.
    if (bytes <= MAX_BODY_BYTES) pieces.push(Buffer.from(Buffer.from(piece)));
    if (!isLast) return;
    if (bytes <= MAX_BODY_BYTES) give200(Buffer.concat(pieces));
    else give200('Content Too Large', '413 Content Too Large');
  });
});
app.any('/*', (res) => {
  give(res, '404 Not Found', 'Not Found');
});
app.listen('127.0.0.1', options.port, (socket) => {
  if (socket === false) throw new Error(`port ${options.port} is taken`);
  serveUntilStopped(library.us_socket_local_port(socket), async () => {
    library.us_listen_socket_close(socket);
    await inFlight.settled(options['grace-ms']);
    app.close();
  });
});

/** A function that answers, unless the client has gone by then. */
function later(res: Response): (body: string | Buffer, status?: string) => void {
  let hasGone = false;
  const done = inFlight.begin();
  res.onAborted(() => {
    hasGone = true;
    done();
  });
  return (body, status = '200 OK') => {
    if (hasGone) return;
    res.cork(() => {
      give(res, status, body);
    });
    done();
  };
}

function give(res: Response, status: string, body: string | Buffer): void {
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
  res.writeStatus(status).writeHeader('Content-Type', type).end(body);
}
