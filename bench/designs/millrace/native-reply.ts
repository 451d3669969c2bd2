// native-reply.ts: millrace that answers / by itself, also while the one JavaScript thread is blocked, as it is in /sleep here.

import { createServer } from 'millrace';
import { block } from '../javascript/routes.js';
import { HELLO } from '../limits.js';
import { ownOptions } from '../options.js';
import { addOthers } from './routes.js';
import { serveMillrace } from './serve.js';

const server = createServer();
server.reply('GET', '/', { body: HELLO, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
addOthers(server, (ms) => {
  block(ms);
  return undefined;
});
await serveMillrace(server, ownOptions());
