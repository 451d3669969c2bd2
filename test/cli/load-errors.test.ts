// `millrace load`: what it makes of servers that answer wrongly.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';

import { answering, errorsOf, load, OK, startRaw } from './load-runs.js';

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
