// request-target.ts: the four forms of the target, and what may stand in it (RFC 9112 §3.2, RFC 3986).

import { CONTROLS, forEach, HIGH_BYTES, NEXT, TAIL } from './bytes.js';
import { answered, refused, row, type Group, type Outcome } from './row.js';

/** Bytes that no target has; some servers let them through, but then as they are. */
function untouched(path: string): readonly Outcome[] {
  return [
    { answers: [{ status: [400, 404] }], then: 'either' },
    { answers: [{ seen: { path } }], then: 'either' },
  ];
}

/** No tunnels: what is sent in the hope of one must not be read as requests. */
const NO_TUNNEL = [400, 405, 501];

export const REQUEST_TARGET: Group = {
  name: 'request-target',
  rows: [
    // Origin-form.
    answered('origin', 'a path and a query (RFC 9112 §3.2.1)', `GET /over/there?name=ferret&x=${TAIL}`, {
      seen: { path: '/over/there', query: 'name=ferret&x=', host: 'a' },
    }),
    answered('empty-query', 'a question mark with nothing behind it (RFC 3986 §3.4)', `GET /p?${TAIL}`, {
      seen: { path: '/p', query: '' },
    }),
    answered(
      'query-has-query',
      'question marks and slashes in a query (RFC 3986 §3.4)',
      `GET /p?a?b/c${TAIL}`,
      {
        seen: { path: '/p', query: 'a?b/c' },
      },
    ),
    answered(
      'path-characters',
      'each character that a path may have (RFC 3986 §3.3)',
      `GET /-._~!$&'()*+,;=:@AZaz09/${TAIL}`,
      {
        seen: { path: "/-._~!$&'()*+,;=:@AZaz09/" },
      },
    ),
    answered('escapes', 'escapes, left as they are (RFC 9110 §4.2.3)', `GET /%00%2f%2F%41%7e%C3%A9${TAIL}`, {
      seen: { path: '/%00%2f%2F%41%7e%C3%A9' },
    }),
    answered(
      'dot-segments',
      'dot segments, left as they are (RFC 3986 §5.2.4)',
      `GET /a/./../../b/%2e%2e/${TAIL}`,
      {
        seen: { path: '/a/./../../b/%2e%2e/' },
      },
    ),
    answered('empty-segments', 'empty segments, left as they are (RFC 3986 §3.3)', `GET //b//c${TAIL}`, {
      seen: { path: '//b//c', host: 'a' },
    }),
    answered('path-like-uri', 'a path that reads like a URI (RFC 9112 §3.2.1)', `GET /http://b/c${TAIL}`, {
      seen: { path: '/http://b/c', host: 'a' },
    }),
    row(
      'escaped-line-end',
      'an escaped line end does not become one (RFC 9112 §11.1)',
      `GET /p%0d%0aX-Evil:%201${TAIL}`,
      [
        { answers: [{ status: [400, 404], withoutFields: ['x-evil'] }], then: 'either' },
        { answers: [{ seen: { path: '/p%0d%0aX-Evil:%201' }, withoutFields: ['x-evil'] }], then: 'either' },
      ],
    ),
    row('bad-escape', 'an escape that is none (RFC 3986 §2.1)', `GET /%zz${TAIL}`, untouched('/%zz')),
    row('half-escape', 'half an escape at the end (RFC 3986 §2.1)', `GET /a%4${TAIL}`, untouched('/a%4')),
    row('backslash', 'a backslash, which is no slash (RFC 3986 §2)', `GET /a\\b${TAIL}`, untouched('/a\\b')),

    refused('relative', 'a path without its slash (RFC 9112 §3.2.1)', [
      `GET admin/x${TAIL}`,
      `GET .${TAIL}`,
      `GET ..${TAIL}`,
    ]),
    refused('bang', 'a target that has no form (RFC 9112 §3.2)', [
      `GET !${TAIL}`,
      `GET ~${TAIL}`,
      `GET &${TAIL}`,
    ]),
    refused('query-alone', 'a query without a path (RFC 9112 §3.2.1)', `GET ?a=b${TAIL}`),
    refused('backslash-first', 'a backslash for the first slash (RFC 9112 §3.2.1)', `GET \\a${TAIL}`),
    refused('quoted', 'a target in quotation marks (RFC 9112 §3.2)', [`GET "/"${TAIL}`, `GET </>${TAIL}`]),
    refused('fragment', 'a fragment, which no form has (RFC 9112 §3.2)', [
      `GET /x#frag${TAIL}`,
      `GET /x?y#frag${TAIL}`,
      `GET #${TAIL}`,
      `GET /#${TAIL}`,
    ]),
    refused('nul', 'a NUL (RFC 3986 §2)', `GET /\0x${TAIL}`),
    refused('control', 'a control character (RFC 3986 §2)', [
      ...forEach(CONTROLS, (c) => `GET /${c}${TAIL}`),
      ...forEach(CONTROLS, (c) => `GET /a?${c}b${TAIL}`),
    ]),
    refused('tab', 'a tab in the path (RFC 3986 §2)', `GET /a\tb${TAIL}`),
    refused('space', 'a space in the path, which makes a word too many (RFC 9112 §3.2)', `GET /a b${TAIL}`),
    refused('utf-8', 'text in UTF-8 that was not escaped (RFC 3986 §2)', [
      `GET /caf\xe9${TAIL}`,
      `GET /caf\xc3\xa9${TAIL}`,
    ]),
    refused('overlong-utf-8', 'a slash in overlong UTF-8 (RFC 3986 §2)', `GET /\xc0\xaf${TAIL}`),
    refused('high-byte', 'a byte above 127 (RFC 3986 §2)', [
      ...forEach(HIGH_BYTES, (c) => `GET /a${c}${TAIL}`),
      `GET /?\xff${TAIL}`,
    ]),

    // Absolute-form.
    answered('absolute', 'absolute-form (RFC 9112 §3.2.2)', `GET http://a/x?y=1${TAIL}`, {
      seen: { path: '/x', query: 'y=1', host: 'a' },
    }),
    answered('absolute-no-path', 'absolute-form without a path (RFC 9110 §4.2.3)', `GET http://a${TAIL}`, {
      seen: { path: '/', query: '', host: 'a' },
    }),
    answered(
      'absolute-query',
      'absolute-form with a query and no path (RFC 3986 §3.2)',
      `GET http://a?q=1${TAIL}`,
      {
        seen: { path: '/', query: 'q=1', host: 'a' },
      },
    ),
    answered('absolute-scheme-case', 'a scheme in capitals (RFC 3986 §3.1)', `GET HTTP://a/x${TAIL}`, {
      seen: { path: '/x', host: 'a' },
    }),
    answered(
      'absolute-port',
      'an authority with a port (RFC 9112 §3.2.2)',
      'GET http://a:8080/ HTTP/1.1\r\nHost: a:8080\r\n\r\n',
      {
        seen: { path: '/', host: 'a:8080' },
      },
    ),
    answered(
      'absolute-ipv6',
      'an authority that is an IPv6 address (RFC 3986 §3.2.2)',
      'GET http://[::1]:81/ HTTP/1.1\r\nHost: [::1]:81\r\n\r\n',
      {
        seen: { host: '[::1]:81' },
      },
    ),
    row(
      'absolute-beats-host',
      "the target's authority goes before Host, if they may differ (RFC 9112 §3.2.2)",
      'GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n',
      [
        { answers: [{ status: 400 }], then: 'either' },
        { answers: [{ seen: { host: 'a' } }], then: 'either' },
      ],
    ),
    refused(
      'absolute-no-host-field',
      'absolute-form does not replace Host (RFC 9112 §3.2)',
      'GET http://a/ HTTP/1.1\r\n\r\n',
    ),
    refused(
      'absolute-bad-host-field',
      'an invalid Host beside absolute-form (RFC 9112 §3.2)',
      'GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n',
    ),
    refused('absolute-no-host', 'a URI without a host (RFC 9110 §4.2.1)', [
      'GET http:///x HTTP/1.1\r\nHost:\r\n\r\n',
      `GET http:///x${TAIL}`,
      `GET http://${TAIL}`,
      `GET http://:80/${TAIL}`,
      `GET http://?q${TAIL}`,
    ]),
    refused('absolute-user', 'a URI with a user (RFC 9110 §4.2.4)', [
      `GET http://u@a/${TAIL}`,
      `GET http://u:p@a/${TAIL}`,
      `GET http://@a/${TAIL}`,
    ]),
    refused('absolute-bad-port', 'a URI with a port that is none (RFC 3986 §3.2.3)', [
      `GET http://a:65536/${TAIL}`,
      `GET http://a:x/${TAIL}`,
      `GET http://a:-1/${TAIL}`,
      `GET http://a:80:80/${TAIL}`,
    ]),
    refused('absolute-bad-ipv6', 'a URI with a broken IPv6 address (RFC 3986 §3.2.2)', [
      `GET http://[::1/${TAIL}`,
      `GET http://::1/${TAIL}`,
      `GET http://[]/${TAIL}`,
      `GET http://[::g]/${TAIL}`,
    ]),
    refused('absolute-fragment', 'a URI with a fragment (RFC 9112 §3.2.2)', `GET http://a/#x${TAIL}`),
    refused('absolute-one-slash', 'a URI with too few slashes (RFC 9110 §4.2.1)', [
      `GET http:/a${TAIL}`,
      `GET http:a${TAIL}`,
      `GET http:${TAIL}`,
      `GET http//a/${TAIL}`,
    ]),
    refused('absolute-backslash', 'a backslash behind the authority (RFC 3986 §3.2)', [
      `GET http://a\\b/${TAIL}`,
      `GET http:\\\\a\\${TAIL}`,
    ]),
    row(
      'absolute-other-scheme',
      'a URI of a scheme that this server has not (RFC 9110 §7.4)',
      [
        `GET gopher://a/${TAIL}`,
        `GET ftp://a/${TAIL}`,
        `GET javascript:alert(1)${TAIL}`,
        `GET mailto:a@b${TAIL}`,
        `GET file:///etc/passwd${TAIL}`,
      ],
      [{ answers: [{ status: [400, 404, 421, 501] }], then: 'either' }],
    ),
    row(
      'absolute-https',
      'an https URI on a connection that is not secured (RFC 9110 §7.4)',
      `GET https://a/x${TAIL}`,
      [
        { answers: [{ status: [400, 404, 421] }], then: 'either' },
        { answers: [{ seen: { path: '/x', host: 'a' } }], then: 'either' },
      ],
    ),

    // Authority-form.
    refused(
      'connect',
      'CONNECT (RFC 9110 §9.3.6)',
      'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
      NO_TUNNEL,
    ),
    refused(
      'connect-then-request',
      'bytes behind CONNECT are no request (RFC 9110 §9.3.6)',
      `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n${NEXT}`,
      NO_TUNNEL,
    ),
    refused(
      'connect-no-port',
      'CONNECT without a port (RFC 9112 §3.2.3)',
      [`CONNECT a${TAIL}`, `CONNECT a:${TAIL}`],
      NO_TUNNEL,
    ),
    refused(
      'connect-path',
      'CONNECT with another form (RFC 9112 §3.2.3)',
      [
        `CONNECT /${TAIL}`,
        `CONNECT http://a/${TAIL}`,
        `CONNECT *${TAIL}`,
        `CONNECT a:443/${TAIL}`,
        `CONNECT u@a:443${TAIL}`,
        `CONNECT a:99999${TAIL}`,
      ],
      NO_TUNNEL,
    ),
    refused(
      'connect-body',
      'CONNECT with a body (RFC 9110 §9.3.6)',
      `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 5\r\n\r\nhello`,
      NO_TUNNEL,
    ),
    refused('authority', 'authority-form for another method (RFC 9112 §3.2.3)', [
      `GET a:80${TAIL}`,
      `GET a.test${TAIL}`,
    ]),

    // Asterisk-form.
    answered('asterisk', 'OPTIONS of the whole server (RFC 9112 §3.2.4)', `OPTIONS *${TAIL}`, {
      status: [200, 204],
    }),
    answered(
      'options-absolute',
      'OPTIONS with absolute-form (RFC 9112 §3.2.4)',
      `OPTIONS http://a/x${TAIL}`,
      {
        seen: { method: 'OPTIONS', path: '/x' },
      },
    ),
    refused('asterisk-other-method', 'the asterisk for another method (RFC 9112 §3.2.4)', [
      `GET *${TAIL}`,
      `POST *${TAIL}`,
      `HEAD *${TAIL}`,
      `TRACE *${TAIL}`,
    ]),
    refused('asterisk-more', 'something behind the asterisk (RFC 9112 §3.2.4)', [
      `OPTIONS *x${TAIL}`,
      `OPTIONS */${TAIL}`,
      `OPTIONS **${TAIL}`,
      `OPTIONS *?q${TAIL}`,
    ]),

    // TRACE.
    row(
      'trace',
      'TRACE never sends credentials back (RFC 9110 §9.3.8)',
      'TRACE / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s\r\n\r\n',
      [{ answers: [{ status: [400, 404, 405, 501] }], then: 'either', never: ['Bearer s'] }],
    ),
    row(
      'trace-cookie',
      'TRACE never sends cookies back (RFC 9110 §9.3.8)',
      `TRACE / HTTP/1.1\r\nHost: a\r\nCookie: id=secret\r\n\r\n`,
      [{ answers: [{ status: [400, 404, 405, 501] }], then: 'either', never: ['secret'] }],
    ),
    answered(
      'long-query',
      'a query of a thousand parameters (RFC 9112 §3)',
      `GET /?${'a=b&'.repeat(1000)}${TAIL}`,
      {
        seen: { path: '/', query: 'a=b&'.repeat(1000) },
      },
    ),
    refused(
      'wrong-then-good',
      'nothing behind a wrong target is read (RFC 9112 §2.2)',
      `GET *${TAIL}${NEXT}`,
    ),
  ],
};
