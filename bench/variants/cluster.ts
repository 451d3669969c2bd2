// cluster.ts: what handler threads are compared with: node:cluster, with as many workers as the argument says, each with
// node:http and the same work. Connections are dealt out in turn, as is the default.

import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { HELLO } from './applications.js';
import { serveControl } from './control.js';
import { LatenessWatch } from './lateness.js';
import { answerOf, block, compute, wait } from './work.js';

/** As long as millrace's. */
const KEEP_ALIVE_MS = 65_000;

if (cluster.isPrimary) await serveWorkers(Number(process.argv[2]));
else
  createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => void listener(req, res)).listen(
    0,
    '127.0.0.1',
  );

async function listener(...[req, res]: Parameters<RequestListener>): Promise<void> {
  const [, kind = '', ms = '', request = ''] = (req.url ?? '/').split('/');
  switch (kind) {
    case '':
      res.end(HELLO);
      return;
    case 'compute':
      compute(Number(ms));
      break;
    case 'block':
      block(Number(ms));
      break;
    case 'wait':
      await wait(Number(ms));
      break;
    default:
      res.statusCode = 404;
      res.end();
      return;
  }
  res.end(answerOf(kind, ms, request));
}

async function serveWorkers(count: number): Promise<void> {
  const workers = Array.from({ length: count }, () => cluster.fork());
  const addresses = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'listening')) as [{ port: number }]),
  );
  // Workers end when this process does, whatever ends it.
  cluster.once('exit', (_worker, code, signal) => {
    throw new Error(`a worker ended with ${signal || String(code)}`);
  });
  serveControl({
    port: addresses[0]![0].port,
    lateness: new LatenessWatch(),
    connectionsPerReactor: () => [],
    processes: () => [process.pid, ...workers.map((worker) => worker.process.pid!)],
    close: async () => {
      cluster.removeAllListeners('exit');
      await Promise.all(
        workers.map(async (worker) => {
          const left = once(worker, 'exit');
          worker.process.kill('SIGKILL');
          await left;
        }),
      );
    },
  });
}
