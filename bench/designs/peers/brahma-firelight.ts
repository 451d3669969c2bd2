// brahma-firelight.ts: Brahma-Firelight. It takes a fixed port and does not say which one it got, so one is chosen here.

import { setTimeout as wait } from 'node:timers/promises';
import { HELLO, MAX_BODY_BYTES, sleepMsOf, SLEEP_PROBLEM, sleptText } from '../limits.js';
import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { freePort, untilListening } from '../../measure/free-port.js';
import { InFlight } from './in-flight.js';
import { requirePeer } from './package.js';

/** As much of it as is used here. */
interface Request {
  readonly query: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
interface Response {
  text(text: string, status?: number): void;
  send(
    status: number,
    headers: Readonly<Record<string, string>>,
    cookies: readonly string[],
    body: Buffer,
  ): void;
}
type Handler = (req: Request, res: Response) => unknown;
interface App {
  get(path: string, handler: Handler): App;
  post(path: string, handler: Handler): App;
  use(handler: Handler): App;
  listen(host: string, port: number, done: () => void): App;
}
interface Library {
  createApp(): App;
  setMaxBodyBytes(bytes: number): void;
}

const library = requirePeer('brahma-firelight') as Library;
const options = ownOptions();
const inFlight = new InFlight();
library.setMaxBodyBytes(MAX_BODY_BYTES);
const app = library.createApp();
app.get('/', (_req, res) => {
  res.text(HELLO);
});
app.get('/sleep', async (req, res) => {
  const ms = sleepMsOf(new URLSearchParams(req.query).toString());
  const done = inFlight.begin();
  if (ms !== undefined) await wait(ms);
  res.text(ms === undefined ? SLEEP_PROBLEM : sleptText(ms), ms === undefined ? 400 : 200);
  done();
});
app.post('/echo', (req, res) => {
  res.send(200, { 'Content-Type': 'application/octet-stream' }, [], req.body);
});
const port = options.port === 0 ? await freePort() : options.port;
app.listen('127.0.0.1', port, () => undefined);
await untilListening(port);
// Its close() neither ends connections nor tells when the last request is answered; the end of the process does the former.
serveUntilStopped(port, () => inFlight.settled(options['grace-ms']));
