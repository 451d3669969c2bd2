// `millrace load`: what it sends, what it makes of answers, good and bad ones, and what it prints.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { startServer, type TestServer } from '../helpers/server.js';
import { folderWith, runCommand, startCommand, type CommandEnd } from './cli.js';

/** What --json prints, as far as tests look at it. */
interface Report {
  readonly url: string;
  readonly address: string;
  readonly method: string;
  readonly mode: string;
  readonly connections: number;
  readonly threads: number;
  readonly pipeline: number;
  readonly rate: number | null;
  readonly end: string;
  readonly seconds: number;
  readonly sent: number;
  readonly answers: number;
  readonly answersPerSecond: number;
  readonly unanswered: number;
  readonly unsent: number;
  readonly connectionsOpened: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly latencyUs: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly firstErrors: Readonly<Record<string, string>>;
  readonly cpu: Readonly<Record<string, number>>;
}

interface LoadEnd extends CommandEnd {
  readonly report: Report;
}

async function load(t: TestContext, ...args: readonly string[]): Promise<LoadEnd> {
  const end = await runCommand(t, ['load', ...args, '--json']);
  assert.notEqual(end.stdout, '', end.stderr);
  return { ...end, report: JSON.parse(end.stdout) as Report };
}

/** The kinds of which there were some. */
function errorsOf({ report }: LoadEnd): Record<string, number> {
  const kinds = Object.entries(report.errors).filter(([kind, count]) => kind !== 'total' && count > 0);
  const sum = kinds.reduce((total, [, count]) => total + count, 0);
  assert.equal(report.errors['total'], sum);
  return Object.fromEntries(kinds);
}

function startApp(t: TestContext): Promise<TestServer> {
  return startServer(t, {}, (server) => {
    server.reply('GET', '/', { body: 'hello' });
    server.get('/slow', (_req, res) => {
      setTimeout(() => {
        res.text('slow');
      }, 50);
    });
    server.get('/pieces', (_req, res) => {
      for (let i = 0; i < 3; i++) res.write('piece');
      res.end();
    });
    server.post('/echo', async (req, res) => {
      res.end(await req.buffer());
    });
  });
}

/** A server for bytes: `answer` gets each connection's socket whenever a request may have come. */
async function startRaw(
  t: TestContext,
  onConnection: (socket: Socket, number: number) => void,
): Promise<{ readonly url: string; readonly server: Server; connections: number }> {
  const state = { url: '', server: createServer(), connections: 0 };
  const sockets = new Set<Socket>();
  state.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    onConnection(socket, state.connections++);
  });
  state.server.listen(0, '127.0.0.1');
  t.after(() => {
    state.server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(state.server, 'listening');
  state.url = `http://127.0.0.1:${String((state.server.address() as AddressInfo).port)}/`;
  return state;
}

/** One answer for each request head that ends with an empty line. */
function answering(answer: string, thenEnd = false): (socket: Socket) => void {
  return (socket) => {
    let received = '';
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
        received = received.slice(end + 4);
        socket.write(answer, 'latin1');
        if (thenEnd) socket.end();
      }
    });
  };
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

test('sends exactly --requests requests, and gets as many answers', async (t) => {
  const { url, server } = await startApp(t);
  const { code, stderr, report } = await load(t, `${url}/`, '-n', '1234', '-c', '7', '-t', '3');
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual([report.sent, report.answers, report.statuses], [1234, 1234, { '200': 1234 }]);
  assert.deepEqual([report.connectionsOpened, report.end], [7, 'done']);
  assert.equal(report.errors['total'], 0);
  assert.equal(server.stats().requests.native, 1234);
});

