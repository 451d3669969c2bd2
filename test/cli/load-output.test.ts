// `millrace load`: what it prints, and what it says to a wrong command line.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';

import { CAN_HAVE_TERMINAL, MAIN, runCommand, startCommand, type CommandEnd, type Running } from './cli.js';
import { startApp, startRaw, type Report } from './load-runs.js';

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

for (const columns of [80, 20]) {
  test(
    `on a terminal of ${String(columns)} columns a line says how far it is, until the report takes its place`,
    { skip: !CAN_HAVE_TERMINAL && 'there is no script(1) of util-linux' },
    async (t) => {
      const { url } = await startApp(t);
      const args = ['load', `${url}/slow`, '-n', '20', '-c', '1'];
      const { code, stdout } = await runCommand(t, args, { terminalColumns: columns });
      assert.equal(code, 0, stdout);
      const [title, ...lines] = stdout.split('\r\u001b[K');
      const report = lines.pop();
      assert.match(title!, /^\S*GET http.*20 requests\S*\r\n\r\n$/);
      assert.match(report!, /^ {2}answers +20 {2}in /);
      assert.ok(lines.length >= 2, stdout); // 20 times 50 ms, and a line each 250 ms
      const whole = /^\d\.\d s {2}[\d.]+\/s {2}\d+ answers?$/;
      for (const line of lines) {
        if (columns === 80) assert.match(line, whole);
        else assert.equal(line.length, columns - 1);
      }
    },
  );
}

test('errors of a report say what the first was', async (t) => {
  const { url } = await startApp(t);
  const { code, stdout } = await runCommand(t, ['load', `${url}/nothing`, '-n', '10']);
  assert.equal(code, 1);
  assert.match(stdout, /\nstatus codes\n {2}404 {2}10\n/);
  assert.match(stdout, /\n10 errors\n {2}wrong status {2}10 {2}first: 404\n/);
});

test('without an answer there is no latency: dashes, and null in the JSON', async (t) => {
  const raw = await startRaw(t, (socket) => socket.once('data', () => running?.process.kill('SIGINT')));
  let running: Running | undefined;
  const run = async (...args: string[]): Promise<CommandEnd> => {
    running = startCommand(t, ['load', raw.url, '-c', '1', '-d', '50s', ...args]);
    return running.ended;
  };
  const { code, stdout } = await run();
  assert.match(stdout, /\nlatency: mean –, standard deviation –\n {2}50 % {5}–\n/);
  assert.match(stdout, /\n {2}client CPU an answer +– /);
  const report = JSON.parse((await run('--json')).stdout) as Report;
  assert.deepEqual([code, report.end], [0, 'interrupted']);
  const { count, lowerBounds, ...figures } = report.latencyUs;
  assert.deepEqual([count, lowerBounds, report.cpu['usPerAnswer']], [0, 0, null]);
  assert.deepEqual(Object.keys(figures).length, 10);
  assert.ok(
    Object.values(figures).every((value) => value === null),
    JSON.stringify(figures),
  );
});

/** A process that gets no core for a while just where it begins to listen to signals. */
const SLOW_TO_LISTEN = `data:text/javascript,${encodeURIComponent(`
  const { once } = process;
  process.once = function (event, listener) {
    const end = performance.now() + 300;
    while (event === 'SIGINT' && performance.now() < end);
    return once.call(this, event, listener);
  };
`)}`;

test('a signal that comes with the first request ends the run in order, also on a slow machine', async (t) => {
  const raw = await startRaw(t, (socket) => socket.once('data', () => running.process.kill('SIGINT')));
  const env = { NODE_OPTIONS: `--import=${SLOW_TO_LISTEN}` };
  const running = startCommand(t, ['load', raw.url, '-c', '1', '-d', '50s', '--json'], { env });
  const { code, signal, stdout } = await running.ended;
  assert.deepEqual([code, signal], [0, null]);
  assert.equal((JSON.parse(stdout) as Report).end, 'interrupted');
});

test('where the output cannot be written it says so once, and exits with 1', async (t) => {
  const { url } = await startApp(t);
  const full = openSync('/dev/full', 'w');
  t.after(() => {
    closeSync(full);
  });
  const { status, stderr } = await new Promise<{ status: number | null; stderr: string }>((resolve) => {
    const args = [MAIN, 'load', `${url}/`, '-n', '10'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', full, 'pipe'], timeout: 20_000 });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('close', (status) => {
      resolve({ status, stderr });
    });
  });
  assert.match(stderr, /^millrace: the output cannot be written: [^\n]*ENOSPC[^\n]*\n$/);
  assert.equal(status, 1);
});

const WRONG: readonly (readonly [args: string, message: RegExp])[] = [
  ['', /which URL\? For example: millrace load http:\/\/127\.0\.0\.1:8080\//],
  ['http://a http://b', /requests go to one URL, not 2: 'http:\/\/a' 'http:\/\/b'/],
  ['https://a/', /https: is not supported: there is no TLS here/],
  ['localhost:8080', /the URL must begin with http:\/\/, such as .*, not 'localhost:8080'/],
  ['ftp://a/', /the URL must begin with http:\/\//],
  [
    'http://a:99999/',
    /'http:\/\/a:99999\/' is no URL, as http:\/\/127\.0\.0\.1:8080\/ is: its host or its port/,
  ],
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
  ['http://a/ --no-keep-alive -H connection:keep-alive', /--header 'connection' cannot be given/],
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
