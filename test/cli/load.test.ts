// `millrace load`: what it sends where, how often and when.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { startServer } from '../helpers/server.js';
import { folderWith, runCommand, startCommand } from './cli.js';
import { answering, errorsOf, load, OK, startApp, startRaw, stalling, type Report } from './load-runs.js';

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

test('few requests have no more connections and threads than there is something for them to do', async (t) => {
  const { url } = await startApp(t);
  const rows = [
    [
      ['-c', '500', '-n', '10'],
      [10, 1, 10],
    ],
    [
      ['-n', '10'],
      [10, 1, 10],
    ],
    [
      ['-c', '500', '-n', '10', '--pipeline', '4'],
      [3, 1, 3],
    ],
    [
      ['-t', '4', '-n', '2'],
      [2, 2, 2],
    ],
    [
      ['-c', '3', '-n', '10'],
      [3, 1, 3],
    ],
  ] as const;
  for (const [args, expected] of rows) {
    const { code, report } = await load(t, `${url}/`, ...args);
    assert.equal(code, 0);
    assert.deepEqual([report.connections, report.threads, report.connectionsOpened], expected);
  }
});

test('empty bodies can be sent and expected', async (t) => {
  const requests: string[] = [];
  const raw = await startRaw(t, (socket) => {
    socket.on('data', (bytes: Buffer) => {
      requests.push(bytes.toString('latin1'));
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
  });
  const { code } = await load(t, raw.url, '-n', '1', '--body', '', '--expect-body=');
  const { host } = new URL(raw.url);
  assert.deepEqual([code, requests], [0, [`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`]]);
  const { url } = await startApp(t);
  const full = await load(t, `${url}/`, '-n', '2', '--expect-body', '');
  assert.deepEqual([full.code, errorsOf(full)], [1, { wrongLength: 2 }]);
});

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

test('a browser says Connection: keep-alive, so it may be said', async (t) => {
  const heads: string[] = [];
  const raw = await startRaw(t, (socket) => {
    socket.on('data', (bytes: Buffer) => heads.push(bytes.toString()));
    answering(OK)(socket);
  });
  const { code, report } = await load(t, raw.url, '-n', '4', '-c', '1', '-H', 'Connection: keep-alive');
  assert.deepEqual([code, raw.connections, report.answers], [0, 1, 4]);
  assert.ok(heads.every((head) => head.includes('\r\nConnection: keep-alive\r\n')));
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
  assert.deepEqual([code, report.sent + report.unsent, report.errors['total']], [1, 50, 0]);
  assert.ok(report.unsent >= 40, JSON.stringify(report));
  const { code: sameCode, stdout } = await runCommand(t, ['load', ...args]);
  assert.equal(sameCode, 1);
  assert.match(stdout, /note: \d+ requests of 100\/s could not be sent in time/);
  assert.match(stdout, /note: \d+ of the 50 latencies are lower bounds/);
});

test('a stall at the end of a rate is in the latencies of what could not be sent, and fails the run', async (t) => {
  const raw = await startRaw(t, stalling(900, 3_500));
  const { code, report } = await load(t, raw.url, '-d', '2s', '--rate', '1000', '-c', '4');
  assert.deepEqual([code, report.errors['total'], report.sent + report.unsent], [1, 0, 2_000]);
  // 1,100 were due in the stall, and waited from 1.5 s to 2.6 s for its end; four of them had been sent.
  assert.ok(report.unsent > 900, JSON.stringify(report));
  assert.deepEqual([report.latencyUs['count'], report.latencyUs['lowerBounds']], [2_000, report.unsent]);
  assert.ok(report.latencyUs['p50']! > 1_400_000, JSON.stringify(report.latencyUs));
  assert.ok(report.latencyUs['p90']! > 2_000_000, JSON.stringify(report.latencyUs));
});

test('with --rate what is not answered in time has waited for at least that time', async (t) => {
  const raw = await startRaw(t, () => undefined);
  const args = ['-n', '8', '--rate', '1000', '-c', '8', '--timeout', '300ms'];
  const end = await load(t, raw.url, ...args);
  assert.deepEqual([end.code, errorsOf(end)], [1, { timeout: 8 }]);
  const { count, lowerBounds, min } = end.report.latencyUs;
  assert.deepEqual([count, lowerBounds, min! >= 300_000], [8, 8, true]);
  const closed = await load(t, raw.url, '-n', '8', '-c', '8', '--timeout', '300ms');
  assert.equal(closed.report.latencyUs['count'], 0);
});

test('requests that have to wait for a moment when a rate ends are no failure', async (t) => {
  let seen = 0;
  const raw = await startRaw(t, (socket) => {
    // The last but one, due 20 ms before the end, holds the last one up beyond it.
    socket.on('data', () => setTimeout(() => socket.write(OK), ++seen === 24 ? 40 : 0));
  });
  const { code, report } = await load(t, raw.url, '-d', '250ms', '--rate', '100', '-c', '1');
  assert.deepEqual([code, report.answers, report.unsent], [0, 25, 0]);
  assert.equal(report.latencyUs['lowerBounds'], 0);
});

test('a rate that is interrupted tells what had to wait', async (t) => {
  const raw = await startRaw(t, () => undefined);
  const args = ['load', raw.url, '-d', '50s', '-c', '2', '--rate', '100', '--json'];
  const running = startCommand(t, args);
  await new Promise((resolve) => raw.server.once('connection', resolve));
  setTimeout(() => running.process.kill('SIGINT'), 700);
  const { code, stdout } = await running.ended;
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual([code, report.end, report.unanswered, report.answers], [1, 'interrupted', 2, 0]);
  assert.ok(report.unsent > 20, stdout);
  assert.equal(report.latencyUs['count'], report.unsent + 2);
  assert.equal(report.latencyUs['lowerBounds'], report.unsent + 2);
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

test('a server that goes away for 10 s ends a run by count all the same', async (t) => {
  const raw = await startRaw(t, (socket, number) => {
    raw.server.close();
    if (number < 2) answering(OK, true)(socket);
  });
  const end = await load(t, raw.url, '-n', '8', '-c', '2', '--timeout', '1s');
  assert.deepEqual([end.code, end.report.end], [1, 'server-gone']);
  assert.match(
    end.stderr,
    /^millrace: 127\.0\.0\.1:\d+ has accepted no connection for 10 s: Connection refused\n$/,
  );
  const { sent, answers, unsent, errors } = end.report;
  assert.deepEqual([sent + unsent, answers + errors['total']! - errors['connect']!], [8, sent]);
  assert.ok(unsent > 0 && errors['connect']! > 20, end.stdout);
});

for (const args of [[], ['--no-keep-alive'], ['--rate', '100']]) {
  test(`nobody listens: none of -n is sent, and the JSON says so ${args.join(' ')}`, async (t) => {
    const raw = await startRaw(t, () => undefined);
    raw.server.close();
    await once(raw.server, 'close');
    const { code, report } = await load(t, raw.url, '-n', '8', '-c', '2', ...args);
    assert.deepEqual([code, report.end, report.sent, report.unsent], [1, 'unreachable', 0, 8]);
  });
}

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