test('the JSON has every figure, and they agree with each other', async (t) => {
  const { url, port } = await startApp(t);
  const { report } = await load(t, `${url}/?q=1`, '-n', '500', '-c', '4', '--expect-body', 'hello');
  assert.deepEqual(
    [report.url, report.address, report.method, report.mode],
    [`${url}/?q=1`, `127.0.0.1:${String(port)}`, 'GET', 'keep-alive'],
  );
  assert.deepEqual([report.connections, report.threads, report.pipeline, report.rate], [4, 1, 1, null]);
  assert.deepEqual([report.unanswered, report.unsent, report.firstErrors], [0, 0, {}]);
  assert.ok(Math.abs(report.answersPerSecond * report.seconds - 500) < 0.01);
  assert.equal(
    report.bytesSent,
    500 * `GET /?q=1 HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n\r\n`.length,
  );
  assert.ok(report.bytesReceived > 500 * OK.length);
  const { latencyUs } = report;
  assert.equal(latencyUs['count'], 500);
  const ascending = ['min', 'p50', 'p75', 'p90', 'p99', 'p999', 'p9999', 'max'].map((key) => latencyUs[key]!);
  assert.deepEqual(
    ascending.toSorted((a, b) => a - b),
    ascending,
  );
  assert.ok(ascending[0]! > 0 && ascending.at(-1)! <= report.seconds * 1e6);
  assert.ok(latencyUs['mean']! > ascending[0]! && latencyUs['stdev']! > 0);
  assert.deepEqual(Object.keys(report.errors), [
    'total',
    'connect',
    'read',
    'write',
    'timeout',
    'closedEarly',
    'badResponse',
    'wrongStatus',
    'wrongLength',
    'wrongBody',
  ]);
  assert.deepEqual(Object.keys(report.cpu), ['userSeconds', 'systemSeconds', 'usPerAnswer']);
});

test('--duration ends it, and everything that was sent is answered', async (t) => {
  const { url } = await startApp(t);
  const { code, report } = await load(t, `${url}/`, '-d', '300ms', '-c', '3');
  assert.equal(code, 0);
  assert.ok(report.seconds >= 0.3, String(report.seconds));
  assert.equal(report.sent, report.answers);
  assert.ok(report.answers > 0);
});

for (const path of ['/', '/pieces', '/slow']) {
  test(`pipelines requests to ${path}, and reads the answers one by one`, async (t) => {
    const { url } = await startApp(t);
    const { code, report } = await load(t, url + path, '-n', '100', '-c', '2', '--pipeline', '16');
    assert.equal(code, 0);
    assert.deepEqual([report.sent, report.answers, report.connectionsOpened], [100, 100, 2]);
  });
}

test('pipelined requests leave together', async (t) => {
  const firstBytes: number[] = [];
  const raw = await startRaw(t, (socket) => {
    socket.once('data', (bytes: Buffer) => firstBytes.push(bytes.toString().split('GET ').length - 1));
    answering(OK)(socket);
  });
  const { report } = await load(t, raw.url, '-n', '8', '-c', '1', '--pipeline', '8');
  assert.deepEqual([firstBytes, report.answers], [[8], 8]);
});

test('--no-keep-alive opens a connection for each request, and says so to the server', async (t) => {
  const heads: string[] = [];
  const raw = await startRaw(t, (socket) => {
    socket.on('data', (bytes: Buffer) => heads.push(bytes.toString()));
    answering(OK)(socket);
  });
  const { code, report } = await load(t, raw.url, '-n', '50', '-c', '4', '--no-keep-alive');
  assert.equal(code, 0);
  assert.deepEqual([raw.connections, report.connectionsOpened, report.answers], [50, 50, 50]);
  assert.equal(report.mode, 'one-request');
  assert.ok(heads.every((head) => head.includes('\r\nConnection: close\r\n')));
});

test('--storm opens connections and sends nothing', async (t) => {
  let received = 0;
  const raw = await startRaw(t, (socket) => {
    socket.on('data', (bytes: Buffer) => (received += bytes.length));
  });
  const { code, report } = await load(t, raw.url, '-n', '200', '-c', '8', '--storm');
  assert.equal(code, 0);
  assert.deepEqual([report.connectionsOpened, report.answers, report.sent], [200, 200, 0]);
  assert.deepEqual([report.bytesSent, report.bytesReceived, received], [0, 0, 0]);
  assert.equal(report.latencyUs['count'], 200);
});

