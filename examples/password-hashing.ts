// password-hashing.ts: handlers that compute, in as many threads as there are cores: see password-hashing-app.ts.
//
//   curl localhost:8080/hashes --data 'correct horse battery staple'
//   curl localhost:8080/                  # answered at once, while hashes are being computed
//
// What the threads bring, on two cores: clients that ask for hashes without a pause, and GET / on schedule 50 times a second.
// Medians of 5 rounds of 3 s in turn; THREADS=0 has all handlers run in the main thread.
//
//                                handlers in the main thread    2 handler threads
//   4 clients: hashes a second                            36                   64
//              GET /, p50 and p99             43 and 107 ms         19 and 64 ms
//   1 client:  hashes a second                            36                   35
//              GET /, p50 and p99              14 and 35 ms          2 and 14 ms
//
// A hash does not become faster: two are computed at a time. GET / waits where all threads are computing, and then for
// whichever is ready first.

import { availableParallelism } from 'node:os';
import { createServer } from 'millrace';

const server = createServer({
  app: new URL('./password-hashing-app.js', import.meta.url),
  threads: Number(process.env['THREADS'] ?? availableParallelism()),
});

// What a thread had not answered has been answered 503, and the next one is being started.
server.on('threadexit', ({ thread, error }) => {
  console.error(`handler thread ${thread} has ended:`, error);
});

const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' });

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close({ graceMs: 5000 }));
}
console.log(`http://127.0.0.1:${port}/`);
