// obs-fold.ts: values that go on in a next line are refused, not joined (RFC 9112 §5.2).

import { GET, NEXT, POST } from './bytes.js';
import { refused, type Group } from './row.js';

export const OBS_FOLD: Group = {
  name: 'obs-fold',
  rows: [
    refused('space', 'a value that goes on behind a space (RFC 9112 §5.2)', `${GET}X-A: a\r\n b\r\n\r\n`),
    refused('tab', 'a value that goes on behind a tab (RFC 9112 §5.2)', `${GET}X-A: a\r\n\tb\r\n\r\n`),
    refused('several', 'a value over three lines (RFC 9112 §5.2)', `${GET}X-A: a\r\n b\r\n\t c\r\n\r\n`),
    refused('empty-line', 'a fold of white space alone (RFC 9112 §5.2)', [
      `${GET}X-A: a\r\n \r\n\r\n`,
      `${GET}X-A: a\r\n\t\r\n\r\n`,
      `${GET}X-A: a\r\n \t \r\nX-B: c\r\n\r\n`,
    ]),
    refused(
      'empty-value',
      'a value that begins in the next line (RFC 9112 §5.2)',
      `${GET}X-A:\r\n b\r\n\r\n`,
    ),
    refused('before-colon', 'a colon in the next line (RFC 9112 §5.1)', `${GET}name\r\n : value\r\n\r\n`),
    refused(
      'last',
      'a fold in front of the body (RFC 9112 §5.2)',
      `${POST}Content-Length: 5\r\nX-A: a\r\n b\r\n\r\nhello`,
    ),
    refused('host', 'a folded Host (RFC 9112 §5.2)', [
      'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n',
      'GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n',
    ]),
    refused(
      'transfer-encoding',
      'a folded Transfer-Encoding (RFC 9112 §5.2)',
      `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
    ),
    refused(
      'transfer-encoding-tab',
      'the same with a tab (RFC 9112 §5.2)',
      `${POST}Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n`,
    ),
    refused(
      'transfer-encoding-more',
      'Transfer-Encoding with a word in the next line (RFC 9112 §5.2)',
      `${POST}Transfer-Encoding: chunked\r\n  abc\r\n\r\n0\r\n\r\n`,
    ),
    refused(
      'transfer-encoding-list',
      'Transfer-Encoding whose list goes on (RFC 9112 §5.2)',
      `${POST}Transfer-Encoding: chunked\r\n , identity\r\n\r\n0\r\n\r\n`,
    ),
    refused(
      'hidden-length',
      'a Content-Length that looks like a fold (RFC 9112 §5.2)',
      `${POST}Foo: bar\r\n Content-Length: 31\r\n\r\n${NEXT}`,
    ),
    refused(
      'hidden-encoding',
      'a Transfer-Encoding that looks like a fold (RFC 9112 §5.2)',
      `${POST}Foo: bar\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`,
    ),
    refused('length', 'a folded Content-Length (RFC 9112 §5.2)', [
      `${POST}Content-Length:\r\n 5\r\n\r\nhello`,
      `${POST}Content-Length: 5\r\n 0\r\n\r\nhello`,
      `${POST}Content-Length: 5\r\n \r\n\r\nhello`,
    ]),
    refused('connection', 'a folded Connection (RFC 9112 §5.2)', `${GET}Connection:\r\n close\r\n\r\n`),
    refused(
      'expect',
      'a folded Expect (RFC 9112 §5.2)',
      `OPTIONS / HTTP/1.1\r\nHost: a\r\nExpect:\r\n 100-continue\r\nContent-Length: 31\r\n\r\n${NEXT}`,
    ),
    refused('lf', 'a fold behind LF alone (RFC 9112 §5.2)', `${GET}X-A: a\n b\r\n\r\n`),
  ],
};
