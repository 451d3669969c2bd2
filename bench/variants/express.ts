// express.ts: Express with what people use for files and for compression, with their defaults.

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { sourceFile } from '../paths.js';
import { serveControl } from './control.js';
import { FILES_VARIABLE, JSON_TEXT } from './files.js';
import { LatenessWatch } from './lateness.js';

/** As much of them as is used here. */
type Middleware = (...args: readonly unknown[]) => void;
interface Express {
  (): RequestListener & {
    use(middleware: Middleware): void;
    get(
      path: string,
      handler: (req: unknown, res: { type(type: string): { send(text: string): void } }) => void,
    ): void;
  };
  static(directory: string): Middleware;
}

const require = createRequire(sourceFile('peers/package.json'));
const express = require('express') as Express;

const app = express();
if (process.argv[2] === 'gzip-json') {
  app.use((require('compression') as () => Middleware)());
  app.get('/', (_req, res) => {
    res.type('application/json').send(JSON_TEXT);
  });
} else {
  app.use(express.static(process.env[FILES_VARIABLE] ?? ''));
}

const server = createServer(app);
server.listen(0, '127.0.0.1', () => {
  serveControl({
    port: (server.address() as AddressInfo).port,
    lateness: new LatenessWatch(),
    connectionsPerReactor: () => [],
    close: async () => {
      server.close().closeAllConnections();
      await once(server, 'close');
    },
  });
});
