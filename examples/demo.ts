// demo.ts: what `npm start` runs: a page to look at, an echo, live figures, a 404 page and an orderly end.

import { createServer, type HttpRequest, type HttpResponse } from 'millrace';
import { HOME_PAGE, notFoundPage } from './demo-pages.js';

const HOST = '127.0.0.1';
const port = Number(process.env['PORT'] ?? 8080);

const server = createServer(answerNotFound);

server.get('/', (_req, res) => {
  sendPage(res, HOME_PAGE);
});

server.post('/echo', async (req, res) => {
  const body = await req.buffer();
  // Plain text whatever came, and said so that no browser guesses: what strangers send must not run as a page of ours.
  res
    .header('Content-Type', 'text/plain; charset=utf-8')
    .header('X-Content-Type-Options', 'nosniff')
    .end(body);
});

server.get('/stats', (_req, res) => {
  res.header('Cache-Control', 'no-store').json(server.stats());
});

await start();

function answerNotFound(req: HttpRequest, res: HttpResponse): void {
  sendPage(res.status(404), notFoundPage(req.method, req.path));
}

/** The pages bring all they need; nothing else may be loaded or run in them. */
function sendPage(res: HttpResponse, html: string): void {
  res
    .header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; " +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    .html(html);
}

async function start(): Promise<void> {
  try {
    const address = await server.listen({ port, host: HOST });
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    console.log(`millrace demo: http://${HOST}:${address.port}/ (Ctrl-C ends it)`);
  } catch (error) {
    console.error(`millrace demo: ${whyNot(error as NodeJS.ErrnoException)}`);
    process.exitCode = 1;
  }
}

function whyNot(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} is taken; choose another one: PORT=${port + 1} npm start`;
    case 'ERR_MILLRACE_OPTION_RANGE':
      return `PORT must be a number from 0 to 65535, not '${process.env['PORT'] ?? ''}'`;
    default:
      return error.message;
  }
}

/** Nothing keeps the process alive then, and it leaves with 0. A second Ctrl-C ends it at once. */
function stop(): void {
  console.log('millrace demo: answering what has been asked, then leaving');
  void server.close();
}