test('method, fields and body are sent as they are given', async (t) => {
  const requests: string[] = [];
  const raw = await startRaw(t, (socket) => {
    socket.on('data', (bytes: Buffer) => {
      requests.push(bytes.toString('latin1'));
      socket.write(OK);
    });
  });
  const folder = folderWith(t, { body: 'from a file' });
  await load(t, `${raw.url}a?b=c`, '-n', '1', '-X', 'PUT', '-H', 'A: 1', '-H', 'a:2', '--body', 'text');
  await load(t, raw.url, '-n', '1', '-H', 'Host: other', '--body-file', join(folder, 'body'));
  const { host } = new URL(raw.url);
  assert.deepEqual(requests, [
    `PUT /a?b=c HTTP/1.1\r\nHost: ${host}\r\nA: 1\r\na: 2\r\nContent-Length: 4\r\n\r\ntext`,
    'POST / HTTP/1.1\r\nHost: other\r\nContent-Length: 11\r\n\r\nfrom a file',
  ]);
});

test('a body larger than any buffer arrives as a whole, again and again', async (t) => {
  const { url } = await startServer(t, { limits: { bodyBytes: 8_000_000 } }, (server) => {
    server.post('/', async (req, res) => {
      res.text(String((await req.buffer()).length));
    });
  });
  const folder = folderWith(t, { body: 'x'.repeat(3_000_000) });
  const args = ['-n', '20', '-c', '3', '--body-file', join(folder, 'body'), '--expect-body', '3000000'];
  const { code, report } = await load(t, `${url}/`, ...args);
  assert.deepEqual([code, report.answers], [0, 20]);
});

test('HEAD has no body, whatever the length says', async (t) => {
  const { url } = await startApp(t);
  const { code, report } = await load(t, `${url}/`, '-n', '50', '-X', 'HEAD');
  assert.deepEqual([code, report.answers], [0, 50]);
});

test('a server that says it closes gets the rest on another connection, and there is no error', async (t) => {
  const raw = await startRaw(
    t,
    answering('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi', true),
  );
  for (const pipeline of ['1', '4']) {
    const before = raw.connections;
    const { code, report } = await load(t, raw.url, '-n', '12', '-c', '2', '--pipeline', pipeline);
    assert.equal(code, 0);
    assert.deepEqual([report.sent, report.answers], [12, 12]);
    assert.ok(raw.connections - before >= 12);
  }
});

test('an answer that ends with its connection is read to its end', async (t) => {
  const raw = await startRaw(t, answering('HTTP/1.0 200 OK\r\n\r\nall of it', true));
  const { code, report } = await load(t, raw.url, '-n', '10', '-c', '2', '--expect-body', 'all of it');
  assert.deepEqual([code, report.answers, report.connectionsOpened >= 10], [0, 10, true]);
});

const N = 6;

