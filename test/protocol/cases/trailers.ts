// trailers.ts: what may follow the last chunk, and what it must not change (RFC 9112 §7.1.2, RFC 9110 §6.5).

import { CHUNKED, CONTROLS, DELIMITERS, LAST, NEXT, NEXT_SEEN, POST } from './bytes.js';
import { answered, refused, refusedOr, row, type Group, type Outcome } from './row.js';

const SEEN = 'POST /seen HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const BODY = { body: 'hello' } as const;
const TOO_LARGE = [400, 413, 431];

/** A body `hello`, then these lines, then the empty line. */
function trailers(lines: string, head = CHUNKED): string {
  return `${head}5\r\nhello\r\n0\r\n${lines}\r\n`;
}

function each(...lines: readonly string[]): string[] {
  return lines.map((line) => trailers(`${line}\r\n`));
}

/** Refused, or without effect on this request and on the next one. */
const NO_EFFECT: readonly Outcome[] = [
  { answers: [{ status: 400 }], then: 'closed' },
  { answers: [BODY, NEXT_SEEN], then: 'open' },
];

export const TRAILERS: Group = {
  name: 'trailers',
  rows: [
    answered(
      'one',
      'a trailer, kept apart from the header (RFC 9112 §7.1.2)',
      trailers('X-Sum: abc\r\n', SEEN),
      { seen: { body: 'hello', withoutFields: ['x-sum'] } },
    ),
    answered(
      'several',
      'several trailers, and the next request (RFC 9112 §7.1.2)',
      `${trailers('X-Sum: abc\r\nX-Sum: def\r\nX-T:\r\nx-u:v\r\n')}${NEXT}`,
      [BODY, NEXT_SEEN],
    ),
    answered(
      'value',
      'values as in a header (RFC 9110 §5.5)',
      each('X-A: \t a b\tc \t', 'X-A: caf\xe9', 'X-A:', 'X-A: :', 'X-A: a: b'),
      BODY,
    ),
    answered(
      'announced',
      'a trailer that Trailer has announced (RFC 9110 §6.6.2)',
      `${POST}Trailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: a\r\n\r\n`,
      BODY,
    ),
    answered(
      'hides-header',
      'a trailer does not change a field of the header (RFC 9110 §6.5.1)',
      `POST / HTTP/1.1\r\nHost: a\r\nX-A: head\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-A: trailer\r\n\r\n`,
      { ...BODY, seen: { xA: 'head' } },
    ),

    // Fields that mean nothing there.
    row(
      'length',
      'Content-Length (RFC 9110 §6.5.1)',
      `${trailers('Content-Length: 50\r\n')}${NEXT}`,
      NO_EFFECT,
    ),
    refusedOr(
      'encoding',
      'Transfer-Encoding (RFC 9110 §6.5.1)',
      trailers('Transfer-Encoding: chunked\r\n'),
      BODY,
    ),
    refusedOr('host', 'Host (RFC 9110 §6.5.1)', trailers('Host: evil\r\n'), { seen: { host: 'a' } }),
    refusedOr(
      'authorization',
      'Authorization (RFC 9110 §6.5.1)',
      trailers('Authorization: Bearer x\r\n', SEEN),
      { seen: { body: 'hello', withoutFields: ['authorization'] } },
    ),
    refusedOr(
      'cookie',
      'Cookie and others that routing or access depend on (RFC 9110 §6.5.1)',
      trailers('Cookie: a=b\r\nX-Forwarded-For: ::1\r\nContent-Type: text/html\r\n', SEEN),
      {
        seen: { body: 'hello', withoutFields: ['cookie', 'x-forwarded-for', 'content-type'] },
      },
    ),
    row(
      'others',
      'other fields of framing and of the connection (RFC 9110 §6.5.1)',
      [
        'Expect: 100-continue',
        'Upgrade: websocket',
        'Content-Length: x',
        'Content-Length: 0',
        'Transfer-Encoding: gzip',
        'TE: trailers',
        'Host:',
        'Trailer: X',
        'Connection: keep-alive',
        'Content-Encoding: gzip',
      ].map((line) => `${trailers(`${line}\r\n`)}${NEXT}`),
      NO_EFFECT,
    ),
    row(
      'connection',
      'Connection: close, which is too late (RFC 9110 §6.5.1)',
      trailers('Connection: close\r\n'),
      [
        { answers: [{ status: 400 }], then: 'closed' },
        { answers: [BODY], then: 'either' },
      ],
    ),

    // Lines that are wrong.
    refused('no-colon', 'a line without a colon (RFC 9112 §5)', each('NoColon', 'two words', 'X')),
    refused('space-before-colon', 'a space ahead of the colon (RFC 9112 §5.1)', each('X-A : v')),
    refused(
      'white-space-before-colon',
      'any white space ahead of the colon (RFC 9112 §5.1)',
      each('X-A\t: v', 'X-A  : v', 'X-A :'),
    ),
    refused('fold', 'a folded line (RFC 9112 §5.2)', each('X-A: a\r\n b')),
    refused(
      'fold-others',
      'other folds (RFC 9112 §5.2)',
      each('X-A: a\r\n\tb', 'X-A:\r\n a', ' X-A: a', '\tX-A: a', 'X-A: a\r\n '),
    ),
    refused('no-name', 'a line without a name (RFC 9110 §5.1)', each(': v', ':')),
    refused('nul', 'a NUL in a value (RFC 9110 §5.5)', each('X-A: a\0b')),
    refused(
      'control',
      'each control character in a value and in a name (RFC 9110 §5.5)',
      CONTROLS.flatMap((c) => each(`X-A: a${c}b`, `X-A: ${c}`, `X${c}A: b`, c)),
    ),
    refused(
      'delimiter',
      'each delimiter in a name (RFC 9110 §5.6.2)',
      DELIMITERS.filter((c) => c !== ':').flatMap((c) => each(`X${c}A: b`)),
    ),
    refused('name-space', 'a space in a name (RFC 9110 §5.6.2)', each('X A: b', 'X-A b: c')),
    refused('name-high-byte', 'a byte above 127 in a name (RFC 9110 §5.6.2)', each('X-\xc4: b', '\xffX: b')),
    refused('lf', 'LF behind a trailer (RFC 9112 §2.2)', [
      trailers('X-A: b\n'),
      trailers('X-A: b\nX-B: c\r\n'),
      `${CHUNKED}5\r\nhello\r\n0\r\nX-A: b\r\n\n`,
    ]),
    refused('cr', 'CR in or behind a trailer (RFC 9112 §2.2)', [
      ...each('X-A: b\rc', 'X-A: \r', 'X\rA: b', 'X-A: b\r'),
      `${CHUNKED}0\r\nX-A: b\r\n\rX`,
    ]),
    refused('second-wrong', 'a wrong line behind a right one (RFC 9112 §5)', each('X-A: b\r\nX-B')),

    // Limits.
    refused(
      'large',
      'a trailer of 70,000 bytes (RFC 9110 §6.5.1)',
      trailers(`X-A: ${'a'.repeat(70_000)}\r\n`),
      TOO_LARGE,
    ),
    refused(
      'endless',
      'a trailer without end (RFC 9110 §6.5.1)',
      [`${CHUNKED}0\r\nX-A: ${'a'.repeat(200_000)}`, `${CHUNKED}0\r\n${'a'.repeat(200_000)}`],
      TOO_LARGE,
    ),
    refused(
      'many',
      'ten thousand trailers (RFC 9110 §6.5.1)',
      trailers('X: y\r\n'.repeat(10_000)),
      TOO_LARGE,
    ),
    refused(
      'together',
      'trailers that are too much together (RFC 9110 §6.5.1)',
      trailers(`X-A: ${'a'.repeat(1000)}\r\n`.repeat(70)),
      TOO_LARGE,
    ),
    answered(
      'at-size',
      'trailers of 8 KiB (RFC 9110 §6.5)',
      trailers(`X-A: ${'a'.repeat(1000)}\r\n`.repeat(8)),
      BODY,
    ),
    answered(
      'empty-body',
      'trailers behind no data at all (RFC 9112 §7.1.2)',
      `${CHUNKED}0\r\nX-A: b\r\n\r\n${NEXT}`,
      [{ body: '' }, NEXT_SEEN],
    ),
    answered(
      'next-chunked',
      'a body in chunks behind one with trailers (RFC 9112 §7.1.2)',
      `${trailers('X-A: b\r\n')}${CHUNKED}${LAST}`,
      [BODY, { body: '' }],
    ),
  ],
};
