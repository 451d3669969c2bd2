// pipelining.ts: several requests on one connection, answered in order (RFC 9112 §9.3.2).

import { CHUNKED, GET, HELLO, LAST, NEXT, NEXT_SEEN, POST, TAIL } from './bytes.js';
import { answered, refused, row, type Group } from './row.js';

const BODY = { body: 'hello' } as const;
const POST_HELLO = `${POST}Content-Length: 5\r\n\r\nhello`;
const MIB = 2 ** 20;
const LARGE = `GET /len1m${TAIL}`;

/** A GET of each path. */
function gets(...paths: readonly string[]): string {
  return paths.map((path) => `GET ${path}${TAIL}`).join('');
}

const NUMBERED = Array.from({ length: 150 }, (_, n) => `/n/${n}`);

export const PIPELINING: Group = {
  name: 'pipelining',
  rows: [
    answered('two', 'two requests (RFC 9112 §9.3.2)', `${GET}\r\n${NEXT}`, [
      { body: '', seen: { path: '/' } },
      NEXT_SEEN,
    ]),
    answered(
      'many',
      'a hundred and fifty requests (RFC 9112 §9.3.2)',
      gets(...NUMBERED),
      NUMBERED.map((path) => ({ seen: { path } })),
    ),
    answered(
      'slow-first',
      'a slow answer ahead of fast ones (RFC 9112 §9.3.2)',
      gets('/slow', '/len', '/next'),
      [{ body: 'slow' }, BODY, NEXT_SEEN],
    ),
    answered(
      'slow-each',
      'slow and fast answers in turn (RFC 9112 §9.3.2)',
      gets('/len', '/slow', '/chunked', '/204', '/slow', '/next'),
      [BODY, { body: 'slow' }, BODY, { status: 204, body: '' }, { body: 'slow' }, NEXT_SEEN],
    ),
    answered(
      'slow-post',
      'an unsafe request behind a slow one (RFC 9112 §9.3.2)',
      `${gets('/slow')}${POST_HELLO}${NEXT}`,
      [{ body: 'slow' }, BODY, NEXT_SEEN],
    ),
    answered(
      'empty-line-between',
      'an empty line between requests (RFC 9112 §2.2)',
      `${POST}Content-Length: 4\r\n\r\nq=42\r\n${NEXT}`,
      [{ body: 'q=42' }, NEXT_SEEN],
    ),
    answered(
      'empty-line-behind-get',
      'an empty line behind a request without a body (RFC 9112 §2.2)',
      `${GET}\r\n\r\n${NEXT}`,
      [{ body: '' }, NEXT_SEEN],
    ),
    answered('post-get', 'a request behind a body by length (RFC 9112 §9.3.2)', `${POST_HELLO}${NEXT}`, [
      BODY,
      NEXT_SEEN,
    ]),
    answered(
      'chunked-get',
      'a request behind a body in chunks (RFC 9112 §9.3.2)',
      `${CHUNKED}${HELLO}${NEXT}`,
      [BODY, NEXT_SEEN],
    ),
    answered(
      'posts',
      'bodies of both kinds in turn (RFC 9112 §9.3.2)',
      `${POST_HELLO}${CHUNKED}${HELLO}${POST_HELLO}${CHUNKED}${LAST}${NEXT}`,
      [BODY, BODY, BODY, { body: '' }, NEXT_SEEN],
    ),
    answered(
      'head-get',
      'a request behind HEAD, whose answer has no body (RFC 9110 §9.3.2)',
      `HEAD /len${TAIL}${NEXT}`,
      [{ body: '', fields: { 'content-length': /^5$/ } }, NEXT_SEEN],
    ),
    answered('large', 'large answers, one behind the other (RFC 9112 §9.3.2)', `${LARGE.repeat(4)}${NEXT}`, [
      ...Array.from({ length: 4 }, () => ({ fields: { 'content-length': new RegExp(`^${MIB}$`) } })),
      NEXT_SEEN,
    ]),
    answered(
      'good-bad',
      'a bad request behind a good one (RFC 9112 §9.3.2)',
      `${GET}\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\n`,
      [{}, { status: 400 }],
      'closed',
    ),
    answered(
      'slow-bad',
      'a bad request behind a slow answer (RFC 9112 §9.3.2)',
      `${gets('/slow')}GET / HTTP/1.1\r\n\r\n${NEXT}`,
      [{ body: 'slow' }, { status: 400 }],
      'closed',
    ),
    answered(
      'post-bad',
      'a bad request behind a body (RFC 9112 §9.3.2)',
      [`${POST_HELLO}BAD\r\n\r\n${NEXT}`, `${CHUNKED}${HELLO}BAD\r\n\r\n${NEXT}`],
      [BODY, { status: 400 }],
      'closed',
    ),
    answered(
      'many-bad',
      'a bad request behind ten good ones (RFC 9112 §9.3.2)',
      `${gets(...NUMBERED.slice(0, 10))}GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${NEXT}`,
      [...NUMBERED.slice(0, 10).map((path) => ({ seen: { path } })), { status: 400 }],
      'closed',
    ),
    refused(
      'bad-good',
      'nothing behind a bad request is read (RFC 9112 §2.2)',
      `GET / HTTP/1.1\r\nHost : a\r\n\r\n${NEXT}`,
    ),
    answered(
      'close-first',
      'nothing behind Connection: close is read (RFC 9112 §9.6)',
      `${GET}Connection: close\r\n\r\n${NEXT}`,
      { seen: { path: '/' } },
      'closed',
    ),
    answered(
      'close-bad',
      'nor is something wrong behind it (RFC 9112 §9.6)',
      `${GET}Connection: close\r\n\r\n\0\0\0${NEXT}`,
      { seen: { path: '/' } },
      'closed',
    ),
    answered(
      'close-second',
      'Connection: close in the second request (RFC 9112 §9.6)',
      `${GET}\r\nGET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${NEXT}`,
      [{}, { seen: { path: '/last' } }],
      'closed',
    ),
    answered(
      'close-slow',
      'Connection: close behind a slow answer (RFC 9112 §9.6)',
      `${gets('/slow')}GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${NEXT}`,
      [{ body: 'slow' }, { seen: { path: '/last' } }],
      'closed',
    ),
    answered(
      'http-1.0-behind',
      'HTTP/1.0 behind HTTP/1.1 ends the connection (RFC 9112 §9.3)',
      `${GET}\r\nGET /old HTTP/1.0\r\nHost: a\r\n\r\n${NEXT}`,
      [{}, { seen: { path: '/old' } }],
      'closed',
    ),
    answered(
      'partial',
      'half a second request does not hold back the first answer (RFC 9112 §9.3.2)',
      `${GET}\r\nGET /next HTTP/1.1\r\nHo`,
      { seen: { path: '/' } },
      'open',
      { completion: { bytes: 'st: a\r\n\r\n', path: '/next' } },
    ),
    answered(
      'partial-body',
      'nor does half a body (RFC 9112 §9.3.2)',
      `${GET}\r\nPOST /next HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe`,
      { seen: { path: '/' } },
      'open',
      { completion: { bytes: 'llo', path: '/next' } },
    ),
    answered(
      'half-closed',
      'a client that ends its side still gets all answers (RFC 9112 §9.6)',
      gets('/slow', '/len', '/chunked'),
      [{ body: 'slow' }, BODY, BODY],
      'closed',
      { delivery: { way: 'half-close' } },
    ),
    row(
      'unread',
      'a client that reads nothing: requests wait, memory stays flat (RFC 9112 §9.3.2)',
      LARGE.repeat(200),
      [{ answers: [{}], more: true, then: 'either' }],
      { delivery: { way: 'unread', maxAnswers: 100, maxGrowthBytes: 16 * MIB } },
    ),
  ],
};
