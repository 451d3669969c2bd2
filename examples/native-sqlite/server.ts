// server.ts: a native handler that waits for a database: a thread of the worker pool waits, and nobody else.
//
//   cc -O2 -shared -fPIC -I include examples/native-sqlite/countries.c -o out/native-sqlite.so -lsqlite3
//   node scripts/run.mjs examples/native-sqlite/server
//   curl localhost:8080/countries/is

import { createServer } from 'millrace';

/** From out/examples/native-sqlite/, where this file is compiled to. */
const library = new URL('../../native-sqlite.so', import.meta.url);
const database = process.env['DATABASE'] ?? 'out/countries.db';

const server = createServer();

// What does not begin in time is answered 503, and a thread that waits for longer than that has no client any more.
server.native('GET', '/countries/:code', {
  library,
  symbol: 'find_country_handler',
  data: database,
  handlerMs: 5000,
});

// Without a listener it would be written to stderr.
server.on('error', (error, { method, path }) => {
  console.error(`${method} ${path}:`, error);
});

const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' });

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close());
}
console.log(`http://127.0.0.1:${port}/countries/is`);
