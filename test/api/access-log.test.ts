// The option `accessLog`: its lines through the public API. What they look like in detail, and readers that are slow,
// stuck or gone: test/native/log_line_test.cc, access_log_test.cc.

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { createServer } from 'millrace';

import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { runScript } from '../helpers/script.js';
import { startServer, testOptions } from '../helpers/server.js';

function logFile(t: TestContext): { fd: number; path: string; lines: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-log-'));
  const path = join(folder, 'access.log');
  const fd = openSync(path, 'a');
  t.after(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  });
  return { fd, path, lines: () => readFileSync(path, 'utf8').split('\n').slice(0, -1) };
}

test('JSON: one object for each request, all of them written when close() resolves', async (t) => {
  const { fd, lines } = logFile(t);
  const { server, connect } = await startServer(t, { accessLog: { fd, format: 'json' } }, (server) => {
    server.get('/whole', (_req, res) => {
      res.text('whole');
    });
    server.get('/pieces', (_req, res) => {
      res.write('one ');
      res.write('two');
      res.end();
    });
    server.get('/throws', () => {
      throw new Error('no');
    });
    server.post('/body', async (req, res) => {
      res.json({ bytes: (await req.buffer()).length });
    });
    server.on('error', () => undefined);
  });
  const client = await connect();
  await client.ask(get('/whole', { 'User-Agent': '"quoted"\t\\' }));
  await client.ask(get('/pieces'));
  await client.ask(get('/throws'));
  await client.ask(`POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello`);
  await client.ask(get('/nothing'));
  await client.ask('GET / HTTP/1.1\r\n\r\n');
  await server.close();
  const entries = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    entries.map(({ method, target, status, bytes }) => [method, target, status, bytes]),
    [
      ['GET', '/whole', 200, 5],
      ['GET', '/pieces', 200, 7],
      ['GET', '/throws', 500, 'Internal Server Error'.length],
      ['POST', '/body', 200, 11],
      ['GET', '/nothing', 404, 9],
      ['GET', '/', 400, 11],
    ],
  );
  assert.equal(entries[0]!['userAgent'], '"quoted"\t\\');
  for (const { time, remote, ms } of entries) {
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);
    assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000);
    assert.equal(remote, '127.0.0.1');
    assert.ok(typeof ms === 'number' && ms >= 0 && ms < 60_000);
  }
});

test('a file that is emptied meanwhile, as by copytruncate of logrotate, begins anew and without a gap', async (t) => {
  const { fd, path, lines } = logFile(t);
  const { server, connect } = await startServer(t, { accessLog: { fd, format: 'short' } }, (server) => {
    server.get('/*', (_req, res) => {
      res.end();
    });
  });
  const client = await connect();
  await client.ask(get('/before'));
  await until('the first line', () => lines().length === 1);
  truncateSync(path);
  await client.ask(get('/after'));
  await server.close();
  assert.equal(lines().length, 1);
  assert.match(lines()[0]!, /^\d{4}-\S+ \S+ 200 GET \/after /);
});

test('without options it goes to stdout, in the combined format', async (t) => {
  const { stdout, stderr, code } = await runScript(
    t,
    `import { createServer } from 'millrace';
     const server = createServer({ accessLog: true }, (req, res) => res.text('hello'));
     const { port } = await server.listen({ host: '127.0.0.1' });
     await (await fetch('http://127.0.0.1:' + port + '/?q', { headers: { 'user-agent': 'test' } })).text();
     await server.close();`,
  );
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(
    stdout,
    /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \/\?q HTTP\/1\.1" 200 5 "-" "test" \d+\.\d{3}\n$/,
  );
});

for (const [how, end] of [
  ['process.exit()', 'process.exit(0)'],
  ['an error that nobody catches', "throw new Error('end')"],
] as const) {
  test(`what was answered before ${how} is in the log`, async (t) => {
    const { stdout } = await runScript(
      t,
      `import { createServer } from 'millrace';
       const server = createServer({ accessLog: { format: 'short' } }, (req, res) => res.text('hello'));
       const { port } = await server.listen({ host: '127.0.0.1' });
       await (await fetch('http://127.0.0.1:' + port + '/last')).text();
       ${end};`,
    );
    assert.match(stdout, / 200 GET \/last 5 B /);
  });
}

test('a reader that takes nothing holds up neither close() nor the end of the process, and nothing stays open', async (t) => {
  const { stdout, stderr, code, signal } = await runScript(
    t,
    `import { readdirSync, readlinkSync } from 'node:fs';
     import { createServer } from 'millrace';
     const opened = () => readdirSync('/proc/self/fd').filter((fd) => {
       try { return readlinkSync('/proc/self/fd/' + fd) === readlinkSync('/proc/self/fd/3'); } catch { return false; }
     }).length;
     const before = opened();
     const server = createServer({ accessLog: { fd: 3 } }, (req, res) => res.text('hello'));
     const { port } = await server.listen({ host: '127.0.0.1' });
     const target = 'http://127.0.0.1:' + port + '/?' + 'a'.repeat(2000);
     for (let i = 0; i < 200; i++) await (await fetch(target)).text();
     const { aborted } = await server.close();
     console.log(aborted, opened() - before);`,
    { more: ['pipe'] }, // which nobody reads: the script's end is full of it
  );
  assert.deepEqual([code, signal, stdout, stderr], [0, null, '0 0\n', '']);
});

test('a descriptor that is not open is refused when the server listens', async () => {
  const server = createServer(testOptions({ accessLog: { fd: 54_321 } }));
  await assert.rejects(server.listen({ host: '127.0.0.1' }), {
    code: 'ERR_MILLRACE_OPTION_RANGE',
    option: 'accessLog.fd',
    value: 54_321,
  });
});

for (const [options, code, option] of [
  [{ accessLog: 1 }, 'ERR_MILLRACE_OPTION_TYPE', 'accessLog'],
  [{ accessLog: { fd: -1 } }, 'ERR_MILLRACE_OPTION_RANGE', 'accessLog.fd'],
  [{ accessLog: { fd: '1' } }, 'ERR_MILLRACE_OPTION_TYPE', 'accessLog.fd'],
  [{ accessLog: { format: 'apache' } }, 'ERR_MILLRACE_OPTION_RANGE', 'accessLog.format'],
  [{ accessLog: { path: 'x' } }, 'ERR_MILLRACE_OPTION_UNKNOWN', 'accessLog.path'],
] as const) {
  test(`${JSON.stringify(options)} is refused`, () => {
    assert.throws(() => createServer(options as never), { name: 'OptionError', code, option });
  });
}
