// node-cluster.ts: processes of node:http behind one port. A connection belongs to the process that it was dealt to: while
// that one computes (here: sleeps without giving its thread away), its other connections wait, however idle the rest are.

import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stopperOf } from '../http-server.js';
import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { listenerOf } from './http-listener.js';
import { block, outcomeOf } from './routes.js';

const options = ownOptions();
if (cluster.isPrimary) await serveWorkers();
else serve();

async function serveWorkers(): Promise<void> {
  cluster.setupPrimary({ exec: fileURLToPath(import.meta.url) });
  const workers = Array.from({ length: options.workers }, () => cluster.fork());
  const addresses = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'listening')) as [{ port: number }]),
  );
  const replace = (): void => {
    cluster.fork();
  };
  cluster.on('exit', replace);
  serveUntilStopped(addresses[0]![0].port, async () => {
    cluster.off('exit', replace);
    const left = Object.values(cluster.workers ?? {}).flatMap((worker) => (worker ? [worker] : []));
    await Promise.all(
      left.map(async (worker) => {
        const ended = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        // One that blocks does not hear SIGTERM, nor its own timer.
        const late = setTimeout(() => worker.process.kill('SIGKILL'), options['grace-ms']);
        await ended;
        clearTimeout(late);
      }),
    );
  });
}

function serve(): void {
  const server = createServer(
    listenerOf(async (method, target, body) => {
      const outcome = outcomeOf(method, target, body);
      if (outcome.afterMs > 0) {
        await nextTurn(); // answers that have been given leave first
        block(outcome.afterMs);
      }
      return outcome;
    }),
  );
  const stop = stopperOf(server, options['grace-ms']);
  // Ctrl-C reaches the whole group; the primary tells each once more.
  process.on('SIGINT', () => undefined);
  process.once('SIGTERM', () => void stop().then(() => process.exit()));
  // Without the primary nobody brings connections, and nobody would end this process.
  process.once('disconnect', () => void stop().then(() => process.exit()));
  server.listen(options.port, '127.0.0.1');
}
