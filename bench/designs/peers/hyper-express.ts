// hyper-express.ts: HyperExpress.

import { setTimeout as wait } from 'node:timers/promises';
import { HELLO, MAX_BODY_BYTES, sleepMsOf, SLEEP_PROBLEM, sleptText } from '../limits.js';
import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { InFlight } from './in-flight.js';
import { requirePeer } from './package.js';

/** As much of it as is used here. */
interface Request {
  readonly path_query: string;
  buffer(): Promise<Buffer>;
}
interface Response {
  /** When it is answered, or its client has gone. */
  once(event: 'close', listener: () => void): void;
  status(code: number): Response;
  type(type: string): Response;
  send(body: string | Buffer): Response;
}
type Handler = (req: Request, res: Response) => unknown;
interface Server {
  readonly port: number;
  get(path: string, handler: Handler): void;
  post(path: string, handler: Handler): void;
  set_not_found_handler(handler: Handler): void;
  listen(port: number, host: string): Promise<unknown>;
  close(): boolean;
}
interface Library {
  readonly Server: new (options: { max_body_length: number }) => Server;
}

const { Server } = requirePeer('hyper-express') as Library;
const options = ownOptions();
const inFlight = new InFlight();
const server = new Server({ max_body_length: MAX_BODY_BYTES });
server.get('/', (_req, res) => res.type('text').send(HELLO));
server.get('/sleep', async (req, res) => {
  res.once('close', inFlight.begin());
  const ms = sleepMsOf(req.path_query);
  if (ms === undefined) return res.status(400).type('text').send(SLEEP_PROBLEM);
  await wait(ms);
  return res.type('text').send(sleptText(ms));
});
server.post('/echo', async (req, res) => {
  res.once('close', inFlight.begin());
  return res.type('bin').send(await req.buffer());
});
server.set_not_found_handler((_req, res) => res.status(404).type('text').send('Not Found'));
await server.listen(options.port, '127.0.0.1');
serveUntilStopped(server.port, async () => {
  // Not shutdown(), which counts those that it refuses meanwhile as answered, and so drops what is in flight.
  server.close();
  await inFlight.settled(options['grace-ms']);
});
