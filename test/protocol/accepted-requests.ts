// accepted-requests.ts: requests that have to be understood, and how.

import { CHUNKED, GET, POST, TAIL, type AcceptedCase } from './request-case.js';

const REQUEST_LINES: readonly AcceptedCase[] = [
  {
    name: 'a path and a query (RFC 9112 §3.2.1)',
    bytes: `GET /over/there?name=ferret&x${TAIL}`,
    seen: [{ method: 'GET', path: '/over/there', query: 'name=ferret&x', authority: 'a', version: '1.1' }],
  },
  {
    name: 'a question mark with nothing behind it (RFC 3986 §3.4)',
    bytes: `GET /p?${TAIL}`,
    seen: [{ target: '/p?', path: '/p', query: '' }],
  },
  {
    name: 'slashes and question marks in a query (RFC 3986 §3.4)',
    bytes: `GET /p?/a?b${TAIL}`,
    seen: [{ path: '/p', query: '/a?b' }],
  },
  {
    name: 'each character that a path may have (RFC 3986 §3.3)',
    bytes: `GET /-._~!$&'()*+,;=:@AZaz09/${TAIL}`,
    seen: [{ path: "/-._~!$&'()*+,;=:@AZaz09/" }],
  },
  {
    name: 'escapes, left as they are (RFC 9110 §4.2.3)',
    bytes: `GET /%00%2f%2F%41%C3%A9${TAIL}`,
    seen: [{ path: '/%00%2f%2F%41%C3%A9' }],
  },
  {
    name: 'an escaped line break, left as it is (RFC 9112 §11.1)',
    bytes: `GET /%0D%0ASet-Cookie:x${TAIL}`,
    seen: [{ path: '/%0D%0ASet-Cookie:x' }],
  },
  {
    name: 'dot segments and empty ones, left as they are (RFC 3986 §5.2.4)',
    bytes: `GET //a/./../b//${TAIL}`,
    seen: [{ path: '//a/./../b//' }],
  },
  {
    name: 'a path that looks like a URI (RFC 9112 §3.2.1)',
    bytes: `GET /http://b/c${TAIL}`,
    seen: [{ path: '/http://b/c', authority: 'a' }],
  },
  {
    name: 'absolute-form, whose authority beats Host (RFC 9112 §3.2.2)',
    bytes: `GET http://b.test:8080/p?q${TAIL}`,
    seen: [
      {
        target: 'http://b.test:8080/p?q',
        path: '/p',
        query: 'q',
        authority: 'b.test:8080',
        fields: 'Host=a',
      },
    ],
  },
  {
    name: 'absolute-form without a path (RFC 9110 §4.2.3)',
    bytes: `GET http://b${TAIL}`,
    seen: [{ path: '/', query: '', authority: 'b' }],
  },
  {
    name: 'absolute-form with a query for a path (RFC 3986 §3.2)',
    bytes: `GET http://b?q${TAIL}`,
    seen: [{ path: '/', query: 'q', authority: 'b' }],
  },
  {
    name: 'absolute-form with a scheme in capitals (RFC 3986 §3.1)',
    bytes: `GET HTTP://b/${TAIL}`,
    seen: [{ authority: 'b', path: '/' }],
  },
  {
    name: 'absolute-form with an IPv6 address (RFC 3986 §3.2.2)',
    bytes: `GET http://[::1]:81/${TAIL}`,
    seen: [{ authority: '[::1]:81' }],
  },
  {
    name: 'asterisk-form for OPTIONS (RFC 9112 §3.2.4)',
    bytes: `OPTIONS *${TAIL}`,
    seen: [{ method: 'OPTIONS', target: '*', path: '*' }],
  },
  {
    name: 'a method that nobody registered (RFC 9110 §9.1)',
    bytes: `BREW /pot${TAIL}`,
    seen: [{ method: 'BREW', path: '/pot' }],
  },
  {
    name: 'a method in small letters, another one (RFC 9110 §9.1)',
    bytes: `post /${TAIL}`,
    seen: [{ method: 'post', body: '' }],
  },
  {
    name: 'a method of all token characters (RFC 9110 §5.6.2)',
    bytes: `!#$%&'*+-.^_\`|~0Az /${TAIL}`,
    seen: [{ method: "!#$%&'*+-.^_`|~0Az" }],
  },
  {
    name: 'a higher minor version, read as 1.1 (RFC 9110 §2.5)',
    bytes: 'GET / HTTP/1.9\r\nHost: a\r\n\r\n',
    seen: [{ version: '1.1' }],
  },
  {
    name: 'HTTP/1.0 without Host, and the end (RFC 9112 §9.3)',
    bytes: 'GET /old HTTP/1.0\r\n\r\n',
    seen: [{ version: '1.0', path: '/old', authority: '' }],
    ends: true,
  },
  { name: 'one empty line ahead (RFC 9112 §2.2)', bytes: `\r\nGET /late${TAIL}`, seen: [{ path: '/late' }] },
];

