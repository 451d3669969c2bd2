// chunked.ts: sizes, extensions, data and the end of a body in chunks (RFC 9112 §7.1).

import { charactersOf, CHUNKED, CONTROLS, GET, HIGH_BYTES, LAST, NEXT, NEXT_SEEN } from './bytes.js';
import { answered, refusal, refused, refusedOr, row, SILENT_END, type Group } from './row.js';

const HELLO = { body: 'hello' } as const;
const TOO_LARGE = [400, 413];
const TOO_LONG = [400, 413, 431];
const LIMITED = 'POST /limit HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const MIB = 2 ** 20;

/** A body whose first chunk is `hello`, with this for its size line. */
function size(line: string): string {
  return `${CHUNKED}${line}\r\nhello\r\n${LAST}`;
}

function sizes(...lines: readonly string[]): string[] {
  return lines.map(size);
}

/** What stands behind the size of the first chunk. */
function extensions(...all: readonly string[]): string[] {
  return all.map((extension) => size(`5${extension}`));
}

function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}

export const CHUNKED_BODY: Group = {
  name: 'chunked',
  rows: [
    // What is right.
    answered('several', 'several chunks (RFC 9112 §7.1)', `${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n${LAST}`, HELLO),
    answered(
      'many',
      'five thousand chunks of a byte (RFC 9112 §7.1)',
      `${CHUNKED}${chunk('x').repeat(5000)}${LAST}`,
      { body: 'x'.repeat(5000) },
    ),
    answered('small-hex', 'a size in small letters (RFC 9112 §7.1)', `${CHUNKED}a\r\n0123456789\r\n${LAST}`, {
      body: '0123456789',
    }),
    answered('large-hex', 'a size in capitals (RFC 9112 §7.1)', `${CHUNKED}A\r\n0123456789\r\n${LAST}`, {
      body: '0123456789',
    }),
    answered(
      'all-hex',
      'every hexadecimal digit (RFC 9112 §7.1)',
      charactersOf('123456789abcdefABCDEF').map(
        (digit) => `${CHUNKED}${digit}\r\n${'x'.repeat(Number.parseInt(digit, 16))}\r\n${LAST}${NEXT}`,
      ),
      [{}, NEXT_SEEN],
    ),
    answered(
      'two-digits',
      'sizes of several digits (RFC 9112 §7.1)',
      `${CHUNKED}1f\r\n${'x'.repeat(31)}\r\n100\r\n${'y'.repeat(256)}\r\n${LAST}`,
      { body: `${'x'.repeat(31)}${'y'.repeat(256)}` },
    ),
    answered(
      'size-zeros',
      'zeros ahead of sizes (RFC 9112 §7.1)',
      `${CHUNKED}0005\r\nhello\r\n000\r\n\r\n`,
      HELLO,
    ),
    refusedOr(
      'size-zeros-many',
      'sixty-four zeros ahead of a size (RFC 9112 §7.1)',
      size(`${'0'.repeat(64)}5`),
      HELLO,
    ),
    answered('empty', 'no chunk at all (RFC 9112 §7.1)', `${CHUNKED}${LAST}`, {
      body: '',
      seen: { path: '/' },
    }),
    answered(
      'empty-next',
      'no chunk at all, and the next request (RFC 9112 §7.1)',
      `${CHUNKED}${LAST}${NEXT}`,
      [{ body: '' }, NEXT_SEEN],
    ),
    answered(
      'opaque',
      'data that looks like the end (RFC 9112 §7.1)',
      `${CHUNKED}7\r\n\r\n0\r\n\r\n\r\n${LAST}`,
      { body: '\r\n0\r\n\r\n' },
    ),
    answered(
      'opaque-request',
      'data that looks like a request (RFC 9112 §7.1)',
      `${CHUNKED}${chunk(NEXT)}${LAST}`,
      { body: NEXT },
    ),
    answered(
      'opaque-bytes',
      'data of NUL, bytes above 127 and line ends (RFC 9112 §7.1)',
      `${CHUNKED}${chunk('\0\xff\n\r\r\n')}${LAST}`,
      { body: '\0\xff\n\r\r\n' },
    ),
    answered(
      'large',
      'a chunk of 64 KiB and a byte (RFC 9112 §7.1)',
      `${CHUNKED}${chunk('x'.repeat(65_537))}${LAST}`,
      { body: 'x'.repeat(65_537) },
    ),

    // Extensions.
    answered(
      'extension',
      'extensions, which nobody knows (RFC 9112 §7.1.1)',
      `${CHUNKED}5;a\r\nhello\r\n0;b=c\r\n\r\n`,
      HELLO,
    ),
    answered(
      'extensions',
      'several extensions (RFC 9112 §7.1.1)',
      extensions(';a;b;c', ';a=b;c=d', ';a=1;b'),
      HELLO,
    ),
    answered(
      'extension-quoted',
      'quoted values, with what may stand in them (RFC 9112 §7.1.1)',
      extensions(';a="b"', ';a=""', ';a="b;c=d, e"', ';a="\\"\\\\"', ';a="\t\xe9"', ';a="b";c'),
      HELLO,
    ),
    refusedOr(
      'extension-white-space',
      'white space inside an extension, which only bad senders write (RFC 9112 §7.1.1)',
      extensions(' ; a = b', ';a =b', ';a= b', ' ;a', '; a', '\t;a'),
      HELLO,
    ),
    refused(
      'extension-tail-space',
      'white space behind an extension (RFC 9112 §7.1.1)',
      extensions(';a ', ';a=b ', ';a\t', ';a="b" '),
    ),
    refusedOr(
      'extension-empty',
      'an extension without a name (RFC 9112 §7.1.1)',
      extensions(';', ';;', ';;a', ';a;', ';=b', ';a='),
      HELLO,
    ),
    refused(
      'extension-control',
      'a control character in an extension (RFC 9112 §7.1.1)',
      extensions(';a\x07=b'),
    ),
    refused(
      'extension-control-each',
      'each control character in an extension (RFC 9112 §7.1.1)',
      CONTROLS.flatMap((c) => extensions(`;${c}`, `;a${c}`, `;a=${c}b`, `;a="${c}"`)),
    ),
    refused(
      'extension-lf',
      'LF in an extension (RFC 9112 §7.1.1)',
      extensions(';a\nb=c', ';\n', ';a=\n', ';a="\n"', ';a="b"\n'),
    ),
    refused('extension-cr', 'CR in an extension (RFC 9112 §7.1.1)', extensions(';a\rb', ';a="\r"', ';\rX')),
    refused('extension-cr-cr', 'CR CR in place of a line end (RFC 9112 §7.1.1)', extensions(';a=b\r\rX')),
    refused(
      'extension-lf-hides',
      'LF in an extension that hides a chunk (RFC 9112 §11.2)',
      `${CHUNKED}2;\nxx\r\n4c\r\n${LAST}${NEXT}`,
    ),
    refused(
      'extension-open-quote',
      'a quotation that does not end (RFC 9112 §7.1.1)',
      extensions(';a="b; c', ';a="', ';a="b\\"'),
    ),
    refused(
      'extension-high-byte',
      'a byte above 127 outside quotation marks (RFC 9112 §7.1.1)',
      extensions(';\xe9', ';a\xff', ';a=\x80'),
    ),
    refused(
      'extension-delimiters',
      'delimiters in an extension (RFC 9112 §7.1.1)',
      extensions(';a(b', ';a=b=c', ';a,b', ';a="b"c', ';a=b"c"', ';{a}', ';a/b', ';<'),
    ),
    refused(
      'extension-long',
      'an extension of 17,000 bytes (RFC 9112 §7.1.1)',
      `${CHUNKED}2;${'a'.repeat(17_000)}\r\nAA\r\n${LAST}`,
      TOO_LONG,
    ),
    refused(
      'extension-endless',
      'an extension without end (RFC 9112 §7.1.1)',
      [
        `${CHUNKED}2;${'a'.repeat(100_000)}`,
        `${CHUNKED}2;a="${'b'.repeat(100_000)}`,
        `${CHUNKED}2${';a'.repeat(50_000)}`,
      ],
      TOO_LONG,
    ),
    refused(
      'extensions-many',
      'extensions that are too much together (RFC 9112 §7.1.1)',
      `${CHUNKED}${`1;a=${'x'.repeat(1000)}\r\nZ\r\n`.repeat(200)}${LAST}`,
      TOO_LONG,
    ),
    refused(
      'extension-last-chunk',
      'an extension without end on the last chunk (RFC 9112 §7.1.1)',
      `${CHUNKED}0;${'a'.repeat(70_000)}`,
      TOO_LONG,
    ),

    // Sizes that are none.
    refused(
      'size-letter',
      'a size that is no number (RFC 9112 §7.1)',
      sizes('z', 'xyz', 'h', '5g', '5x', 'hello'),
    ),
    refused('size-g', 'a digit behind the last (RFC 9112 §7.1)', [
      `${CHUNKED}g\r\nhello0123456789a\r\n${LAST}`,
      `${CHUNKED}G\r\nhello0123456789a\r\n${LAST}`,
    ]),
    refused(
      'size-neighbours',
      'the characters beside the digits (RFC 9112 §7.1)',
      sizes('/', ':', '@', '`', '5/', '5:', '5@', '5`', '5G'),
    ),
    refused('size-0x', 'the prefix 0x (RFC 9112 §7.1)', sizes('0x5', '0X5', 'x5', '\\x5', '0x')),
    refused('size-suffix', 'the suffix h (RFC 9112 §7.1)', sizes('5h', '5H', '5.', '5.0', '5L')),
    refused('size-minus', 'a sign (RFC 9112 §7.1)', [
      `${CHUNKED}-1\r\nhello\r\n${LAST}`,
      ...sizes('-5', '+5', '-0'),
    ]),
    refused('size-underscore', 'digits in groups (RFC 9112 §7.1)', sizes('0_5', '0,5', "0'5", '0 5')),
    refused('size-none', 'no size (RFC 9112 §7.1)', [
      size(''),
      `${CHUNKED}\r\n\r\n${LAST}`,
      `${CHUNKED}\r\n${LAST}`,
      `${CHUNKED};a\r\nhello\r\n${LAST}`,
    ]),
    refused('size-space-behind', 'a space behind the size (RFC 9112 §7.1)', size('5 ')),
    refused('size-tab-behind', 'a tab behind the size (RFC 9112 §7.1)', size('5\t')),
    refused(
      'size-white-space-ahead',
      'white space ahead of the size (RFC 9112 §7.1)',
      sizes(' 5', '\t5', '  5'),
    ),
    refused('size-word-behind', 'a word behind the size, without a semicolon (RFC 9112 §7.1.1)', [
      `${CHUNKED}2 word\r\naa\r\n${LAST}`,
      `${CHUNKED}2 erfrferferf\r\naa\r\n${LAST}`,
      ...sizes('5 a=b', '5,a', '5=a', '5"a"'),
    ]),
    refused('size-nul', 'a NUL behind the size (RFC 9112 §7.1)', size('5\0')),
    refused(
      'size-control',
      'each control character beside the size (RFC 9112 §7.1)',
      CONTROLS.flatMap((c) => sizes(`5${c}`, `${c}5`)),
    ),
    refused(
      'size-high-byte',
      'each byte above 127 beside the size (RFC 9112 §7.1)',
      HIGH_BYTES.flatMap((c) => sizes(`5${c}`, `${c}5`)),
    ),
    refused(
      'size-signs',
      'other signs beside the size (RFC 9112 §7.1)',
      sizes('"5"', '(5)', '[5]', '5%', '$5', '#5', '*', '5*', '5?', '5!', '5~', '5&', '5\\'),
    ),
    refused('size-twice', 'two sizes (RFC 9112 §7.1)', sizes('5, 5', '5\r\n5', '5 5')),

    // Sizes that are too large.
    refused(
      'wraps-64',
      'a size that becomes 5 in 64 bits (RFC 9112 §7.1)',
      size('10000000000000005'),
      TOO_LARGE,
    ),
    refused(
      'wraps-64-sneaky',
      'a size that becomes 3 in 64 bits, and a request behind it (RFC 9112 §11.2)',
      `${CHUNKED}f0000000000000003\r\nabc\r\n${LAST}GET /sneaky HTTP/1.1\r\nHost: a\r\n\r\n`,
      TOO_LARGE,
    ),
    refused(
      'largest-signed',
      'the largest sizes of 63 and 64 bits (RFC 9112 §7.1)',
      sizes('7FFFFFFFFFFFFFFF', '8000000000000000', 'FFFFFFFFFFFFFFFF', 'fffffffffffffffb'),
      TOO_LARGE,
    ),
    refused(
      'wraps-32',
      'sizes that become 5 or negative in 32 bits (RFC 9112 §7.1)',
      sizes('100000005', '80000000', 'FFFFFFFF', 'fffffffb', '80000005'),
      TOO_LARGE,
    ),
    refused(
      'wraps-53',
      'a size that a double does not hold (RFC 9112 §7.1)',
      sizes('20000000000001', '3fffffffffffff'),
      TOO_LARGE,
    ),
    refused(
      'many-digits',
      'a size of a hundred digits (RFC 9112 §7.1)',
      sizes('f'.repeat(100), `1${'0'.repeat(99)}`, '1'.repeat(17)),
      TOO_LARGE,
    ),
    refused(
      'zeros-endless',
      'zeros without end (RFC 9112 §7.1)',
      `${CHUNKED}${'0'.repeat(70_000)}`,
      TOO_LONG,
    ),
    refused(
      'digits-endless',
      'digits without end (RFC 9112 §7.1)',
      `${CHUNKED}${'1'.repeat(70_000)}`,
      TOO_LONG,
    ),

    // Line ends.
    refused('size-lf', 'LF behind the size (RFC 9112 §2.2)', `${CHUNKED}5\nhello\r\n${LAST}`),
    refused(
      'size-cr',
      'CR and another byte behind the size (RFC 9112 §2.2)',
      `${CHUNKED}5\rXhello\r\n${LAST}`,
    ),
    refused('size-cr-alone', 'CR alone behind the size (RFC 9112 §2.2)', [
      `${CHUNKED}5\rhello\r\n${LAST}`,
      `${CHUNKED}5\r\rhello\r\n${LAST}`,
    ]),
    refused(
      'size-cr-cr',
      'CR CR behind the size, and a request (RFC 9112 §11.2)',
      `${CHUNKED}5\r\r;ABCD\r\n34\r\nE\r\n${LAST}${NEXT}`,
    ),
    refused('size-line-end-ahead', 'a line end ahead of the size (RFC 9112 §7.1)', [
      `${CHUNKED}\n5\r\nhello\r\n${LAST}`,
      `${CHUNKED}\r\n5\r\nhello\r\n${LAST}`,
      `${CHUNKED}\r5\r\nhello\r\n${LAST}`,
    ]),
    refused('size-cr-inside', 'CR or LF between digits (RFC 9112 §7.1)', sizes('0\r5', '0\n5')),
    refused('all-lf', 'LF for all line ends (RFC 9112 §2.2)', `${CHUNKED}5\nhello\n0\n\n`),

    // Data.
    refused('data-lf', 'LF behind the data (RFC 9112 §2.2)', `${CHUNKED}5\r\nhello\n${LAST}`),
    refused('data-cr', 'CR behind the data (RFC 9112 §2.2)', [
      `${CHUNKED}5\r\nhello\r${LAST}`,
      `${CHUNKED}5\r\nhello\r\r${LAST}`,
      `${CHUNKED}5\r\nhello\rX${LAST}`,
    ]),
    refused(
      'data-no-end',
      'nothing between the data and the next size (RFC 9112 §7.1)',
      `${CHUNKED}5\r\nhello${LAST}`,
    ),
    refused(
      'data-other-bytes',
      'two other bytes behind the data (RFC 9112 §7.1)',
      `${CHUNKED}5\r\nhelloXX${LAST}`,
    ),
    refused(
      'data-more',
      'more data than the size says (RFC 9112 §7.1)',
      `${CHUNKED}4\r\nSEE-THIS\r\n${LAST}`,
    ),
    refused(
      'data-more-by-one',
      'a byte more than the size says (RFC 9112 §7.1)',
      `${CHUNKED}4\r\nhello\r\n${LAST}`,
    ),
    refused('data-less', 'less data than the size says (RFC 9112 §7.1)', [
      `${CHUNKED}6\r\nhello\r\n${LAST}${NEXT}`,
      `${CHUNKED}7\r\nhello\r\n${LAST}`,
      `${CHUNKED}8\r\nhello\r\n${LAST}${NEXT}`,
    ]),
    refused('data-spaces', 'white space behind the data (RFC 9112 §7.1)', [
      `${CHUNKED}5\r\nhello \r\n${LAST}`,
      `${CHUNKED}5\r\nhello\t\r\n${LAST}`,
    ]),
    refused(
      'second-wrong',
      'a wrong size in the second chunk (RFC 9112 §7.1)',
      `${CHUNKED}5\r\nhello\r\nx\r\n${LAST}`,
    ),

    // The end.
    refused(
      'last-other-bytes',
      'two other bytes behind the last chunk (RFC 9112 §7.1)',
      `${CHUNKED}0\r\nXX${NEXT}`,
    ),
    refused(
      'last-no-empty-line',
      'a request in place of the empty line (RFC 9112 §7.1)',
      `${CHUNKED}0\r\n${NEXT}`,
    ),
    answered(
      'last-then-field',
      'a line that looks like a request, but is a trailer (RFC 9112 §7.1.2)',
      `${CHUNKED}0\r\nX:POST /evil HTTP/1.1\r\n\r\n`,
      { body: '', seen: { path: '/' } },
    ),
    refused('last-lf', 'LF behind the last size (RFC 9112 §2.2)', `${CHUNKED}5\r\nhello\r\n0\n\r\n`),
    refused(
      'last-lf-lf',
      'LF for the empty line at the end (RFC 9112 §2.2)',
      `${CHUNKED}5\r\nhello\r\n0\r\n\n`,
    ),
    refused('last-space', 'a space behind the last size (RFC 9112 §7.1)', [
      `${CHUNKED}0 \r\n\r\n`,
      `${CHUNKED} 0\r\n\r\n`,
    ]),
    refused('last-minus', 'a negative zero (RFC 9112 §7.1)', [
      `${CHUNKED}-0\r\n\r\n`,
      `${CHUNKED}+0\r\n\r\n`,
      `${CHUNKED}0x0\r\n\r\n`,
    ]),
    refused(
      'end-cr',
      'CR and another byte at the end (RFC 9112 §7.1)',
      `${CHUNKED}5\r\nhello\r\n0\r\n\rX\r\n\r\n`,
    ),
    refused('end-cr-cr', 'CR CR LF at the end (RFC 9112 §7.1)', `${CHUNKED}0\r\n\r\r\n`),
    refused(
      'no-resync',
      'nothing behind a bad chunk is read (RFC 9112 §2.2)',
      `${CHUNKED}INVALID!!!\r\n${NEXT}`,
    ),
    answered(
      'behind-nul',
      'a NUL behind the body is a bad request of its own (RFC 9112 §7.1)',
      `${CHUNKED}${LAST}\0\r\n\r\n`,
      [{}, { status: 400 }],
      'closed',
    ),
    row(
      'short',
      'a client that ends its side inside a chunk (RFC 9112 §8)',
      [`${CHUNKED}5\r\nhe`, `${CHUNKED}5\r\nhello`, `${CHUNKED}5\r\nhello\r\n`, `${CHUNKED}5`, CHUNKED],
      [refusal(), SILENT_END],
      { delivery: { way: 'half-close' } },
    ),
    row(
      'no-empty-line',
      'a client that ends its side ahead of the empty line (RFC 9112 §8)',
      [`${CHUNKED}5\r\nhello\r\n0\r\n`, `${CHUNKED}5\r\nhello\r\n0\r\nX: y\r\n`],
      [refusal(), SILENT_END],
      { delivery: { way: 'half-close' } },
    ),
    answered(
      'complete-half-closed',
      'a client that ends its side behind the body still gets its answer (RFC 9112 §9.6)',
      `${CHUNKED}5\r\nhello\r\n${LAST}`,
      HELLO,
      'closed',
      { delivery: { way: 'half-close' } },
    ),

    // Limits.
    refused(
      'over-limit-announced',
      'a size above the limit of the route, refused before any data (RFC 9110 §15.5.14)',
      `${LIMITED}FFFFFFF\r\n`,
      413,
    ),
    refused(
      'over-limit-by-one',
      'a size one above the limit of the route (RFC 9110 §15.5.14)',
      `${LIMITED}401\r\n`,
      413,
    ),
    refused(
      'over-limit-together',
      'chunks that exceed the limit together (RFC 9110 §15.5.14)',
      `${LIMITED}${chunk('x'.repeat(600)).repeat(2)}${LAST}`,
      413,
    ),
    refused(
      'over-limit-small',
      'two thousand chunks of a byte, above the limit together (RFC 9110 §15.5.14)',
      `${LIMITED}${chunk('x').repeat(2000)}${LAST}`,
      413,
    ),
    answered(
      'at-limit',
      'a body at the limit of the route (RFC 9110 §15.5.14)',
      `${LIMITED}${chunk('x'.repeat(1000))}${chunk('x'.repeat(24))}${LAST}`,
      { body: 'x'.repeat(1024) },
    ),
    refused(
      'over-limit-server',
      'a size one above the limit of the server (RFC 9110 §15.5.14)',
      `${CHUNKED}100001\r\n`,
      413,
    ),
    answered(
      'at-limit-server',
      'a body of 1 MiB, the limit of the server (RFC 9112 §7.1)',
      `${CHUNKED}${chunk('x'.repeat(MIB))}${LAST}`,
      { body: 'x'.repeat(MIB) },
    ),
    answered(
      'get-next',
      'a GET with chunks, then another request (RFC 9112 §6.3)',
      `${GET}Transfer-Encoding: chunked\r\n\r\n${chunk('hello')}${LAST}${NEXT}`,
      [HELLO, NEXT_SEEN],
    ),
  ],
};
