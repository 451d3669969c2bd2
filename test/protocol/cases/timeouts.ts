// timeouts.ts: clients that are too slow, at each stage of a connection (RFC 9112 §9.5, RFC 9110 §15.5.9).

import { CHUNKED, GET, POST, TAIL } from './bytes.js';
import { row, SILENT_END, type Clock, type Delivery, type Group, type Outcome } from './row.js';

/** 408, or the end alone (RFC 9110 §15.5.9). */
const LATE: readonly Outcome[] = [{ answers: [{ status: 408 }], then: 'closed' }, SILENT_END];
/** The first request is answered; the second comes too late. */
const SECOND_LATE: readonly Outcome[] = [
  { answers: [{}], then: 'closed' },
  { answers: [{}, { status: 408 }], then: 'closed' },
];

function stall(clock: Clock): { readonly delivery: Delivery } {
  return { delivery: { way: 'stall', clock } };
}

function drip(more: string, everyMs: number, clock: Clock): { readonly delivery: Delivery } {
  return { delivery: { way: 'drip', more, everyMs, clock } };
}

export const TIMEOUTS: Group = {
  name: 'timeouts',
  rows: [
    // A head.
    row('silent', 'a client that connects and says nothing (RFC 9112 §9.5)', '', LATE, stall('longest')),
    row('head-stall', 'a head that stops (RFC 9112 §9.5)', `${GET}X-A: `, LATE, stall('header')),
    row(
      'head-stall-early',
      'a request line that stops (RFC 9112 §9.5)',
      ['G', 'GET ', 'GET / HTTP/1.1', 'GET / HTTP/1.1\r'],
      LATE,
      stall('header'),
    ),
    row(
      'head-stall-late',
      'a head that stops ahead of its last byte (RFC 9112 §9.5)',
      [GET, `${GET}\r`],
      LATE,
      stall('header'),
    ),
    row(
      'head-drip',
      'a field every 250 ms: each does not begin a new time (RFC 9112 §9.5)',
      GET,
      LATE,
      drip('X-a: b\r\n', 250, 'header'),
    ),
    row(
      'head-drip-bytes',
      'a byte every 100 ms (RFC 9112 §9.5)',
      `${GET}X-A: `,
      LATE,
      drip('a', 100, 'header'),
    ),
    row(
      'line-drip',
      'a byte of the target every 100 ms (RFC 9112 §9.5)',
      'GET /',
      LATE,
      drip('a', 100, 'header'),
    ),
    row(
      'empty-lines-drip',
      'an empty line every 250 ms (RFC 9112 §2.2)',
      '',
      [...LATE, { answers: [{ status: 400 }], then: 'closed' }],
      drip('\r\n', 250, 'longest'),
    ),

    // A body.
    row(
      'body-stall',
      'a body that stops (RFC 9112 §9.5)',
      `${POST}Content-Length: 10\r\n\r\nhello`,
      LATE,
      stall('body'),
    ),
    row(
      'body-none',
      'a body that never begins (RFC 9112 §9.5)',
      `${POST}Content-Length: 10\r\n\r\n`,
      LATE,
      stall('body'),
    ),
    row(
      'body-drip',
      'a byte of a body every 200 ms, which is progress, but too slow (RFC 9112 §9.5)',
      `${POST}Content-Length: 100000\r\n\r\n`,
      LATE,
      drip('x', 200, 'body'),
    ),
    row('chunk-stall', 'a chunk that stops (RFC 9112 §9.5)', `${CHUNKED}5\r\nhe`, LATE, stall('body')),
    row(
      'chunk-size-stall',
      'a chunk size that stops (RFC 9112 §9.5)',
      [CHUNKED, `${CHUNKED}5`, `${CHUNKED}5\r\nhello\r\n`],
      LATE,
      stall('body'),
    ),
    row(
      'chunk-drip',
      'a chunk of a byte every 200 ms (RFC 9112 §9.5)',
      CHUNKED,
      LATE,
      drip('1\r\nx\r\n', 200, 'body'),
    ),
    row(
      'chunk-extension-drip',
      'a byte of an extension every 100 ms (RFC 9112 §9.5)',
      `${CHUNKED}5;`,
      LATE,
      drip('a', 100, 'body'),
    ),
    row(
      'trailer-stall',
      'trailers that stop (RFC 9112 §9.5)',
      `${CHUNKED}5\r\nhello\r\n0\r\nX-A: b\r\n`,
      LATE,
      stall('body'),
    ),
    row(
      'trailer-drip',
      'a trailer every 200 ms (RFC 9112 §9.5)',
      `${CHUNKED}5\r\nhello\r\n0\r\n`,
      LATE,
      drip('X-A: b\r\n', 200, 'body'),
    ),
    row(
      'continue-stall',
      'a client that asks for 100 and then sends nothing (RFC 9112 §9.5)',
      `${POST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
      [{ answers: [{ status: 408, interim: [100] }], then: 'closed' }, SILENT_END],
      stall('body'),
    ),

    // Between requests.
    row(
      'idle',
      'an idle connection ends by a FIN (RFC 9112 §9.5)',
      `${GET}\r\n`,
      [{ answers: [{}], then: 'fin' }],
      stall('keepAlive'),
    ),
    row(
      'idle-body',
      'and so does one behind a body (RFC 9112 §9.5)',
      [`${POST}Content-Length: 5\r\n\r\nhello`, `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`],
      [{ answers: [{ body: 'hello' }], then: 'fin' }],
      stall('keepAlive'),
    ),
    row(
      'idle-pieces',
      'and one behind an answer in pieces (RFC 9112 §9.5)',
      `GET /chunked${TAIL}`,
      [{ answers: [{ body: 'hello' }], then: 'fin' }],
      stall('keepAlive'),
    ),
    row(
      'idle-empty-line',
      'an empty line is no request, so the connection is idle (RFC 9112 §2.2)',
      `${GET}\r\n\r\n`,
      SECOND_LATE,
      stall('header'),
    ),
    row(
      'second-head-stall',
      'the head of a second request has a time of its own (RFC 9112 §9.5)',
      `${GET}\r\nGE`,
      SECOND_LATE,
      stall('header'),
    ),
    row(
      'second-head-drip',
      'and so has one that drips (RFC 9112 §9.5)',
      `${GET}\r\n${GET}`,
      SECOND_LATE,
      drip('X-a: b\r\n', 250, 'header'),
    ),
    row(
      'second-body-stall',
      'the body of a second request (RFC 9112 §9.5)',
      `${GET}\r\n${POST}Content-Length: 10\r\n\r\nhello`,
      SECOND_LATE,
      stall('body'),
    ),

    // Answers.
    row(
      'reader-slow',
      'a client that takes too little of its answers (RFC 9112 §9.5)',
      `GET /len1m${TAIL}`.repeat(40),
      [
        { answers: [{}], more: true, then: 'closed' },
        { answers: [{ cutShort: true }], then: 'closed' },
      ],
      { delivery: { way: 'slow reader', bytesPerSecond: 1000, clock: 'body' } },
    ),
  ],
};