/** What a server does wrong, and what that is called. */
const BAD: readonly (readonly [
  what: string,
  behave: (socket: Socket) => void,
  kind: string,
  first: RegExp,
])[] = [
  ['answers something else', answering('SSH-2.0-OpenSSH\r\n'), 'badResponse', /does not begin with HTTP/],
  [
    'answers with two lengths',
    answering(OK.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\n')),
    'badResponse',
    /several Content-Length/,
  ],
  ['answers with more than its length', answering(`${OK}!!`), 'wrongLength', /more bytes/],
  [
    'answers with less than its length and closes',
    answering(OK.replace(': 5', ': 9'), true),
    'wrongLength',
    /closed before as many/,
  ],
  ['answers 503', answering(OK.replace('200 OK', '503 Busy')), 'wrongStatus', /^503$/],
  ['answers with another body', answering(OK.replace('hello', 'jello')), 'wrongBody', /^$/],
  [
    'answers with a longer body',
    answering(OK.replace('5\r\n\r\nhello', '6\r\n\r\nhellos')),
    'wrongLength',
    /6 bytes instead of 5/,
  ],
  [
    'closes without an answer',
    (socket) => socket.once('data', () => socket.end()),
    'closedEarly',
    /without an answer/,
  ],
  ['closes within a head', answering('HTTP/1.1 200 OK\r\nConte', true), 'closedEarly', /within the head/],
  [
    'closes within chunks',
    answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', true),
    'closedEarly',
    /last chunk/,
  ],
  [
    'resets the connection',
    (socket) => socket.once('data', () => socket.resetAndDestroy()),
    'read',
    /reset/i,
  ],
  ['never answers', () => undefined, 'timeout', /no answer in time/],
  [
    'never ends an answer',
    answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'),
    'timeout',
    /no answer in time/,
  ],
];

for (const [what, behave, kind, first] of BAD) {
  test(`a server that ${what}: ${kind}, and exit code 1`, async (t) => {
    const raw = await startRaw(t, behave);
    const args = ['-n', String(N), '-c', '2', '--timeout', '300ms', '--expect-body', 'hello'];
    const end = await load(t, raw.url, ...args);
    assert.deepEqual(errorsOf(end), { [kind]: N });
    assert.match(end.report.firstErrors[kind] ?? '', first);
    assert.deepEqual([end.code, end.report.end], [1, 'done']);
  });
}

test('a connection that broke is replaced, and the others are not touched', async (t) => {
  const raw = await startRaw(t, (socket, number) => {
    if (number === 1) socket.once('data', () => socket.destroy());
    else answering(OK)(socket);
  });
  const end = await load(t, raw.url, '-n', '100', '-c', '3');
  assert.deepEqual([end.report.answers, end.report.errors['total'], raw.connections], [99, 1, 4]);
});

test('--expect-status says which codes are right', async (t) => {
  const { url } = await startApp(t);
  const right = await load(t, `${url}/nothing`, '-n', '10', '--expect-status', '200,404');
  assert.deepEqual([right.code, right.report.statuses], [0, { '404': 10 }]);
  const wrong = await load(t, `${url}/`, '-n', '10', '--expect-status', '4xx');
  assert.deepEqual([wrong.code, errorsOf(wrong)], [1, { wrongStatus: 10 }]);
});

test('--rate keeps to the rate', async (t) => {
  const { url } = await startApp(t);
  const { code, report } = await load(t, `${url}/`, '-d', '1s', '--rate', '200', '-c', '8', '-t', '2');
  assert.deepEqual([code, report.sent, report.answers, report.unsent], [0, 200, 200, 0]);
  assert.equal(report.rate, 200);
});

test('with --rate a stall is in the latency of all that was due in it', async (t) => {
  const STALL_MS = 600;
  const stalling = (socket: Socket): void => {
    let seen = 0;
    let isStalled = false;
    let owed = 0;
    socket.on('data', (bytes: Buffer) => {
      for (let heads = bytes.toString().split('\r\n\r\n').length - 1; heads > 0; heads--) {
        if (++seen === 20) {
          isStalled = true;
          setTimeout(() => {
            isStalled = false;
            socket.write(OK.repeat(owed));
          }, STALL_MS);
        }
        if (isStalled) owed++;
        else socket.write(OK);
      }
    });
  };
  const raw = await startRaw(t, stalling);
  const open = await load(t, raw.url, '-n', '100', '--rate', '100', '-c', '1');
  // About 60 of 100 requests were due in the stall, on average half of it before its end.
  assert.ok(open.report.latencyUs['p75']! > 200_000, open.stdout);
  assert.ok(open.report.latencyUs['p99']! > 500_000, open.stdout);
  const closed = await load(t, raw.url, '-n', '2000', '-c', '1');
  assert.ok(closed.report.latencyUs['max']! > 500_000, closed.stdout);
  assert.ok(closed.report.latencyUs['p99']! < 200_000, closed.stdout);
});

test('requests that were due and that nobody could send are told', async (t) => {
  const raw = await startRaw(t, (socket) => {
    socket.on('data', () => setTimeout(() => socket.write(OK), 200));
  });
  const args = [raw.url, '-d', '500ms', '--rate', '100', '-c', '1'];
  const { code, report } = await load(t, ...args);
  assert.deepEqual([code, report.sent + report.unsent], [0, 50]);
  assert.ok(report.unsent >= 40, JSON.stringify(report));
  const { stdout } = await runCommand(t, ['load', ...args]);
  assert.match(stdout, /note: \d+ requests of 100\/s could not be sent in time/);
});

test('an idle connection that the server ends is opened again when it is needed, and there is no error', async (t) => {
  const raw = await startRaw(t, (socket) => {
    answering(OK)(socket);
    socket.on('data', () => setTimeout(() => socket.end(), 20));
  });
  const { code, report } = await load(t, raw.url, '-n', '8', '--rate', '10', '-c', '1');
  assert.deepEqual([code, report.answers, raw.connections >= 7], [0, 8, true]);
});

test('a name with several addresses leads to the one that listens', async (t) => {
  const { port } = await startApp(t);
  const { code, report } = await load(t, `http://localhost:${String(port)}/`, '-n', '10');
  assert.deepEqual([code, report.address], [0, `127.0.0.1:${String(port)}`]);
});

test('IPv6 addresses are written in brackets', async (t) => {
  const server = createServer(answering(OK));
  t.after(() => server.close());
  server.listen(0, '::1');
  const isThere = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ]);
  if (!isThere) {
    t.skip('this machine has no ::1');
    return;
  }
  const { port } = server.address() as AddressInfo;
  const { code, report } = await load(t, `http://[::1]:${String(port)}/`, '-n', '10');
  assert.deepEqual([code, report.address, report.answers], [0, `[::1]:${String(port)}`, 10]);
});

