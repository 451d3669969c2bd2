// server.ts: a native handler that computes, on the threads of the worker pool: JavaScript and its event loop stay free.
//
//   cc -O2 -shared -fPIC -I include examples/native-sha256/sha256.c -o out/native-sha256.so
//   node scripts/run.mjs examples/native-sha256/server
//   curl --data-binary @/usr/bin/env localhost:8080/sha256     # the same as sha256sum /usr/bin/env
//   curl localhost:8080/                                       # from JavaScript, at any time

import { createServer } from 'millrace';

/** From out/examples/native-sha256/, where this file is compiled to. */
const library = new URL('../../native-sha256.so', import.meta.url);

// As many threads as there are cores to compute on; more bodies than that wait.
const server = createServer({ workers: 4 });

server.native('POST', '/sha256', { library, symbol: 'sha256_handler', bodyBytes: 64 * 1024 * 1024 });

server.get('/', (_req, res) => {
  res.text('POST something to /sha256');
});

const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' });

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close());
}
console.log(`http://127.0.0.1:${port}/sha256`);
