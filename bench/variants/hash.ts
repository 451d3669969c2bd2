// hash.ts: SHA-256 of 64 KB, by a native handler on the worker pool, or by JavaScript in the main thread.

import { createHash } from 'node:crypto';
import { createServer } from 'millrace';
import { serveControl } from './control.js';
import { LatenessWatch } from './lateness.js';
import { LoopWatch } from './loop-watch.js';

/** Milliseconds: its bound is two of them. */
const RESOLUTION = 1;
const [, , how, library = ''] = process.argv;

const server = createServer();
if (how === 'native') {
  server.native('POST', '/', { library, symbol: 'sha256_handler' });
} else {
  server.post('/', async (req, res) => {
    res.text(
      `${createHash('sha256')
        .update(await req.buffer())
        .digest('hex')}\n`,
    );
  });
}

const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
serveControl({
  port,
  lateness: new LatenessWatch(),
  connectionsPerReactor: () => [],
  loopWatch: new LoopWatch(RESOLUTION),
  close: () => server.close({ graceMs: 0 }),
});
