// request-line.ts: method, version and what surrounds them (RFC 9112 §2, §3).

import { CONTROLS, DELIMITERS, forEach, GET, HIGH_BYTES, TAIL, TOKEN_CHARACTERS } from './bytes.js';
import { answered, refusal, refused, refusedOr, row, SILENT_END, type Group, type Outcome } from './row.js';

const FIELDS = '\r\nHost: a\r\n\r\n';

/** Methods that `/get-only` must not take for GET. */
const NOT_GET: readonly Outcome[] = [{ answers: [{ status: [400, 404, 405, 501] }], then: 'either' }];
/** What is no HTTP at all may also be left without an answer. */
const NO_HTTP: readonly Outcome[] = [refusal(), SILENT_END];

export const REQUEST_LINE: Group = {
  name: 'request-line',
  rows: [
    answered('smallest', 'the smallest request (RFC 9112 §3)', `${GET}\r\n`, {
      body: '',
      seen: { method: 'GET', path: '/', query: '', host: 'a' },
    }),

    // What comes ahead of it.
    answered('empty-line-ahead', 'one empty line ahead is skipped (RFC 9112 §2.2)', `\r\n${GET}\r\n`, {
      seen: { method: 'GET', path: '/' },
    }),
    refusedOr(
      'empty-lines-ahead',
      'two empty lines ahead, of which only one has to be skipped (RFC 9112 §2.2)',
      `\r\n\r\n${GET}\r\n`,
      { seen: { method: 'GET', path: '/' } },
    ),
    refused(
      'empty-lines-endless',
      'empty lines without end meet a limit (RFC 9112 §2.2)',
      `${'\r\n'.repeat(35_000)}${GET}\r\n`,
      [400, 431],
    ),
    refused('empty-line-lf', 'an empty line of LF alone ahead (RFC 9112 §2.2)', `\n${GET}\r\n`),
    refused('empty-line-cr', 'a CR alone ahead (RFC 9112 §2.2)', `\r${GET}\r\n`),
    refused('empty-line-then-space', 'a space behind the empty line ahead (RFC 9112 §3)', `\r\n ${GET}\r\n`),
    refused('space-ahead', 'a space ahead of the method (RFC 9112 §3)', ` ${GET}\r\n`),
    refused('tab-ahead', 'a tab ahead of the method (RFC 9112 §3)', `\t${GET}\r\n`),
    refused('words-ahead', 'words ahead of the method (RFC 9112 §3)', [
      `Extra line${GET}\r\n`,
      `some words and then ${GET}\r\n`,
    ]),
    refused('byte-order-mark', 'a byte order mark ahead (RFC 9110 §9.1)', `\xef\xbb\xbf${GET}\r\n`),
    row('only-spaces', 'a line of spaces (RFC 9112 §2.2)', '   \r\n\r\n', NO_HTTP),
    row(
      'tls',
      'the first bytes of TLS (RFC 9112 §2.2)',
      '\x16\x03\x01\0\x05\x01\0\0\x01\xfc\r\n\r\n',
      NO_HTTP,
    ),
    row(
      'binary',
      'bytes that are no text (RFC 9112 §2.2)',
      '\0\x01\x02\xff\xfe\xfd\x80\x81\r\n\r\n',
      NO_HTTP,
    ),
    row('ssh', 'the greeting of SSH (RFC 9112 §3)', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', NO_HTTP),
    row('socks', 'the greeting of SOCKS 5 (RFC 9112 §3)', '\x05\x01\x00\r\n\r\n', NO_HTTP),
    refused(
      'proxy-protocol',
      'the header of the PROXY protocol, which nobody asked for (RFC 9112 §3)',
      `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${GET}\r\n`,
    ),
    refused(
      'http-2-preface',
      'the preface of HTTP/2 (RFC 9113 §3.4)',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      [400, 505],
    ),

    // Its parts, and what divides them.
    refused('three-words', 'a word too many (RFC 9112 §3)', `GET / extra HTTP/1.1${FIELDS}`),
    refused('word-behind', 'a word behind the version (RFC 9112 §3)', `GET / HTTP/1.1 extra${FIELDS}`),
    refused('no-version', 'a space and no version (RFC 9112 §3)', 'GET / \r\n\r\n'),
    refused('http-0.9', 'neither version nor fields, as in HTTP/0.9 (RFC 9112 §3)', [
      'GET /\r\n',
      'GET /\r\n\r\n',
    ]),
    refused('no-version-fields', 'no version, but fields (RFC 9112 §3)', `GET /${FIELDS}`),
    refused('no-target', 'no target (RFC 9112 §3.2)', `GET HTTP/1.1${FIELDS}`),
    refused('empty-target', 'an empty target (RFC 9112 §3.2)', `GET  HTTP/1.1${FIELDS}`),
    refused('method-alone', 'a method and nothing else (RFC 9112 §3)', ['GET\r\n\r\n', 'GET \r\n\r\n']),
    refused('two-spaces', 'two spaces where one divides (RFC 9112 §3)', [
      `GET  /${TAIL}`,
      `GET /  HTTP/1.1${FIELDS}`,
    ]),
    refused('space-behind', 'a space behind the version (RFC 9112 §3)', `GET / HTTP/1.1 ${FIELDS}`),
    refused('tab-behind', 'a tab behind the version (RFC 9112 §3)', `GET / HTTP/1.1\t${FIELDS}`),
    refused(
      'other-dividers',
      'other white space than a space between the parts (RFC 9112 §3)',
      ['\t', '\v', '\f', '\r', '\xa0', '\0'].flatMap((c) => [
        `GET${c}/${TAIL}`,
        `GET /${c}HTTP/1.1${FIELDS}`,
      ]),
    ),
    refused('lf-divides', 'LF between target and version (RFC 9112 §3)', `GET /\nHTTP/1.1${FIELDS}`),
    refused('crlf-divides', 'a line end between the parts (RFC 9112 §3)', [
      `GET\r\n /${TAIL}`,
      `GET /\r\n HTTP/1.1${FIELDS}`,
    ]),
    refused('cr-ends', 'CR alone for the line end (RFC 9112 §2.2)', 'GET / HTTP/1.1\rHost: a\r\n\r\n'),
    refused('no-line-end', 'fields on the same line (RFC 9112 §3)', 'GET / HTTP/1.1Host: a\r\n\r\n'),

    // The version.
    refused('version-case', 'a version in small letters (RFC 9112 §2.3)', [
      `GET / http/1.1${FIELDS}`,
      `GET / Http/1.1${FIELDS}`,
    ]),
    refused('version-digits', 'a version of too few digits (RFC 9112 §2.3)', [
      `GET / HTTP/1${FIELDS}`,
      `GET / HTTP/1.${FIELDS}`,
      `GET / HTTP/.1${FIELDS}`,
      `GET / HTTP/${FIELDS}`,
      `GET / HTTP${FIELDS}`,
      `GET / 1.1${FIELDS}`,
    ]),
    refused('version-more-digits', 'a version of too many digits (RFC 9112 §2.3)', [
      `GET / HTTP/1.10${FIELDS}`,
      `GET / HTTP/1.01${FIELDS}`,
      `GET / HTTP/01.1${FIELDS}`,
      `GET / HTTP/11.1${FIELDS}`,
      `GET / HTTP/1.1.1${FIELDS}`,
    ]),
    refused('version-space', 'a space in the version (RFC 9112 §2.3)', [
      `GET / HTTP/ 1.1${FIELDS}`,
      `GET / HTTP /1.1${FIELDS}`,
      `GET / HTTP/1. 1${FIELDS}`,
    ]),
    refused('version-suffix', 'something behind the version (RFC 9112 §2.3)', [
      `GET / HTTP/1.1x${FIELDS}`,
      `GET / HTTP/1.1;q=1${FIELDS}`,
    ]),
    refused('version-cr', 'a CR in the version (RFC 9112 §2.2)', [
      `GET / HTTP/\r\r1.1${FIELDS}`,
      `GET / HTTP/1.1\r\r${FIELDS}`,
    ]),
    refused('version-control', 'a control character in the version (RFC 9112 §2.3)', [
      ...forEach(CONTROLS, (c) => `GET / HTTP/1.1${c}${FIELDS}`),
      ...forEach(CONTROLS, (c) => `GET / HTTP/1${c}1${FIELDS}`),
    ]),
    refused('version-other-name', 'another protocol (RFC 9112 §2.3)', [
      `GET / IHTTP/1.0${FIELDS}`,
      `GET / HTTPS/1.1${FIELDS}`,
      `GET / HTP/1.1${FIELDS}`,
      `GET / HTTP-1.1${FIELDS}`,
      `GET / HTTP\\1.1${FIELDS}`,
      `GET / RTSP/1.0${FIELDS}`,
      `GET / SIP/2.0${FIELDS}`,
      `GET / ICE/1.0${FIELDS}`,
    ]),
    refused('version-letters', 'a version that is no number (RFC 9112 §2.3)', [
      `GET / HTTP/x.y${FIELDS}`,
      `GET / HTTP/1,1${FIELDS}`,
      `GET / HTTP/1.a${FIELDS}`,
      `GET / HTTP/-1.1${FIELDS}`,
      `GET / HTTP/+1.1${FIELDS}`,
    ]),
    refused(
      'version-wraps',
      'a version that overflows (RFC 9112 §2.3)',
      `GET / HTTP/4294967297.1${FIELDS}`,
      [400, 505],
    ),
    refused(
      'version-overflow',
      'a version at the end of 32 bits (RFC 9112 §2.3)',
      `GET / HTTP/4294967295.255${FIELDS}`,
      [400, 505],
    ),
    refused(
      'version-major',
      'a major version that nobody speaks here (RFC 9110 §15.6.6)',
      ['9.9', '0.9', '2.0', '2.1', '3.0', '0.0'].map((version) => `GET / HTTP/${version}${FIELDS}`),
      [400, 505],
    ),
    refusedOr(
      'version-minor',
      'a later minor version, which is read as 1.1 (RFC 9110 §2.5)',
      [`GET / HTTP/1.2${FIELDS}`, `GET / HTTP/1.9${FIELDS}`],
      { seen: { path: '/' } },
      [400, 505],
    ),

    // The method.
    refused('method-colon', 'a colon ahead of the method (RFC 9110 §9.1)', `:GET /${TAIL}`),
    refused('method-split', 'a space in the method (RFC 9112 §3)', `GE T /${TAIL}`),
    refused('method-nul', 'a NUL in the method (RFC 9110 §5.6.2)', `G\0T /${TAIL}`),
    refused('method-tab', 'a tab in the method (RFC 9110 §5.6.2)', `G\tT /${TAIL}`),
    refused('method-control', 'a control character in the method (RFC 9110 §5.6.2)', [
      ...forEach(CONTROLS, (c) => `G${c}T /${TAIL}`),
      ...forEach(CONTROLS, (c) => `${c}GET /${TAIL}`),
      ...forEach(CONTROLS, (c) => `GET${c} /${TAIL}`),
    ]),
    refused(
      'method-delimiter',
      'a delimiter in the method (RFC 9110 §5.6.2)',
      forEach(DELIMITERS, (c) => `G${c}T /${TAIL}`),
    ),
    refused(
      'method-high-byte',
      'a byte above 127 in the method (RFC 9110 §5.6.2)',
      forEach(HIGH_BYTES, (c) => `G${c}T /${TAIL}`),
    ),
    answered(
      'method-token',
      'every character that a method may have (RFC 9110 §9.1)',
      `M${TOKEN_CHARACTERS.join('')} /${TAIL}`,
      { status: [200, 400, 405, 501] },
      'either',
    ),
    row(
      'method-case',
      'GET in small letters, which is another method (RFC 9110 §9.1)',
      `get /get-only${TAIL}`,
      NOT_GET,
    ),
    row('method-mixed-case', 'GET in mixed letters (RFC 9110 §9.1)', `Get /get-only${TAIL}`, NOT_GET),
    row(
      'method-unknown',
      'a method that nobody knows (RFC 9110 §15.6.2)',
      `FOOBAR /get-only${TAIL}`,
      NOT_GET,
    ),
    row(
      'method-prefix',
      'methods that begin or end like GET (RFC 9110 §9.1)',
      [`GETS /get-only${TAIL}`, `GE /get-only${TAIL}`, `XGET /get-only${TAIL}`, `G /get-only${TAIL}`],
      NOT_GET,
    ),
    row(
      'method-not-allowed',
      'a method that the resource does not have: 405 with Allow, or 404 (RFC 9110 §15.5.6)',
      ['DELETE', 'PUT', 'PATCH', 'POST'].map((method) => `${method} /get-only${TAIL}`),
      [
        { answers: [{ status: 405, fields: { allow: /\bGET\b/i } }], then: 'open' },
        { answers: [{ status: 404 }], then: 'open' },
      ],
    ),
    answered(
      'method-common',
      'the methods that everybody knows (RFC 9110 §9.3)',
      ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'].map((method) => `${method} /any${TAIL}`),
      { body: '', seen: { path: '/any' } },
    ),
    refused(
      'method-long',
      'a method without end (RFC 9112 §3)',
      `${'A'.repeat(70_000)} /${TAIL}`,
      [400, 414, 431, 501],
    ),
  ],
};
