// Other people's clients: what they send, and what they make of the answers.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { Agent, request as nodeRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { test } from 'node:test';
import { promisify } from 'node:util';

import type { Server } from 'millrace';

import { startServer } from '../helpers/server.js';

function addRoutes(server: Server): void {
  server.get('/', (req, res) => {
    res.json({ method: req.method, path: req.path, query: Object.fromEntries(req.searchParams) });
  });
  server.get('/large', (_req, res) => {
    res.end('x'.repeat(3_000_000));
  });
  server.get('/old', (_req, res) => {
    res.redirect('/?from=old', 301);
  });
  server.get('/cookies', (_req, res) => {
    res.append('Set-Cookie', 'a=1; Path=/').append('Set-Cookie', 'b=2; HttpOnly').end();
  });
  server.post('/echo', async (req, res) => {
    res.header('Content-Type', req.header('content-type') ?? 'none').end(await req.buffer());
  });
  server.delete('/', (_req, res) => {
    res.status(204).end();
  });
  server.reply('GET', '/native', { body: 'native' });
}

test("Node's fetch talks to it", async (t) => {
  const { url, server } = await startServer(t, {}, addRoutes);
  const home = await fetch(`${url}/?a=b&c=%C3%A9`);
  assert.deepEqual(await home.json(), { method: 'GET', path: '/', query: { a: 'b', c: 'é' } });
  assert.equal(home.headers.get('content-type'), 'application/json');

  assert.equal((await (await fetch(`${url}/large`)).text()).length, 3_000_000);

  const redirected = await fetch(`${url}/old`);
  assert.equal(redirected.redirected, true);
  assert.equal(redirected.url, `${url}/?from=old`);
  await redirected.text();

  const cookies = await fetch(`${url}/cookies`);
  assert.deepEqual(cookies.headers.getSetCookie(), ['a=1; Path=/', 'b=2; HttpOnly']);

  const form = await fetch(`${url}/echo`, { method: 'POST', body: new URLSearchParams({ a: 'é', b: '&=' }) });
  assert.equal(await form.text(), 'a=%C3%A9&b=%26%3D');

  const parts = new FormData();
  parts.set('file', new Blob(['x'.repeat(100_000)]), 'x.txt');
  const sent = await fetch(`${url}/echo`, { method: 'POST', body: parts });
  assert.match(sent.headers.get('content-type')!, /^multipart\/form-data; boundary=/);
  assert.match(await sent.text(), /filename="x\.txt"\r\n(?:.*\r\n)*\r\nx{100000}\r\n/);

  const streaming: RequestInit = { method: 'POST', body: new Blob(['str', 'eam']).stream(), duplex: 'half' };
  const streamed = await fetch(`${url}/echo`, streaming);
  assert.equal(await streamed.text(), 'stream');

  const head = await fetch(`${url}/large`, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '3000000');
  assert.equal((await fetch(`${url}/`, { method: 'DELETE' })).status, 204);
  assert.equal((await fetch(`${url}/`, { method: 'PUT' })).status, 405);
  assert.equal(server.stats().requests.refused, 0);
});

test("a hundred of Node's fetches at once are answered, each with its own answer", async (t) => {
  const { url } = await startServer(t, {}, addRoutes);
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => (await fetch(`${url}/?n=${String(n)}`)).json()),
  );
  assert.deepEqual(
    answers.map((answer) => (answer as { query: { n: string } }).query.n),
    answers.map((_, n) => String(n)),
  );
});

/** One request of node:http's client. */
function ask(options: RequestOptions, body?: string): Promise<{ response: IncomingMessage; text: string }> {
  return new Promise((resolve, reject) => {
    const request = nodeRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        resolve({ response, text });
      });
    });
    request.once('error', reject);
    if (options.headers !== undefined && 'Expect' in options.headers) {
      request.flushHeaders();
      request.once('continue', () => request.end(body));
    } else {
      request.end(body);
    }
  });
}

test("node:http's client keeps its connection, and gets its 100 Continue", async (t) => {
  const { port, server } = await startServer(t, {}, addRoutes);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => {
    agent.destroy();
  });
  const options = { port, host: '127.0.0.1', agent };
  for (let n = 0; n < 20; n++) {
    const { response, text } = await ask({ ...options, path: n % 2 === 0 ? '/native' : '/' });
    assert.equal(response.statusCode, 200);
    if (n % 2 === 0) assert.equal(text, 'native');
  }
  const post = { ...options, method: 'POST', path: '/echo' };
  assert.equal((await ask(post, 'a body')).text, 'a body');
  assert.equal((await ask({ ...post, headers: { Expect: '100-continue' } }, 'asked for')).text, 'asked for');
  assert.equal(server.stats().connections.total, 1);
});

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const curl = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)('curl', ['--silent', '--show-error', '--max-time', '20', ...args])).stdout;

test('curl talks to it', { skip: !hasCurl() && 'curl is not installed' }, async (t) => {
  const { url } = await startServer(t, {}, addRoutes);
  assert.equal(await curl(`${url}/native`, `${url}/native`), 'nativenative');
  assert.equal(await curl('--http1.0', `${url}/native`), 'native');
  assert.equal(
    await curl('--output', '/dev/null', '--write-out', '%{size_download}', `${url}/large`),
    '3000000',
  );
  assert.match(
    await curl('--head', `${url}/large`),
    /^HTTP\/1\.1 200 OK\r\n(.*\r\n)*Content-Length: 3000000\r\n/,
  );
  assert.match(await curl('--location', `${url}/old`), /"from":"old"/);
  // Above 1 MiB curl asks for 100 Continue; here it has to.
  const data = 'x'.repeat(100_000);
  assert.equal(await curl('--data-raw', data, '--header', 'Expect: 100-continue', `${url}/echo`), data);
  assert.equal(
    await curl('--header', 'Transfer-Encoding: chunked', '--data-raw', 'chunked', `${url}/echo`),
    'chunked',
  );
  assert.equal(
    await curl('--request', 'PUT', '--output', '/dev/null', '--write-out', '%{http_code}', url),
    '405',
  );
});
