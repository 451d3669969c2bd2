// demo.ts: what `npm start` runs: a page to look at, a handler that sleeps and holds up nobody, an echo, live figures, a
// 404 page and an orderly end. The handlers are in demo-app.ts.

import { createServer, type Server } from 'millrace';

const HOST = '127.0.0.1';

await start();

async function start(): Promise<void> {
  try {
    const server = createServer({
      app: new URL('./demo-app.js', import.meta.url),
      threads: Number(process.env['THREADS'] ?? 4),
      timeouts: { stallMs: 10_000 }, // /sleep is no stall
    });
    // Answered by the I/O thread: also while every handler thread sleeps.
    server.reply('GET', '/healthz', { body: 'ok\n', headers: { 'Content-Type': 'text/plain' } });
    const address = await server.listen({ port: Number(process.env['PORT'] ?? 8080), host: HOST });
    process.once('SIGINT', () => {
      stop(server);
    });
    process.once('SIGTERM', () => {
      stop(server);
    });
    console.log(`millrace demo: http://${HOST}:${address.port}/ (Ctrl-C ends it)`);
  } catch (error) {
    console.error(`millrace demo: ${whyNot(error as NodeJS.ErrnoException & { option?: string })}`);
    process.exitCode = 1;
  }
}

function whyNot(error: NodeJS.ErrnoException & { option?: string }): string {
  const { PORT = '8080', THREADS = '' } = process.env;
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${PORT} is taken; choose another one: PORT=${Number(PORT) + 1} npm start`;
    case 'ERR_MILLRACE_OPTION_RANGE':
      return error.option === 'threads'
        ? `THREADS must be a number from 0 to 128, not '${THREADS}'`
        : `PORT must be a number from 0 to 65535, not '${PORT}'`;
    default:
      return error.message;
  }
}

/** Nothing keeps the process alive then, and it leaves with 0. A second Ctrl-C ends it at once. */
function stop(server: Server): void {
  console.log('millrace demo: answering what has been asked, then leaving');
  void server.close();
}
