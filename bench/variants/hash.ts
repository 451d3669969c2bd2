// hash.ts: SHA-256 of 64 KB, by a native handler on the worker pool, or by JavaScript in the main thread.

import { createHash } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createServer } from 'millrace';
import { serveControl } from './control.js';
import { LatenessWatch } from './lateness.js';

const NS_PER_MS = 1e6;
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

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
serveControl({
  port,
  lateness: new LatenessWatch(),
  connectionsPerReactor: () => [],
  loopDelay: () => {
    const p99 = delay.percentile(99) / NS_PER_MS;
    delay.reset();
    // Of what it measures one interval is not late.
    return Math.max(0, p99 - 1);
  },
  close: () => server.close({ graceMs: 0 }),
});