test('--unix connects to a Unix socket', async (t) => {
  const path = join(folderWith(t, {}), 'socket');
  let head = '';
  const server = createServer((socket) => {
    socket.once('data', (bytes: Buffer) => (head = bytes.toString()));
    answering(OK)(socket);
  }).listen(path);
  t.after(() => server.close());
  await once(server, 'listening');
  const { code, report } = await load(t, 'http://name/x', '--unix', path, '-n', '1');
  assert.deepEqual([code, report.address, head], [0, path, 'GET /x HTTP/1.1\r\nHost: name\r\n\r\n']);
});

for (const args of [[], ['--no-keep-alive'], ['--storm'], ['--rate', '100']]) {
  test(`nobody listens: said in one line, and exit code 1 ${args.join(' ')}`, async (t) => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    const url = `http://127.0.0.1:${String(port)}/`;
    const { code, stderr } = await runCommand(t, ['load', url, '-d', '20s', '-c', '2', ...args]);
    assert.equal(stderr, `millrace: cannot connect to 127.0.0.1:${String(port)}: Connection refused\n`);
    assert.equal(code, 1);
  });
}

test('a server that goes away ends a run by count all the same', async (t) => {
  const raw = await startRaw(t, (socket, number) => {
    raw.server.close();
    if (number < 2) answering(OK, true)(socket);
  });
  const end = await load(t, raw.url, '-n', '8', '-c', '2', '--timeout', '1s');
  assert.equal(end.code, 1);
  assert.ok((end.report.errors['connect'] ?? 0) > 0, end.stdout);
});

test('SIGINT ends it, and what has been measured is printed', async (t) => {
  const { url } = await startApp(t);
  const running = startCommand(t, ['load', `${url}/`, '-d', '50s', '-c', '2']);
  await running.printed(/2 connections, 1 thread, 50 s\n/);
  running.process.kill('SIGINT');
  const { code, signal, stdout } = await running.ended;
  assert.deepEqual([code, signal], [0, null]);
  assert.match(stdout, /\n {2}answers a second +[\d,]+\n/);
  assert.match(stdout, /\nnote: interrupted, with \d+ requests? under way\n$/);
});

