// server-sent-events.ts: a page that shows the server's load, told once a second by an answer that does not end.
//
//   curl -N 'localhost:8080/events?ms=200'

import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'millrace';

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Load</title>
<pre id="load">waiting …</pre>
<script>
  new EventSource('/events').onmessage = ({ data }) => (document.querySelector('#load').textContent = data);
</script>
`;

const server = createServer();

server.get('/', (_req, res) => {
  res.html(PAGE);
});

server.get('/events', async (req, res) => {
  res.header('Content-Type', 'text/event-stream').header('Cache-Control', 'no-store');
  const everyMs = Math.max(10, Number(req.searchParams.get('ms') ?? 1000));
  // The signal ends the wait when the client goes, and the rejection ends the handler: nothing is left running.
  for (let id = 1; ; id++) {
    const { connections, requests } = server.stats();
    const data = JSON.stringify({ connections: connections.open, answered: requests.answered });
    if (!res.write(`id: ${id}\ndata: ${data}\n\n`)) await res.drained();
    await sleep(everyMs, undefined, { signal: req.signal });
  }
});

const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' });

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Answers that never end are cut off at the end of the grace time.
  process.once(signal, () => void server.close({ graceMs: 500 }));
}
console.log(`http://127.0.0.1:${port}/`);
