// smuggling.ts: messages that two servers could divide in two ways (RFC 9112 §11.2).

import { CHUNKED, HELLO, LAST, NEXT, NEXT_SEEN, POST } from './bytes.js';
import { answered, refused, row, type Group, type Outcome } from './row.js';

const BOTH = [400, 501];
const EVIL = 'GET /evil HTTP/1.1\r\nHost: a\r\n\r\n';
const BODY = { body: 'hello' } as const;

/** The request is answered and then either its body is skipped, or the connection ends. */
function unread(status: number): readonly Outcome[] {
  return [
    { answers: [{ status }, NEXT_SEEN], then: 'open' },
    { answers: [{ status }], then: 'closed' },
  ];
}

export const SMUGGLING: Group = {
  name: 'smuggling',
  rows: [
    // Both lengths.
    refused(
      'encoding-length',
      'Transfer-Encoding, then Content-Length (RFC 9112 §6.1)',
      `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${LAST}`,
    ),
    refused(
      'length-encoding',
      'Content-Length, then Transfer-Encoding (RFC 9112 §6.1)',
      `${POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}X`,
    ),
    refused(
      'both-case',
      'both, in any case (RFC 9112 §6.1)',
      `${POST}content-LengtH: 5\r\nTransFer-Encoding: chunked\r\n\r\nc\r\nHellO world1\r\n${LAST}`,
    ),
    refused('both-apart', 'both, with other fields between (RFC 9112 §6.1)', [
      `${POST}Content-Length: 5\r\nX-A: b\r\nX-B: c\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}`,
      `${POST}Transfer-Encoding: chunked\r\nX-A: b\r\nContent-Length: 0\r\n\r\n${LAST}`,
    ]),
    refused(
      'both-agree',
      'both, which happen to agree (RFC 9112 §6.1)',
      `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}`,
    ),
    refused('both-zero', 'chunks beside a length of 0 (RFC 9112 §6.1)', [
      `${POST}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}${NEXT}`,
      `${POST}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n${LAST}${NEXT}`,
    ]),
    refused(
      'both-comma',
      'a comma behind chunked, and a length (RFC 9112 §6.1)',
      `${POST}Transfer-Encoding: chunked,\r\nContent-Length: 5\r\n\r\n${LAST}`,
      BOTH,
    ),
    refused(
      'both-space',
      'a space behind chunked, and a length (RFC 9112 §6.1)',
      `${POST}Transfer-Encoding: chunked \r\nContent-Length: 5\r\n\r\n${LAST}`,
    ),
    refused(
      'both-unknown',
      'a coding that nobody knows, and a length (RFC 9112 §6.3)',
      `${POST}Content-Length: 5\r\nTransfer-Encoding: cow\r\n\r\nhello`,
      BOTH,
    ),
    refused(
      'both-identity',
      'identity and a length (RFC 9112 §6.1)',
      [
        `${POST}Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello`,
        `${POST}Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello`,
      ],
      BOTH,
    ),
    refused(
      'both-empty',
      'an empty Transfer-Encoding and a length (RFC 9112 §6.1)',
      `${POST}Transfer-Encoding:\r\nContent-Length: 5\r\n\r\nhello`,
      BOTH,
    ),
    refused(
      'both-obscured',
      'a Transfer-Encoding that some take for one, and a length (RFC 9112 §6.1)',
      [
        'xchunked',
        'chunked;',
        '"chunked"',
        'chunked\t',
        '\tchunked',
        ' chunked',
        'x, chunked',
        'chunked, x',
        'chunked\v',
        '\x01chunked',
        'chunked\xa0',
      ].map((value) => `${POST}Content-Length: 5\r\nTransfer-Encoding: ${value}\r\n\r\n${LAST}`),
      BOTH,
    ),
    refused(
      'both-bad-length',
      'a wrong length is fatal beside chunks too (RFC 9112 §6.3)',
      `${POST}Content-Length: +5\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}${NEXT}`,
    ),
    refused(
      'both-bad-lengths',
      'the same with other wrong lengths, in either order (RFC 9112 §6.3)',
      ['', 'x', '-1', '5, 5', '0x5'].flatMap((value) => [
        `${POST}Content-Length: ${value}\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}${NEXT}`,
        `${POST}Transfer-Encoding: chunked\r\nContent-Length: ${value}\r\n\r\n${LAST}${NEXT}`,
      ]),
    ),
    refused(
      'both-other-methods',
      'both, for any method (RFC 9112 §6.1)',
      ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'BREW'].map(
        (method) =>
          `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}${NEXT}`,
      ),
    ),
    refused(
      'both-head',
      'both, for HEAD, and a request (RFC 9112 §11.2)',
      `HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}${NEXT}`,
    ),
    refused(
      'both-http-1.0',
      'both, in HTTP/1.0 (RFC 9112 §6.1)',
      `POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}`,
    ),
    refused(
      'both-close',
      'both, with Connection: close (RFC 9112 §6.1)',
      `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${LAST}`,
    ),
    refused(
      'hop-by-hop',
      'Content-Length or Transfer-Encoding named in Connection counts all the same (RFC 9110 §7.6.1)',
      [
        `${POST}Connection: Content-Length\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}`,
        `${POST}Connection: Transfer-Encoding\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}`,
      ],
    ),

    // Bodies that have to be taken whole.
    answered(
      'get-length',
      'the body of a GET, then the next request (RFC 9110 §9.3.1)',
      `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${NEXT}`,
      [BODY, NEXT_SEEN],
    ),
    answered(
      'methods-length',
      'the body of any method, then the next request (RFC 9112 §6.3)',
      ['DELETE', 'OPTIONS', 'PATCH'].map(
        (method) => `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${NEXT}`,
      ),
      [BODY, NEXT_SEEN],
    ),
    row(
      'method-unknown-length',
      'the body of a method that nobody knows is no request either (RFC 9112 §6.3)',
      `BREW / HTTP/1.1\r\nHost: a\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}${NEXT}`,
      [
        { answers: [{ status: [400, 405, 501] }], then: 'closed' },
        { answers: [{ status: [200, 404, 405, 501] }, NEXT_SEEN], then: 'open' },
      ],
    ),
    answered(
      'head-length',
      'the body of a HEAD, then the next request (RFC 9110 §9.3.2)',
      `HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}${NEXT}`,
      [{ body: '' }, NEXT_SEEN],
    ),
    answered(
      'options-chunked',
      'the chunks of OPTIONS, then the next request (RFC 9110 §9.3.7)',
      `OPTIONS / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}${NEXT}`,
      [{ ...BODY, seen: { method: 'OPTIONS' } }, NEXT_SEEN],
    ),
    answered(
      'get-prefix',
      'a beginning of a request in a body never joins the next one (RFC 9112 §6.2)',
      `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\n\r\nGET /evil HTTP/1.1\r\nX-Pad: abcd${NEXT}`,
      [{ body: 'GET /evil HTTP/1.1\r\nX-Pad: abcd' }, NEXT_SEEN],
    ),
    answered(
      'chunk-prefix',
      'the same in a chunk (RFC 9112 §7.1)',
      `${CHUNKED}1f\r\nGET /evil HTTP/1.1\r\nX-Pad: abcd\r\n${LAST}${NEXT}`,
      [{ body: 'GET /evil HTTP/1.1\r\nX-Pad: abcd' }, NEXT_SEEN],
    ),
    row(
      'unread-length',
      'a body that the handler does not read is no request (RFC 9112 §9.3)',
      `POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}${NEXT}`,
      unread(200).map((outcome) => ({ ...outcome, answers: [{ body: 'ok' }, ...outcome.answers.slice(1)] })),
    ),
    row(
      'unread-chunked',
      'nor are its chunks (RFC 9112 §9.3)',
      `POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${EVIL.length.toString(16)}\r\n${EVIL}\r\n${LAST}${NEXT}`,
      unread(200),
    ),
    row(
      'refused-method-length',
      'nor is the body of a method that is not allowed (RFC 9112 §9.3)',
      `POST /get-only HTTP/1.1\r\nHost: a\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}${NEXT}`,
      unread(405),
    ),
    row(
      'trace-length',
      'nor is the body of TRACE (RFC 9110 §9.3.8)',
      `TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}${NEXT}`,
      [...unread(405), { answers: [{ status: 400 }], then: 'closed' }],
    ),
    row(
      'unread-short',
      'a body of which a part has come with its head (RFC 9112 §9.3)',
      `POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${EVIL}`,
      [
        { answers: [{ body: 'ok' }], then: 'closed' },
        { answers: [{ body: 'ok' }], then: 'open' },
      ],
      { completion: { bytes: `${'x'.repeat(100_000 - EVIL.length)}${NEXT}`, path: '/next' } },
    ),
    answered(
      'length-zero',
      'bytes behind a length of 0 are a request, here a bad one (RFC 9112 §6.3)',
      `${POST}Content-Length: 0\r\n\r\n\0${NEXT}`,
      [{}, { status: 400 }],
      'closed',
    ),
    answered(
      'length-short',
      'bytes behind the length are a request, here a bad one (RFC 9112 §6.2)',
      `${POST}Content-Length: 5\r\n\r\nhello world${NEXT}`,
      [BODY, { status: 400 }],
      'closed',
    ),
    answered(
      'prefixed-request',
      'what makes a bad method of the next request is refused (RFC 9112 §6.2)',
      `${POST}Content-Length: 5\r\n\r\nhello(${NEXT}`,
      [BODY, { status: 400 }],
      'closed',
    ),
    row(
      'expect-odd',
      'an odd Expect does not move the end of the body (RFC 9110 §10.1.1)',
      `${POST}Expect: y 100-continue\r\nContent-Length: 5\r\n\r\nhello${NEXT}`,
      [
        { answers: [{ status: [417, 400, 200] }], then: 'closed' },
        { answers: [{ status: [417, 200] }, NEXT_SEEN], then: 'open' },
      ],
    ),
    row(
      'expect-odd-others',
      'nor do others (RFC 9110 §10.1.1)',
      [
        '100-continue, x',
        ' 100-continue ',
        '100-continue;q=1',
        '"100-continue"',
        '100',
        'x\r\nExpect: 100-continue',
      ].map((value) => `${POST}Expect: ${value}\r\nContent-Length: 5\r\n\r\nhello${NEXT}`),
      [
        { answers: [{ status: [417, 400, 200] }], then: 'closed' },
        { answers: [{ status: [417, 200] }, NEXT_SEEN], then: 'open' },
      ],
    ),
    row(
      'upgrade-body',
      'an Upgrade that is not followed does not hide the body (RFC 9110 §7.8)',
      `${POST}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello${NEXT}`,
      [{ answers: [BODY, NEXT_SEEN], then: 'open' }],
    ),
    refused(
      'request-in-field',
      'a field that reads like a request line (RFC 9112 §5.1)',
      `GET / HTTP/1.1\r\nHost: a\r\nGET /evil HTTP/1.1\r\n\r\n`,
    ),
    answered(
      'request-in-value',
      'a request in a value is a value (RFC 9110 §5.5)',
      `GET / HTTP/1.1\r\nHost: a\r\nX-A: GET /evil HTTP/1.1\r\n\r\n${NEXT}`,
      [{ seen: { path: '/', xA: 'GET /evil HTTP/1.1' } }, NEXT_SEEN],
    ),
  ],
};