const FIELDS: readonly AcceptedCase[] = [
  {
    name: 'a value without a space ahead of it (RFC 9112 §5.1)',
    bytes: `${GET}X-A:b\r\n\r\n`,
    seen: [{ fields: 'Host=a|X-A=b' }],
  },
  {
    name: 'white space around a value, which is none of it (RFC 9112 §5.1)',
    bytes: `${GET}X-A: \t  b\t \t\r\n\r\n`,
    seen: [{ fields: 'Host=a|X-A=b' }],
  },
  {
    name: 'white space inside a value, which is (RFC 9110 §5.5)',
    bytes: `${GET}X-A: b  c\td\r\n\r\n`,
    seen: [{ fields: 'Host=a|X-A=b  c\td' }],
  },
  {
    name: 'an empty value, and one of white space (RFC 9110 §5.5)',
    bytes: `${GET}X-A:\r\nX-B: \t\r\n\r\n`,
    seen: [{ fields: 'Host=a|X-A=|X-B=' }],
  },
  {
    name: 'bytes above 127 in a value (RFC 9110 §5.5)',
    bytes: `${GET}X-A: caf\u00e9 \u0080\u00ff\r\n\r\n`,
    seen: [{ fields: 'Host=a|X-A=caf\u00e9 \u0080\u00ff' }],
  },
  {
    name: 'punctuation in a value (RFC 9110 §5.5)',
    bytes: `${GET}X-A: "a\\"b", (c); d={e}:<f>\r\n\r\n`,
    seen: [{ fields: 'Host=a|X-A="a\\"b", (c); d={e}:<f>' }],
  },
  {
    name: 'a name of all token characters (RFC 9110 §5.6.2)',
    bytes: `${GET}!#$%&'*+-.^_\`|~0Az: b\r\n\r\n`,
    seen: [{ fields: "Host=a|!#$%&'*+-.^_`|~0Az=b" }],
  },
  {
    name: 'the same name twice, in two spellings (RFC 9110 §5.3)',
    bytes: `${GET}X-A: 1\r\nx-a: 2\r\n\r\n`,
    seen: [{ fields: 'Host=a|X-A=1|x-a=2' }],
  },
  {
    name: 'names that resemble those of framing (RFC 9112 §6)',
    bytes: `${GET}Content-Lengt: 9\r\nTransfer_Encoding: chunked\r\nXContent-Length: 8\r\n\r\n`,
    seen: [{ body: '' }],
  },
  {
    name: 'Host behind other fields, in small letters (RFC 9110 §5.1)',
    bytes: 'GET / HTTP/1.1\r\nX-A: b\r\nhost: c.test\r\n\r\n',
    seen: [{ authority: 'c.test' }],
  },
  {
    name: 'Host with a port (RFC 9110 §7.2)',
    bytes: 'GET / HTTP/1.1\r\nHost: c.test:65535\r\n\r\n',
    seen: [{ authority: 'c.test:65535' }],
  },
  {
    name: 'Host with a colon and no port (RFC 3986 §3.2.3)',
    bytes: 'GET / HTTP/1.1\r\nHost: c.test:\r\n\r\n',
    seen: [{ authority: 'c.test:' }],
  },
  {
    name: 'Host that is an IPv6 address (RFC 3986 §3.2.2)',
    bytes: 'GET / HTTP/1.1\r\nHost: [2001:db8::7]:8\r\n\r\n',
    seen: [{ authority: '[2001:db8::7]:8' }],
  },
  {
    name: 'Connection: close, and the end (RFC 9112 §9.6)',
    bytes: `${GET}Connection: close\r\n\r\n`,
    seen: [{ path: '/' }],
    ends: true,
  },
  {
    name: 'close in a list over two lines, and the end (RFC 9110 §7.6.1)',
    bytes: `${GET}Connection: x\r\nConnection: y ,\tCLOSE\r\n\r\n`,
    seen: [{ path: '/' }],
    ends: true,
  },
  {
    name: 'HTTP/1.0 with keep-alive, which stays (RFC 9112 §9.3)',
    bytes: 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    seen: [{ version: '1.0' }],
  },
  {
    name: 'Upgrade to what we do not speak, ignored (RFC 9110 §7.8)',
    bytes: `${GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n`,
    seen: [{ path: '/', body: '' }],
  },
  {
    name: 'TE, which is about the answer (RFC 9110 §10.1.4)',
    bytes: `${GET}TE: trailers, gzip\r\nConnection: TE\r\n\r\n`,
    seen: [{ body: '' }],
  },
];