test('a report for people, with aligned columns and without a progress line where nobody watches', async (t) => {
  const { url } = await startApp(t);
  const { code, stdout, stderr } = await runCommand(t, ['load', `${url}/slow`, '-n', '10', '-c', '5']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.ok(stdout.startsWith(`GET ${url}/slow, 5 connections, 1 thread, 10 requests\n\n  answers `), stdout);
  assert.match(stdout, /\nlatency: mean [\d.]+ ms, standard deviation [\d.]+ (?:µs|ms)\n/);
  const rows = stdout.split('\n').filter((line) => /^ {2}(?:\d+(?:\.\d+)? %|slowest) /.test(line));
  assert.equal(rows.length, 7);
  assert.deepEqual([...new Set(rows.map((row) => row.length))].length, 1, stdout);
  assert.ok(!stdout.includes('\u001b') && !stdout.includes('error'));
});

test('errors of a report say what the first was', async (t) => {
  const { url } = await startApp(t);
  const { code, stdout } = await runCommand(t, ['load', `${url}/nothing`, '-n', '10']);
  assert.equal(code, 1);
  assert.match(stdout, /\nstatus codes\n {2}404 {2}10\n/);
  assert.match(stdout, /\n10 errors\n {2}wrong status {2}10 {2}first: 404\n/);
});

const WRONG: readonly (readonly [args: string, message: RegExp])[] = [
  ['', /which URL\? For example: millrace load http:\/\/127\.0\.0\.1:8080\//],
  ['http://a http://b', /requests go to one URL, not 2: 'http:\/\/a' 'http:\/\/b'/],
  ['https://a/', /https: is not supported: there is no TLS here/],
  ['localhost:8080', /the URL must begin with http:\/\/, such as .*, not 'localhost:8080'/],
  ['ftp://a/', /the URL must begin with http:\/\//],
  ['http://u:p@a/', /the URL has a user name in it; send one as --header 'Authorization/],
  ['http://a/ -c 0', /--connections must be a number from 1 to 100000, not '0'/],
  ['http://a/ -t 65', /--threads must be a number from 1 to 64/],
  ['http://a/ -c 2 -t 3', /each thread needs a connection: 3 threads, and --connections is 2/],
  [
    'http://a/ -d soon',
    /--duration must be a time such as 10s or 500ms, or seconds, a day at most, not 'soon'/,
  ],
  ['http://a/ -d 0', /--duration must be a time/],
  ['http://a/ -d 2d', /--duration must be a time/],
  ['http://a/ --timeout 2h', /--timeout must be .* an hour at most/],
  ['http://a/ -n 0', /--requests must be a number from 1/],
  ['http://a/ --rate 0.5', /--rate must be a number from 1/],
  ['http://a/ --pipeline 1025', /--pipeline must be a number from 1 to 1024/],
  ['http://a/ --method G@T', /--method must be a method of HTTP such as GET, not 'G@T'/],
  ['http://a/ --method CONNECT', /--method CONNECT asks for a tunnel/],
  ['http://a/ -H nonsense', /--header must be written 'Name: value', not 'nonsense'/],
  ['http://a/ -H A:\u0001', /--header 'A' has a character that no field value can have/],
  ['http://a/ -H Content-Length:1', /--header 'Content-Length' cannot be given: it is the length of --body/],
  ['http://a/ -H connection:close', /--header 'connection' cannot be given: .*--no-keep-alive/],
  ['http://a/ --body a --body-file b', /--body and --body-file exclude each other/],
  ['http://a/ --body-file /nowhere', /--body-file: '\/nowhere' cannot be read: ENOENT/],
  [
    'http://a/ --expect-status 2x',
    /--expect-status must list final codes or classes such as 200,404,2xx, not '2x'/,
  ],
  ['http://a/ --expect-status 100', /--expect-status must list final codes/],
  ['http://a/ --storm --body a', /--storm sends no requests, so --body means nothing beside it/],
  ['http://a/ --storm --pipeline 2', /--storm sends no requests, so --pipeline/],
  ['http://a/ --no-keep-alive --pipeline 2', /--no-keep-alive and --pipeline exclude each other/],
  [`http://a/ --unix /${'x'.repeat(107)}`, /--unix must be a path of at most 107 bytes/],
  ['http://a/ --conections 3', /did you mean --connections\?/],
];

for (const [args, message] of WRONG) {
  test(`\`millrace load ${args.slice(0, 60)}\` says in one line what would be right, and exits with 2`, async (t) => {
    const { code, stdout, stderr } = await runCommand(t, [
      'load',
      ...args.split(' ').filter((arg) => arg !== ''),
    ]);
    assert.match(stderr, message);
    assert.match(stderr, /^millrace: [^\n]+\n$/);
    assert.deepEqual([code, stdout], [2, '']);
  });
}

test('more connections than there may be descriptors: said before anything is sent', async (t) => {
  const command = startCommand(t, ['load', 'http://127.0.0.1:1/', '-c', '100000']);
  const { code, stderr } = await command.ended;
  // Where the hard limit allows it there is nobody to connect to.
  assert.match(stderr, /needs [\d,]+ file descriptors, and this process may have [\d,]+|cannot connect/);
  assert.notEqual(code, 0);
});

test('a host that does not exist: exit code 1, in one line', async (t) => {
  const { code, stderr } = await runCommand(t, ['load', 'http://no-host.invalid/']);
  assert.match(stderr, /^millrace: there is no host 'no-host\.invalid' \(\w+\)\n$/);
  assert.equal(code, 1);
});
