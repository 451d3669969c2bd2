// health-check.ts: a liveness check that answers while JavaScript is busy, beside a readiness check that asks it.
//
//   curl localhost:8080/report &          # keeps the JavaScript thread busy for three seconds
//   curl -i localhost:8080/healthz        # 200 at once
//   curl -i localhost:8080/readyz         # 503 after one second: the I/O thread gave up on the handler

import { createServer } from 'millrace';

const server = createServer();

// Answered by the I/O thread, without JavaScript: it says that the process is there and its sockets are served. An
// orchestrator that restarts on this check leaves a process alone that is merely working.
server.reply('GET', '/healthz', {
  headers: { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' },
  body: 'ok',
});

// Answered by JavaScript: it says that handlers get their turn. A load balancer that goes by this check sends its requests
// elsewhere meanwhile.
server.get('/readyz', { handlerMs: 1000 }, (_req, res) => {
  res.header('Cache-Control', 'no-store').text('ready');
});

server.get('/report', (req, res) => {
  const ms = Number(req.searchParams.get('ms') ?? 3000);
  blockThisThread(ms);
  res.text(`This took ${ms} ms, and no other handler ran meanwhile.`);
});

const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' });

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close());
}
console.log(`http://127.0.0.1:${port}/healthz`);

/** Stands for anything that computes and never awaits. */
function blockThisThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