const BODIES: readonly AcceptedCase[] = [
  { name: 'POST without a body (RFC 9112 §6.3)', bytes: `${POST}\r\n`, seen: [{ method: 'POST', body: '' }] },
  {
    name: 'a body by its length (RFC 9112 §6.2)',
    bytes: `${POST}Content-Length: 5\r\n\r\nhello`,
    seen: [{ body: 'hello' }],
  },
  { name: 'a length of 0 (RFC 9110 §8.6)', bytes: `${POST}Content-Length: 0\r\n\r\n`, seen: [{ body: '' }] },
  {
    name: 'a length with zeros ahead, decimal all the same (RFC 9110 §8.6)',
    bytes: `${POST}Content-Length:  0010 \r\n\r\n0123456789`,
    seen: [{ body: '0123456789' }],
  },
  {
    name: 'a GET with a body (RFC 9110 §9.3.1)',
    bytes: `${GET}Content-Length: 3\r\n\r\nabc`,
    seen: [{ method: 'GET', body: 'abc' }],
  },
  {
    name: 'a body of line ends, NULs and bytes above 127 (RFC 9112 §6)',
    bytes: `${POST}Content-Length: 9\r\n\r\n\r\n\r\n\0\n\u00ff\r\n`,
    seen: [{ body: '\r\n\r\n\0\n\u00ff\r\n' }],
  },
  {
    name: 'a body that reads like a request (RFC 9112 §6.2)',
    bytes: `${POST}Content-Length: 28\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n`,
    seen: [{ body: 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n' }],
  },
  {
    name: 'a body in HTTP/1.0 (RFC 9112 §6.3)',
    bytes: 'POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi',
    seen: [{ version: '1.0', body: 'hi' }],
    ends: true,
  },
  {
    name: 'one chunk (RFC 9112 §7.1)',
    bytes: `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`,
    seen: [{ body: 'hello' }],
  },
  { name: 'no chunk (RFC 9112 §7.1)', bytes: `${CHUNKED}0\r\n\r\n`, seen: [{ body: '' }] },
  {
    name: 'chunks with sizes in both cases (RFC 9112 §7.1)',
    bytes: `${CHUNKED}a\r\n0123456789\r\nB\r\nabcdefghijk\r\n1\r\n!\r\n0\r\n\r\n`,
    seen: [{ body: '0123456789abcdefghijk!' }],
  },
  {
    name: 'chunk sizes with zeros ahead (RFC 9112 §7.1)',
    bytes: `${CHUNKED}0003\r\nabc\r\n000\r\n\r\n`,
    seen: [{ body: 'abc' }],
  },
  {
    name: 'chunks of line ends and of what reads like chunks (RFC 9112 §7.1)',
    bytes: `${CHUNKED}2\r\n\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n`,
    seen: [{ body: '\r\n0\r\n\r\n' }],
  },
  {
    name: 'chunk extensions, ignored (RFC 9112 §7.1.1)',
    bytes: `${CHUNKED}3;a;b=c;d="e;\\"f"\r\nabc\r\n0;z\r\n\r\n`,
    seen: [{ body: 'abc' }],
  },
  {
    name: 'trailer fields, dropped (RFC 9112 §7.1.2)',
    bytes: `${CHUNKED}3\r\nabc\r\n0\r\nX-T: 1\r\nX-U:\r\n\r\n`,
    seen: [{ body: 'abc', fields: 'Host=a|Transfer-Encoding=chunked' }],
  },
  {
    name: 'framing fields among the trailers, dropped (RFC 9110 §6.5.1)',
    bytes: `${CHUNKED}0\r\nContent-Length: 50\r\nTransfer-Encoding: gzip\r\n\r\n`,
    seen: [{ body: '' }],
  },
  {
    name: 'chunked in any case with white space around (RFC 9112 §7)',
    bytes: `${POST}TRANSFER-ENCODING:\t Chunked \r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    seen: [{ body: 'x' }],
  },
  {
    name: 'Content-Encoding, which frames nothing (RFC 9110 §8.4)',
    bytes: `${POST}Content-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc`,
    seen: [{ body: 'abc' }],
  },
];

const PIPELINES: readonly AcceptedCase[] = [
  {
    name: 'two requests (RFC 9112 §9.3.2)',
    bytes: `GET /1${TAIL}GET /2${TAIL}`,
    seen: [{ path: '/1' }, { path: '/2' }],
  },
  {
    name: 'a body by its length and a request (RFC 9112 §9.3.2)',
    bytes: `${POST}Content-Length: 3\r\n\r\nabcGET /2${TAIL}`,
    seen: [{ body: 'abc' }, { path: '/2', body: '' }],
  },
  {
    name: 'a chunked body and a request (RFC 9112 §7.1)',
    bytes: `${CHUNKED}3\r\nabc\r\n0\r\n\r\nGET /2${TAIL}`,
    seen: [{ body: 'abc' }, { path: '/2', body: '' }],
  },
  {
    name: 'trailers and a request (RFC 9112 §7.1.2)',
    bytes: `${CHUNKED}0\r\nX-T: 1\r\n\r\nGET /2${TAIL}`,
    seen: [{ body: '' }, { path: '/2' }],
  },
  {
    name: 'a body, an empty line and a request (RFC 9112 §2.2)',
    bytes: `${POST}Content-Length: 1\r\n\r\nx\r\nGET /2${TAIL}`,
    seen: [{ body: 'x' }, { path: '/2' }],
  },
  {
    name: 'two bodies (RFC 9112 §9.3.2)',
    bytes: `${POST}Content-Length: 1\r\n\r\nx${CHUNKED}1\r\ny\r\n0\r\n\r\n`,
    seen: [{ body: 'x' }, { body: 'y' }],
  },
  {
    name: 'five requests, the last one closing (RFC 9112 §9.6)',
    bytes: `${`GET /n${TAIL}`.repeat(4)}${GET}Connection: close\r\n\r\n`,
    seen: [{ path: '/n' }, { path: '/n' }, { path: '/n' }, { path: '/n' }, { path: '/' }],
    ends: true,
  },
  {
    name: 'a closing one and one that is not looked at (RFC 9112 §9.6)',
    bytes: `${GET}Connection: close\r\n\r\nGET /2${TAIL}`,
    seen: [{ path: '/' }],
    ends: true,
  },
  {
    name: 'a closing one and garbage that is not looked at (RFC 9112 §9.6)',
    bytes: `${GET}Connection: close\r\n\r\n\0\u00ff garbage`,
    seen: [{ path: '/' }],
    ends: true,
  },
];

export const ACCEPTED: readonly AcceptedCase[] = [...REQUEST_LINES, ...FIELDS, ...BODIES, ...PIPELINES];
