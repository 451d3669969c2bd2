// refused-requests.ts: messages that have to be refused, and with which status. Where the RFC leaves a choice the safe
// one is taken: what two readers might understand in two ways is refused, not repaired (RFC 9112 §11.2).

import { CHUNKED, GET, POST, TAIL, type RefusedCase } from './request-case.js';

type Row = readonly [name: string, bytes: string];

const as =
  (status: number, before = 0) =>
  ([name, bytes]: Row): RefusedCase => ({ name, bytes, status, before });

const REQUEST_LINES: readonly Row[] = [
  ['no version: HTTP/0.9 (RFC 9112 §3)', 'GET /\r\n\r\n'],
  ['a version in small letters (RFC 9112 §2.3)', 'GET / http/1.1\r\nHost: a\r\n\r\n'],
  ['a version with two digits (RFC 9112 §2.3)', 'GET / HTTP/1.11\r\nHost: a\r\n\r\n'],
  ['a version without its dot (RFC 9112 §2.3)', 'GET / HTTP/11\r\nHost: a\r\n\r\n'],
  ['another protocol (RFC 9112 §2.3)', 'GET / HTTPS/1.1\r\nHost: a\r\n\r\n'],
  ['a space behind the version (RFC 9112 §3)', 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
  ['two spaces behind the method (RFC 9112 §3)', `GET  /${TAIL}`],
  ['two spaces ahead of the version (RFC 9112 §3)', 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a tab behind the method (RFC 9112 §3)', `GET\t/${TAIL}`],
  ['a space ahead of the method (RFC 9112 §3)', ` GET /${TAIL}`],
  ['a space in the target (RFC 9112 §3.2)', `GET /a b${TAIL}`],
  ['no target (RFC 9112 §3)', 'GET HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['no method (RFC 9112 §3.1)', '/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a method with a delimiter (RFC 9110 §5.6.2)', `GE,T /${TAIL}`],
  ['a method with a byte above 127 (RFC 9110 §5.6.2)', `G\u00c9T /${TAIL}`],
  ['a NUL ahead of the method (RFC 9110 §5.6.2)', `\0GET /${TAIL}`],
  ['a TLS handshake (RFC 9112 §3)', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
  ['the preface of HTTP/2 (RFC 9113 §3.4)', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['LF for a line end of the request line (RFC 9112 §2.2)', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
  ['CR for a line end of the request line (RFC 9112 §2.2)', 'GET / HTTP/1.1\rHost: a\r\n\r\n'],
  ['LF for all line ends (RFC 9112 §2.2)', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['LF for an empty line ahead (RFC 9112 §2.2)', `\nGET /${TAIL}`],
  ['empty lines without end (RFC 9112 §2.2)', '\r\n'.repeat(40)],
  ['a path without a slash (RFC 9112 §3.2.1)', `GET a${TAIL}`],
  ['a fragment (RFC 9112 §3.2)', `GET /a#b${TAIL}`],
  ['a NUL in the path (RFC 3986 §2)', `GET /a\0b${TAIL}`],
  ['a control character in the query (RFC 3986 §2)', `GET /a?\x1b[31m${TAIL}`],
  ['a byte above 127 in the path (RFC 3986 §2)', `GET /caf\u00e9${TAIL}`],
  ['a backslash in the path (RFC 3986 §2)', `GET /..\\..${TAIL}`],
  ['an escape that is none (RFC 3986 §2.1)', `GET /%4x${TAIL}`],
  ['asterisk-form for GET (RFC 9112 §3.2.4)', `GET *${TAIL}`],
  ['authority-form for GET (RFC 9112 §3.2.3)', `GET a:80${TAIL}`],
  ['a URI of another scheme (RFC 9110 §7.4)', `GET gopher://a/${TAIL}`],
  ['a URI without a host (RFC 9110 §4.2.1)', `GET http:///a${TAIL}`],
  ['a URI with a user (RFC 9110 §4.2.4)', `GET http://u:p@a/${TAIL}`],
  ['a URI with a port that no port is (RFC 3986 §3.2.3)', `GET http://a:65536/${TAIL}`],
];

const FIELDS: readonly Row[] = [
  ['no Host (RFC 9112 §3.2)', 'GET / HTTP/1.1\r\nX-A: b\r\n\r\n'],
  ['two Hosts (RFC 9112 §3.2)', `${GET}Host: a\r\n\r\n`],
  ['an empty Host (RFC 9112 §3.2)', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a Host with a path (RFC 9110 §7.2)', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with a user (RFC 9110 §7.2)', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
  ['a list of Hosts (RFC 9110 §7.2)', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n'],
  ['a Host with a port that no port is (RFC 3986 §3.2.3)', 'GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n'],
  ['a Host with an open bracket (RFC 3986 §3.2.2)', 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n'],
  ['a bad Host beside a good target (RFC 9112 §3.2)', 'GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n'],
  ['a space ahead of a colon (RFC 9112 §5.1)', `${GET}X-A : b\r\n\r\n`],
  ['a tab ahead of the colon of Content-Length (RFC 9112 §5.1)', `${POST}Content-Length\t: 3\r\n\r\nabc`],
  ['a space ahead of the first field (RFC 9112 §2.2)', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['a folded line (RFC 9112 §5.2)', `${GET}X-A: b\r\n c\r\n\r\n`],
  ['a line folded with a tab (RFC 9112 §5.2)', `${POST}Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n`],
  ['a line without a colon (RFC 9112 §5)', `${GET}X-A\r\n\r\n`],
  ['a line without a name (RFC 9112 §5)', `${GET}: b\r\n\r\n`],
  ['a name with a space (RFC 9110 §5.1)', `${GET}X A: b\r\n\r\n`],
  ['a name with a delimiter (RFC 9110 §5.6.2)', `${GET}X(A): b\r\n\r\n`],
  ['a name with a byte above 127 (RFC 9110 §5.6.2)', `${GET}X-\u00c4: b\r\n\r\n`],
  ['a NUL in a name (RFC 9110 §5.6.2)', `${GET}X\0A: b\r\n\r\n`],
  ['a NUL in a value (RFC 9110 §5.5)', `${GET}X-A: b\0c\r\n\r\n`],
  ['a control character in a value (RFC 9110 §5.5)', `${GET}X-A: b\x08c\r\n\r\n`],
  ['DEL in a value (RFC 9110 §5.5)', `${GET}X-A: b\x7f\r\n\r\n`],
  ['LF in a value (RFC 9112 §2.2)', `${GET}X-A: b\nX-B: c\r\n\r\n`],
  ['CR in a value (RFC 9112 §2.2)', `${GET}X-A: b\rX-B: c\r\n\r\n`],
  ['LF for the empty line (RFC 9112 §2.2)', `${GET}\n`],
  ['CR CR LF for a line end (RFC 9112 §2.2)', `${GET}X-A: b\r\r\n\r\n`],
];

const FRAMING: readonly Row[] = [
  [
    'Content-Length and Transfer-Encoding (RFC 9112 §6.1)',
    `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'Transfer-Encoding and Content-Length (RFC 9112 §6.1)',
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
  ],
  ['two lengths that differ (RFC 9112 §6.3)', `${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ['two lengths that agree (RFC 9110 §8.6)', `${POST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  ['a list of lengths (RFC 9110 §8.6)', `${POST}Content-Length: 3, 3\r\n\r\nabc`],
  ['a negative length (RFC 9110 §8.6)', `${POST}Content-Length: -1\r\n\r\n`],
  ['a length with a sign (RFC 9110 §8.6)', `${POST}Content-Length: +3\r\n\r\nabc`],
  ['a hexadecimal length (RFC 9110 §8.6)', `${POST}Content-Length: 0x3\r\n\r\nabc`],
  ['a length with a fraction (RFC 9110 §8.6)', `${POST}Content-Length: 3.0\r\n\r\nabc`],
  ['an empty length (RFC 9110 §8.6)', `${POST}Content-Length: \r\n\r\n`],
  ['chunked twice (RFC 9112 §7.1)', `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked that is not last (RFC 9112 §6.3)', `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ['chunked with a parameter (RFC 9112 §7.1)', `${POST}Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n`],
  ['an empty Transfer-Encoding (RFC 9112 §6.1)', `${POST}Transfer-Encoding:\r\n\r\n0\r\n\r\n`],
  [
    'Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)',
    'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
];

const CHUNKS: readonly Row[] = [
  ['no chunk size (RFC 9112 §7.1)', `${CHUNKED}\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size that is no number (RFC 9112 §7.1)', `${CHUNKED}xyz\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size with 0x (RFC 9112 §7.1)', `${CHUNKED}0x3\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size with a sign (RFC 9112 §7.1)', `${CHUNKED}+3\r\nabc\r\n0\r\n\r\n`],
  ['a space ahead of a chunk size (RFC 9112 §7.1)', `${CHUNKED} 3\r\nabc\r\n0\r\n\r\n`],
  ['a space behind a chunk size (RFC 9112 §7.1.1)', `${CHUNKED}3 \r\nabc\r\n0\r\n\r\n`],
  ['LF behind a chunk size (RFC 9112 §2.2)', `${CHUNKED}3\nabc\r\n0\r\n\r\n`],
  ['CR behind a chunk size (RFC 9112 §2.2)', `${CHUNKED}3\rabc\r\n0\r\n\r\n`],
  ['an extension without a name (RFC 9112 §7.1.1)', `${CHUNKED}3;=a\r\nabc\r\n0\r\n\r\n`],
  ['LF in an extension (RFC 9112 §7.1.1)', `${CHUNKED}3;a\nb\r\nabc\r\n0\r\n\r\n`],
  ['an open quotation in an extension (RFC 9112 §7.1.1)', `${CHUNKED}3;a="b\r\nabc\r\n0\r\n\r\n`],
  ['more data than the chunk has (RFC 9112 §7.1)', `${CHUNKED}3\r\nabcd\r\n0\r\n\r\n`],
  ['less data than the chunk has (RFC 9112 §7.1)', `${CHUNKED}5\r\nabc\r\n0\r\n\r\n${GET}\r\n`],
  ['LF behind the data (RFC 9112 §2.2)', `${CHUNKED}3\r\nabc\n0\r\n\r\n`],
  ['two other bytes behind the data (RFC 9112 §7.1)', `${CHUNKED}3\r\nabcxx0\r\n\r\n`],
  ['LF for the end of the body (RFC 9112 §2.2)', `${CHUNKED}0\r\n\n`],
  ['a trailer without a colon (RFC 9112 §5)', `${CHUNKED}0\r\nX-T\r\n\r\n`],
  ['a folded trailer (RFC 9112 §5.2)', `${CHUNKED}0\r\nX-T: a\r\n b\r\n\r\n`],
  ['a NUL in a trailer (RFC 9110 §5.5)', `${CHUNKED}0\r\nX-T: a\0\r\n\r\n`],
];

const PIPELINES: readonly Row[] = [
  ['a bad request behind a good one (RFC 9112 §9.3.2)', `${GET}\r\nGET / HTTP/1.1\r\n\r\n`],
  ['more bytes than the length said (RFC 9112 §6.2)', `${POST}Content-Length: 3\r\n\r\nabc;GET /${TAIL}`],
  ['a chunked body with something behind it (RFC 9112 §7.1)', `${CHUNKED}0\r\n\r\n)GET /${TAIL}`],
];

/** The limits with which the rows are run. */
export const LIMITS = { requestLineBytes: 100, headerBytes: 300, headerCount: 8, bodyBytes: 40 };

const OTHERS: readonly RefusedCase[] = [
  { name: 'HTTP/2.0 (RFC 9110 §15.6.6)', bytes: 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', status: 505 },
  {
    name: 'HTTP/0.9 with a version (RFC 9110 §15.6.6)',
    bytes: 'GET / HTTP/0.9\r\nHost: a\r\n\r\n',
    status: 505,
  },
  { name: 'CONNECT, since this is no tunnel (RFC 9110 §9.3.6)', bytes: `CONNECT a:443${TAIL}`, status: 501 },
  { name: 'CONNECT without a port (RFC 9112 §3.2.3)', bytes: `CONNECT a${TAIL}`, status: 400 },
  {
    name: 'a transfer coding that we do not have (RFC 9112 §6.1)',
    bytes: `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    status: 501,
  },
  {
    name: 'a transfer coding that looks like chunked (RFC 9112 §6.1)',
    bytes: `${POST}Transfer-Encoding: xchunked\r\n\r\n`,
    status: 501,
  },
  {
    name: 'the coding identity, which was removed (RFC 9112 §7)',
    bytes: `${POST}Transfer-Encoding: identity\r\n\r\n`,
    status: 501,
  },
  {
    name: 'an expectation that nobody knows (RFC 9110 §10.1.1)',
    bytes: `${POST}Expect: wonders\r\nContent-Length: 3\r\n\r\nabc`,
    status: 417,
  },
  { name: 'a target that is too long (RFC 9112 §3)', bytes: `GET /${'a'.repeat(100)}${TAIL}`, status: 414 },
  { name: 'a method that is too long (RFC 9112 §3)', bytes: `${'A'.repeat(101)} /${TAIL}`, status: 414 },
  {
    name: 'a field that is too long (RFC 6585 §5)',
    bytes: `${GET}X-A: ${'b'.repeat(300)}\r\n\r\n`,
    status: 431,
  },
  { name: 'too many fields (RFC 6585 §5)', bytes: `${GET}${'X: y\r\n'.repeat(8)}\r\n`, status: 431 },
  {
    name: 'a length above the limit (RFC 9110 §15.5.14)',
    bytes: `${POST}Content-Length: 41\r\n\r\n`,
    status: 413,
  },
  {
    name: 'a length above 64 bits (RFC 9110 §8.6)',
    bytes: `${POST}Content-Length: 18446744073709551619\r\n\r\nabc`,
    status: 413,
  },
  { name: 'a chunk above the limit (RFC 9112 §7.1)', bytes: `${CHUNKED}29\r\n`, status: 413 },
  {
    name: 'a chunk size that wraps around in 64 bits (RFC 9112 §7.1)',
    bytes: `${CHUNKED}10000000000000003\r\nabc\r\n0\r\n\r\n`,
    status: 413,
  },
  {
    name: 'chunks that exceed the limit together (RFC 9112 §7.1)',
    bytes: `${CHUNKED}14\r\n${'x'.repeat(20)}\r\n15\r\n`,
    status: 413,
  },
];

export const REFUSED: readonly RefusedCase[] = [
  ...[...REQUEST_LINES, ...FIELDS, ...FRAMING, ...CHUNKS].map(as(400)),
  ...PIPELINES.map(as(400, 1)),
  ...OTHERS,
];
