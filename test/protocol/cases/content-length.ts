// content-length.ts: Content-Length and the body that it measures (RFC 9112 §6.2, RFC 9110 §8.6).

import { CONTROLS, GET, HIGH_BYTES, NEXT, NEXT_SEEN, POST } from './bytes.js';
import { answered, refused, refusedOr, row, refusal, SILENT_END, type Group } from './row.js';

const HELLO = { body: 'hello' } as const;
const MIB = 2 ** 20;

/** A POST with such a length, and a body of five bytes. */
function length(value: string, body = 'hello'): string {
  return `${POST}Content-Length: ${value}\r\n\r\n${body}`;
}

function lengths(...values: readonly string[]): string[] {
  return values.map((value) => length(value));
}

export const CONTENT_LENGTH: Group = {
  name: 'content-length',
  rows: [
    answered('five', 'a body of five bytes (RFC 9112 §6.2)', length('5'), HELLO),
    answered('none', 'neither Content-Length nor Transfer-Encoding: no body (RFC 9112 §6.3)', `${POST}\r\n`, {
      body: '',
      seen: { path: '/' },
    }),
    answered(
      'none-next',
      'without a length the next bytes are the next request (RFC 9112 §6.3)',
      `${POST}\r\n${NEXT}`,
      [{ body: '' }, NEXT_SEEN],
    ),
    answered('zero', 'a length of 0 (RFC 9110 §8.6)', `${length('0', '')}${NEXT}`, [{ body: '' }, NEXT_SEEN]),
    answered('case', 'the name in any case (RFC 9110 §5.1)', `${POST}cONTENT-lENGTH: 5\r\n\r\nhello`, HELLO),
    answered(
      'white-space',
      'white space around the number (RFC 9110 §5.5)',
      [length(' \t 5 \t'), `${POST}Content-Length:5\r\n\r\nhello`],
      HELLO,
    ),
    answered(
      'any-method',
      'a body for any method (RFC 9112 §6.3)',
      ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GET'].map(
        (method) => `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`,
      ),
      HELLO,
    ),
    answered('opaque', 'a body of any bytes (RFC 9112 §6)', length('9', '\r\n\r\n\0\n\xff\r\n'), {
      body: '\r\n\r\n\0\n\xff\r\n',
    }),
    answered(
      'every-byte',
      'a body of every byte (RFC 9112 §6)',
      length('256', String.fromCharCode(...Array.from({ length: 256 }, (_, n) => n))),
      {
        body: String.fromCharCode(...Array.from({ length: 256 }, (_, n) => n)),
      },
    ),
    answered(
      'like-request',
      'a body that reads like a request (RFC 9112 §6.2)',
      length(String(NEXT.length), NEXT),
      { body: NEXT },
    ),
    answered(
      'http-1.0',
      'a body in HTTP/1.0 (RFC 9112 §6.3)',
      'POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
      HELLO,
      'closed',
    ),
    answered(
      'http-1.0-none',
      'HTTP/1.0 without a length has no body either (RFC 9112 §6.3)',
      'POST / HTTP/1.0\r\nHost: a\r\n\r\n',
      { body: '' },
      'closed',
    ),

    // Numbers that are unusual.
    refusedOr('zeros', 'zeros ahead of the number (RFC 9110 §8.6)', length('005'), HELLO),
    refusedOr('zeros-many', 'many zeros ahead (RFC 9110 §8.6)', length(`${'0'.repeat(40)}5`), HELLO),
    refusedOr('zeros-alone', 'a length of zeros (RFC 9110 §8.6)', length('000', ''), { body: '' }),
    refusedOr(
      'not-octal',
      'a zero ahead does not make it octal (RFC 9110 §8.6)',
      length('010', '0123456789'),
      { body: '0123456789' },
    ),
    refused('plus', 'a plus (RFC 9110 §8.6)', lengths('+5', '+0', '5+')),
    refused('minus', 'a minus (RFC 9110 §8.6)', lengths('-5', '-1', '5-', '-')),
    refused('minus-zero', 'a negative zero (RFC 9110 §8.6)', length('-0')),
    refused(
      'minus-huge',
      'a negative number of many digits (RFC 9110 §8.6)',
      length('-123456789123456789123456789'),
    ),
    refused('octal', 'octal notation (RFC 9110 §8.6)', lengths('0o5', '\\5')),
    refused(
      'hexadecimal',
      'hexadecimal notation (RFC 9110 §8.6)',
      lengths('0x5', '0X5', '5h', 'a', '$5', '#5'),
    ),
    refused(
      'letters',
      'letters (RFC 9112 §6.3)',
      lengths('abc', 'five', '5a', 'a5', 'NaN', 'Infinity', 'null', 'chunked'),
    ),
    refused('decimal-point', 'a fraction (RFC 9112 §6.3)', lengths('5.0', '5.', '.5', '5,0')),
    refused('exponent', 'an exponent (RFC 9112 §6.3)', lengths('5e0', '5E0', '1e1')),
    refused('grouping', 'digits in groups (RFC 9112 §6.3)', lengths('1_0', "1'0", '1 000', '1,000')),
    refused(
      'inner-space',
      'white space between digits (RFC 9112 §6.3)',
      lengths('1 0', '5 5', '5\t0', '0 5'),
    ),
    refused(
      'quoted',
      'a number in quotation marks (RFC 9110 §8.6)',
      lengths('"5"', "'5'", '"5', '(5)', '[5]'),
    ),
    refused('percent', 'an escaped digit (RFC 9110 §8.6)', lengths('%35', '5%')),
    refused('empty', 'no number at all (RFC 9110 §8.6)', lengths('', ' ', '\t')),
    refused('no-break-space', 'a space that is none (RFC 9110 §5.6.3)', lengths('\xa05', '5\xa0')),
    refused(
      'other-digits',
      'digits of other scripts (RFC 9110 §8.6)',
      lengths('\xd9\xa5', '\xef\xbc\x95', '\xb2'),
    ),
    refused(
      'high-byte',
      'a byte above 127 beside the digit (RFC 9110 §8.6)',
      HIGH_BYTES.map((c) => length(`5${c}`)),
    ),
    refused('control', 'a control character beside the digit (RFC 9110 §5.5)', length('5\x11')),
    refused(
      'control-each',
      'each control character beside the digit (RFC 9110 §5.5)',
      CONTROLS.flatMap((c) => lengths(`5${c}`, `${c}5`)),
    ),
    refused('semicolon', 'a parameter (RFC 9110 §8.6)', lengths('5;x', '5;', ';5', '5; q=1')),
    refused(
      'star',
      'other signs (RFC 9110 §8.6)',
      lengths('*', '5*', '5/5', '5:5', '5=5', '5?', '5!', '5@', '~5'),
    ),

    // More than one.
    refused(
      'list-differs',
      'a list of different numbers (RFC 9112 §6.3)',
      lengths('5, 6', '5,6', '0, 5', '5, 0'),
    ),
    refused(
      'list-agrees',
      'a list of the same number, which may be refused and is (RFC 9112 §6.3)',
      lengths('5, 5', '5,5', '5,5,5'),
    ),
    refused('list-empty-last', 'a list with an empty element (RFC 9110 §8.6)', length('5,')),
    refused(
      'list-empty',
      'lists with empty elements elsewhere (RFC 9110 §8.6)',
      lengths(',5', '5,,5', ',', '5, '),
    ),
    refused(
      'list-wrong',
      'a list with something else in it (RFC 9112 §6.3)',
      lengths('5, x', '5, +5', 'x, 5'),
    ),
    refused(
      'twice-differs',
      'two lines with different numbers (RFC 9112 §6.3)',
      `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    ),
    refused(
      'twice-agrees',
      'two lines with the same number, refused as well (RFC 9112 §6.3)',
      `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    ),
    refused('twice-apart', 'two lines in different spelling, with others between (RFC 9112 §6.3)', [
      `${POST}Content-Length: 5\r\nX-A: b\r\ncontent-length: 6\r\n\r\nhello!`,
      `${POST}Content-Length: 5\r\nX-A: b\r\nCONTENT-LENGTH: 05\r\n\r\nhello`,
      `${POST}Content-Length: 5\r\nContent-Length:\r\n\r\nhello`,
      `${POST}Content-Length:\r\nContent-Length: 5\r\n\r\nhello`,
      `${POST}Content-Length: 5\r\nContent-Length: x\r\n\r\nhello`,
      `${POST}Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    ]),
    refused(
      'twice-smuggles',
      'two lines that hide a request (RFC 9112 §11.2)',
      `${POST}Content-Length: 0\r\nContent-Length: ${NEXT.length}\r\n\r\n${NEXT}`,
    ),
    refused(
      'twice-zero',
      'two lines of 0 (RFC 9112 §6.3)',
      `${POST}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
    ),

    // Numbers that are too large.
    refused(
      'wraps-64-signed',
      'a number that becomes negative in 64 bits (RFC 9110 §8.6)',
      lengths('9223372036854775808', '9223372036854775807'),
      [400, 413],
    ),
    refused(
      'wraps-64',
      'a number that becomes 5 in 64 bits (RFC 9110 §8.6)',
      lengths('18446744073709551621', '18446744073709551616', '18446744073709551615'),
      [400, 413],
    ),
    refused(
      'wraps-32',
      'a number that becomes 5 in 32 bits (RFC 9110 §8.6)',
      length('4294967301'),
      [400, 413],
    ),
    refused(
      'wraps-32-signed',
      'a number that becomes negative in 32 bits (RFC 9110 §8.6)',
      lengths('2147483648', '4294967295', '4294967296'),
      [400, 413],
    ),
    refused(
      'wraps-53',
      'a number that a double does not hold (RFC 9110 §8.6)',
      lengths('9007199254740993', '9007199254740992'),
      [400, 413],
    ),
    refused(
      'hundred-digits',
      'a number of a hundred digits (RFC 9110 §8.6)',
      lengths('9'.repeat(100), `1${'0'.repeat(99)}`),
      [400, 413],
    ),
    refused(
      'thousand-digits',
      'a number of five thousand digits (RFC 9110 §8.6)',
      length('1'.repeat(5000)),
      [400, 413, 431],
    ),

    // Limits.
    row(
      'over-limit',
      'a length above the limit of the route, refused before any body (RFC 9110 §15.5.14)',
      'POST /limit HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n',
      [{ answers: [{ status: 413 }], then: 'either' }],
    ),
    row(
      'over-limit-by-one',
      'a length one above the limit of the route (RFC 9110 §15.5.14)',
      `POST /limit HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n${'x'.repeat(1025)}`,
      [{ answers: [{ status: 413 }], then: 'either' }],
    ),
    answered(
      'at-limit',
      'a length at the limit of the route (RFC 9110 §15.5.14)',
      `POST /limit HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\n\r\n${'x'.repeat(1024)}`,
      { body: 'x'.repeat(1024) },
    ),
    refused(
      'over-limit-server',
      'a length one above the limit of the server (RFC 9110 §15.5.14)',
      length(String(MIB + 1), ''),
      413,
    ),
    answered(
      'at-limit-server',
      'a body of 1 MiB, the limit of the server (RFC 9112 §6.2)',
      length(String(MIB), 'x'.repeat(MIB)),
      { body: 'x'.repeat(MIB) },
    ),

    // Bodies that stop, and names that are not quite right.
    row(
      'short',
      'a client that ends its side inside the body (RFC 9112 §8)',
      length('10'),
      [refusal(), SILENT_END],
      { delivery: { way: 'half-close' } },
    ),
    row(
      'short-nothing',
      'a client that ends its side ahead of the body (RFC 9112 §8)',
      length('10', ''),
      [refusal(), SILENT_END],
      { delivery: { way: 'half-close' } },
    ),
    answered(
      'complete-half-closed',
      'a client that ends its side behind the body still gets its answer (RFC 9112 §9.6)',
      length('5'),
      HELLO,
      'closed',
      { delivery: { way: 'half-close' } },
    ),
    refused(
      'space-in-name',
      'a space ahead of the colon (RFC 9112 §5.1)',
      `${POST}Content-Length : 5\r\n\r\nhello`,
    ),
    refused(
      'tab-in-name',
      'a tab ahead of the colon (RFC 9112 §5.1)',
      `${POST}Content-Length\t: 5\r\n\r\nhello`,
    ),
    refused('name-split', 'a name in two words (RFC 9110 §5.6.2)', `${POST}Content Length: 5\r\n\r\nhello`),
    refused('get-wrong', 'a wrong number in a request that needs no body (RFC 9112 §6.3)', [
      `${GET}Content-Length: x\r\n\r\n`,
      `${GET}Content-Length: -1\r\n\r\n`,
      `HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello`,
    ]),
    refused('http-1.0-wrong', 'a wrong number in HTTP/1.0 (RFC 9112 §6.3)', [
      'POST / HTTP/1.0\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello',
      'POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
    ]),
  ],
};
