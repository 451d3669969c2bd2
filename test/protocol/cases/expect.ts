// expect.ts: Expect: 100-continue, and everything else that it could say (RFC 9110 §10.1.1).

import { GET, HELLO, LAST, NEXT, NEXT_SEEN, POST } from './bytes.js';
import { answered, refused, refusedOr, row, type Group, type Outcome } from './row.js';

const EXPECT = 'Expect: 100-continue\r\n';
const CONTINUED = { interim: [100], body: 'hello' } as const;
const SEND_HELLO = { delivery: { way: 'after 100', more: 'hello' } } as const;

/** Without a 100, nobody knows whether what follows is the body: a final answer ends the connection. */
function finalInstead(status: number | readonly number[]): readonly Outcome[] {
  return [{ answers: [{ status, interim: [] }], then: 'closed' }];
}

/** The body is there already; a 100 does no harm. */
const HAS_COME: readonly Outcome[] = [
  { answers: [{ interim: [], body: 'hello' }], then: 'open' },
  { answers: [CONTINUED], then: 'open' },
];

export const EXPECTATIONS: Group = {
  name: 'expect',
  rows: [
    answered(
      'length',
      '100 Continue, then the answer (RFC 9110 §10.1.1)',
      `${POST}${EXPECT}Content-Length: 5\r\n\r\n`,
      CONTINUED,
      'open',
      SEND_HELLO,
    ),
    answered(
      'case',
      'the expectation in any case (RFC 9110 §10.1.1)',
      [
        `${POST}Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n`,
        `${POST}EXPECT:100-CONTINUE \r\nContent-Length: 5\r\n\r\n`,
      ],
      CONTINUED,
      'either',
      SEND_HELLO,
    ),
    answered(
      'chunked',
      '100 Continue for chunks (RFC 9110 §10.1.1)',
      `${POST}${EXPECT}Transfer-Encoding: chunked\r\n\r\n`,
      { interim: [100], body: '' },
      'either',
      { delivery: { way: 'after 100', more: LAST } },
    ),
    answered(
      'chunked-next',
      '100 Continue for chunks, and the next request (RFC 9110 §10.1.1)',
      `${POST}${EXPECT}Transfer-Encoding: chunked\r\n\r\n`,
      [CONTINUED, NEXT_SEEN],
      'open',
      { delivery: { way: 'after 100', more: `${HELLO}${NEXT}` } },
    ),
    answered(
      'other-methods',
      '100 Continue for any method (RFC 9110 §10.1.1)',
      ['PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS'].map(
        (method) => `${method} / HTTP/1.1\r\nHost: a\r\n${EXPECT}Content-Length: 5\r\n\r\n`,
      ),
      CONTINUED,
      'open',
      SEND_HELLO,
    ),
    answered(
      'second',
      '100 Continue behind an earlier answer (RFC 9110 §10.1.1)',
      `${GET}\r\n${POST}${EXPECT}Content-Length: 5\r\n\r\n`,
      [{ interim: [], body: '' }, CONTINUED],
      'open',
      SEND_HELLO,
    ),
    answered(
      'second-slow',
      'nor does it come ahead of one that takes its time (RFC 9110 §15.2)',
      `GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${POST}${EXPECT}Content-Length: 5\r\n\r\n`,
      [{ interim: [], body: 'slow' }, CONTINUED],
      'open',
      SEND_HELLO,
    ),
    row(
      'body-with-head',
      'the body comes with the head (RFC 9110 §10.1.1)',
      `${POST}${EXPECT}Content-Length: 5\r\n\r\nhello`,
      HAS_COME,
    ),
    row(
      'chunks-with-head',
      'the chunks come with the head (RFC 9110 §10.1.1)',
      `${POST}${EXPECT}Transfer-Encoding: chunked\r\n\r\n${HELLO}`,
      HAS_COME,
    ),
    answered('no-body', 'no body, so no 100 (RFC 9110 §10.1.1)', `${GET}${EXPECT}\r\n`, {
      body: '',
      seen: { path: '/' },
      interim: [],
    }),
    answered(
      'no-body-next',
      'no body, and the next request (RFC 9110 §10.1.1)',
      `${GET}${EXPECT}\r\n${NEXT}`,
      [{ interim: [] }, { ...NEXT_SEEN, interim: [] }],
    ),
    row(
      'length-zero',
      'a length of 0, so no need for 100 (RFC 9110 §10.1.1)',
      `${POST}${EXPECT}Content-Length: 0\r\n\r\n`,
      [
        { answers: [{ body: '', interim: [] }], then: 'open' },
        { answers: [{ body: '', interim: [100] }], then: 'open' },
      ],
    ),
    answered(
      'http-1.0',
      'no 100 for HTTP/1.0 (RFC 9110 §10.1.1)',
      `POST / HTTP/1.0\r\nHost: a\r\n${EXPECT}Content-Length: 5\r\n\r\nhello`,
      { body: 'hello', interim: [] },
      'closed',
    ),

    // A final answer in its place.
    row(
      'over-limit',
      '413 in place of 100 (RFC 9110 §10.1.1)',
      `POST /limit HTTP/1.1\r\nHost: a\r\n${EXPECT}Content-Length: 2000000\r\n\r\n`,
      finalInstead(413),
    ),
    row(
      'over-limit-server',
      '413 in place of 100, by the limit of the server (RFC 9110 §10.1.1)',
      `${POST}${EXPECT}Content-Length: 20000000\r\n\r\n`,
      finalInstead(413),
    ),
    row(
      'unread',
      'the answer of a handler that does not want the body (RFC 9110 §10.1.1)',
      [
        `POST /early HTTP/1.1\r\nHost: a\r\n${EXPECT}Content-Length: 5\r\n\r\n`,
        `POST /early HTTP/1.1\r\nHost: a\r\n${EXPECT}Transfer-Encoding: chunked\r\n\r\n`,
      ],
      finalInstead(200),
    ),
    row(
      'refused-method',
      '405 in place of 100 (RFC 9110 §10.1.1)',
      `POST /get-only HTTP/1.1\r\nHost: a\r\n${EXPECT}Content-Length: 5\r\n\r\n`,
      finalInstead(405),
    ),
    row(
      'bad-head',
      '400 in place of 100 (RFC 9110 §10.1.1)',
      [
        `${POST}${EXPECT}Content-Length: x\r\n\r\n`,
        `POST / HTTP/1.1\r\n${EXPECT}Content-Length: 5\r\n\r\n`,
        `${POST}${EXPECT}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ],
      finalInstead([400, 417]),
    ),
    row(
      'over-limit-chunk',
      '413 when a chunk is too large, behind a 100 (RFC 9110 §15.5.14)',
      `POST /limit HTTP/1.1\r\nHost: a\r\n${EXPECT}Transfer-Encoding: chunked\r\n\r\n`,
      [{ answers: [{ status: 413, interim: [100] }], then: 'closed' }],
      { delivery: { way: 'after 100', more: 'FFFFFF\r\n' } },
    ),
    row(
      'bad-chunk',
      '400 when a chunk is wrong, behind a 100 (RFC 9112 §7.1)',
      `${POST}${EXPECT}Transfer-Encoding: chunked\r\n\r\n`,
      [{ answers: [{ status: 400, interim: [100] }], then: 'closed' }],
      { delivery: { way: 'after 100', more: 'x\r\n' } },
    ),

    // Other expectations.
    row(
      'unknown',
      'an expectation that nobody knows: 417, or nothing of it (RFC 9110 §15.5.18)',
      `${POST}Expect: 200-ok\r\nContent-Length: 0\r\n\r\n`,
      [{ answers: [{ status: [417, 200] }], then: 'either' }],
    ),
    row(
      'unknown-others',
      'others that nobody knows (RFC 9110 §15.5.18)',
      [
        '100',
        'continue',
        '100-continued',
        '100-continue;a=b',
        '101-continue',
        'x',
        'a=b',
        '"100-continue"',
        '100_continue',
        '100 continue',
      ].map((value) => `${POST}Expect: ${value}\r\nContent-Length: 0\r\n\r\n`),
      [{ answers: [{ status: [417, 400, 200] }], then: 'either' }],
    ),
    row(
      'unknown-body',
      'an expectation that nobody knows ahead of a body (RFC 9110 §15.5.18)',
      `${POST}Expect: wonders\r\nContent-Length: 5\r\n\r\nhello${NEXT}`,
      [
        { answers: [{ status: [417, 400] }], then: 'closed' },
        { answers: [{ status: [417, 200] }, NEXT_SEEN], then: 'open' },
      ],
    ),
    row(
      'unknown-get',
      'an expectation that nobody knows, and no body (RFC 9110 §15.5.18)',
      `${GET}Expect: wonders\r\n\r\n`,
      [{ answers: [{ status: [417, 200] }], then: 'either' }],
    ),
    row(
      'both',
      'a known and an unknown expectation (RFC 9110 §15.5.18)',
      `${POST}Expect: 100-continue, wonders\r\nContent-Length: 0\r\n\r\n`,
      [{ answers: [{ status: [417, 200] }], then: 'either' }],
    ),
    refusedOr(
      'empty',
      'no expectation at all (RFC 9110 §10.1.1)',
      `${GET}Expect:\r\n\r\n`,
      { body: '' },
      [400, 417],
    ),
    refused(
      'control',
      'a control character in the expectation (RFC 9110 §5.5)',
      `${POST}Expect: 100-continue\x01\r\nContent-Length: 5\r\n\r\nhello`,
    ),
    row(
      'half-closed',
      'a client that ends its side in place of the body (RFC 9112 §8)',
      `${POST}${EXPECT}Content-Length: 5\r\n\r\n`,
      [
        { answers: [{ status: 400 }], then: 'closed' },
        { answers: [], then: 'closed' },
      ],
      { delivery: { way: 'half-close' } },
    ),
  ],
};
