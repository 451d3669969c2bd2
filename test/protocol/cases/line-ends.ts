// line-ends.ts: CR and LF that do not come together (RFC 9112 §2.2).

import { CHUNKED, GET, NEXT, POST } from './bytes.js';
import { refused, type Group } from './row.js';

export const LINE_ENDS: Group = {
  name: 'line-ends',
  rows: [
    // LF alone.
    refused('lf-everywhere', 'LF for all line ends (RFC 9112 §2.2)', 'GET / HTTP/1.1\nHost: a\n\n'),
    refused(
      'lf-request-line',
      'LF behind the request line (RFC 9112 §2.2)',
      'GET / HTTP/1.1\nHost: a\r\n\r\n',
    ),
    refused('lf-field', 'LF behind a field (RFC 9112 §2.2)', `${GET}X-A: b\nX-B: c\r\n\r\n`),
    refused('lf-host', 'LF behind Host (RFC 9112 §2.2)', 'GET / HTTP/1.1\r\nHost: a\n\r\n'),
    refused('lf-last-field', 'LF behind the last field (RFC 9112 §2.2)', `${GET}X-A: b\n\r\n`),
    refused('lf-empty-line', 'LF for the empty line (RFC 9112 §2.2)', `${GET}\n`),
    refused('lf-lf', 'LF LF for the end of the head (RFC 9112 §2.2)', `${GET}X-A: b\n\n`),
    refused(
      'lf-hides-encoding',
      'LF that hides Transfer-Encoding (RFC 9112 §11.2)',
      `${POST}x:x\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n`,
    ),
    refused(
      'lf-hides-length',
      'LF that hides Content-Length (RFC 9112 §11.2)',
      `${GET}Dummy: x\nContent-Length: 23\r\n\r\nGET / HTTP/1.1\r\nDummy: ${NEXT}`,
    ),
    refused(
      'lf-hides-request',
      'LF LF that hides a request (RFC 9112 §11.2)',
      `${GET}Useless:\n\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n`,
    ),
    refused('lf-length', 'LF behind Content-Length (RFC 9112 §2.2)', `${POST}Content-Length: 5\n\r\nhello`),
    refused(
      'lf-encoding',
      'LF behind Transfer-Encoding (RFC 9112 §2.2)',
      `${POST}Transfer-Encoding: chunked\n\r\n0\r\n\r\n`,
    ),
    refused('lf-in-value', 'LF at the beginning and the end of a value (RFC 9112 §2.2)', [
      `${GET}X-A:\nb\r\n\r\n`,
      `${GET}X-A: \nb\r\n\r\n`,
      `${GET}X-A: b\n\r\n\r\n`,
    ]),
    refused('lf-ahead-of-field', 'LF ahead of a field (RFC 9112 §2.2)', `${GET}\nX-A: b\r\n\r\n`),
    refused(
      'lf-ahead-of-first',
      'LF ahead of the first field (RFC 9112 §2.2)',
      'GET / HTTP/1.1\r\n\nHost: a\r\n\r\n',
    ),
    refused('crlf-lf', 'LF for the empty line, and CRLF behind it (RFC 9112 §2.2)', `${GET}\n\r\n\r\n`),
    refused('lf-cr', 'LF CR for a line end (RFC 9112 §2.2)', [
      'GET / HTTP/1.1\n\rHost: a\n\r\n\r',
      `${GET}X-A: b\n\r\r\n\r\n`,
    ]),

    // CR alone.
    refused('cr-everywhere', 'CR for all line ends (RFC 9112 §2.2)', 'GET / HTTP/1.1\rHost: a\r\r'),
    refused('cr-in-value', 'CR in a value (RFC 9112 §2.2)', `${GET}X-A: va\rlue\r\n\r\n`),
    refused('cr-around-value', 'CR at the beginning and the end of a value (RFC 9112 §2.2)', [
      `${GET}X-A:\rb\r\n\r\n`,
      `${GET}X-A: \rb\r\n\r\n`,
      `${GET}X-A: b\r \r\n\r\n`,
    ]),
    refused('cr-field', 'CR for the end of a field (RFC 9112 §2.2)', `${GET}X-A: b\rX-B: c\r\n\r\n`),
    refused(
      'cr-hides-encoding',
      'CR that hides Transfer-Encoding (RFC 9112 §11.2)',
      `${POST}x:\rTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n`,
    ),
    refused(
      'cr-hides-length',
      'CR that hides Content-Length (RFC 9112 §11.2)',
      `${POST}x: y\rContent-Length: 31\r\n\r\n${NEXT}`,
    ),
    refused(
      'cr-length',
      'CR CR LF behind Content-Length (RFC 9112 §2.2)',
      `${POST}Content-Length: 3\r\r\nX: y\r\n\r\nabc`,
    ),
    refused('cr-cr-lf', 'CR CR LF for line ends (RFC 9112 §2.2)', [
      'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n',
      `${GET}\r\r\n`,
      `${GET}X-A: b\r\r\n\r\r\n`,
    ]),
    refused(
      'cr-then-body',
      'CR and a body for the empty line (RFC 9112 §2.2)',
      'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\rabc\r\n\r\n',
    ),
    refused('cr-empty-line', 'CR alone for the empty line (RFC 9112 §2.2)', [
      `${GET}\rX`,
      `${GET}\r\r`,
      `${GET}\r${NEXT}`,
    ]),
    refused('cr-connection', 'CR in Connection (RFC 9112 §2.2)', `${GET}Connection: keep\ralive\r\n\r\n`),
    refused('cr-host', 'CR in Host (RFC 9112 §2.2)', 'GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n'),
    refused('cr-target', 'CR in the target (RFC 9112 §2.2)', 'GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n'),
    refused('cr-ahead-of-field', 'CR ahead of a field (RFC 9112 §2.2)', `${GET}\rX-A: b\r\n\r\n`),
    refused(
      'cr-lf-cr',
      'an LF that is missing at the very end, and another byte (RFC 9112 §2.2)',
      `${GET}X-A: b\r\n\r\0`,
    ),

    // In front of a body in chunks.
    refused(
      'lf-head-chunked',
      'LF for the empty line of a chunked request (RFC 9112 §2.2)',
      `${CHUNKED.slice(0, -2)}\n0\r\n\r\n`,
    ),
  ],
};
