// connection.ts: whether the connection stays, and how the client is told (RFC 9112 §9.3, §9.6).

import { CHUNKED, GET, HELLO, NEXT, NEXT_SEEN, POST } from './bytes.js';
import { answered, refused, refusedOr, row, type Group } from './row.js';

const CLOSE = { fields: { connection: /(^|,)[ \t]*close[ \t]*(,|$)/i } } as const;
const OLD = 'GET / HTTP/1.0\r\nHost: a\r\n';

/** `close` among what Connection says. */
function closing(...values: readonly string[]): string[] {
  return values.map((value) => `${GET}Connection: ${value}\r\n\r\n${NEXT}`);
}

function staying(...values: readonly string[]): string[] {
  return values.map((value) => `${GET}Connection: ${value}\r\n\r\n${NEXT}`);
}

/** HTTP/1.0 may be kept open where it asks for it, if the client is told and can find the end of the body. */
const KEPT = [
  { answers: [{}], then: 'closed' },
  {
    answers: [{ fields: { connection: /(^|,)[ \t]*keep-alive[ \t]*(,|$)/i, 'content-length': /^0$/ } }],
    then: 'open',
  },
] as const;

export const CONNECTION: Group = {
  name: 'connection',
  rows: [
    answered('stays', 'HTTP/1.1 stays (RFC 9112 §9.3)', `${GET}\r\n`, { seen: { path: '/' } }),
    answered(
      'keep-alive',
      'HTTP/1.1 with keep-alive stays (RFC 9112 §9.3)',
      `${GET}Connection: keep-alive\r\nKeep-Alive: timeout=5, max=1\r\n\r\n${NEXT}`,
      [{ seen: { path: '/' } }, NEXT_SEEN],
    ),
    answered(
      'close',
      'close, which the answer says too (RFC 9112 §9.6)',
      `${GET}Connection: close\r\n\r\n`,
      CLOSE,
      'closed',
    ),
    answered(
      'close-clean',
      'the end is a FIN, so that the answer is not lost (RFC 9112 §9.6)',
      [`${GET}Connection: close\r\n\r\n`, `${GET}Connection: close\r\n\r\n${NEXT.repeat(100)}`],
      CLOSE,
      'fin',
    ),
    answered(
      'close-case',
      'close in any case (RFC 9110 §7.6.1)',
      [...closing('Close', 'CLOSE'), `${GET}CONNECTION: close\r\n\r\n`, `${GET}connection:close\r\n\r\n`],
      CLOSE,
      'closed',
    ),
    answered(
      'close-list',
      'close in a list (RFC 9112 §9.6)',
      `${GET}Connection: keep-alive, close\r\n\r\n`,
      CLOSE,
      'closed',
    ),
    answered(
      'close-list-empty',
      'close in a list with empty elements (RFC 9110 §5.6.1)',
      `${GET}Connection:  ,x,, close\r\n\r\n`,
      CLOSE,
      'closed',
    ),
    answered(
      'close-lists',
      'close anywhere in lists (RFC 9110 §5.6.1)',
      closing(
        'close, keep-alive',
        'close,x',
        'x,close',
        'close ,',
        ',close',
        '\tclose\t',
        'x , close , y',
        'close, close',
        'TE, close',
        'Upgrade, close',
      ),
      CLOSE,
      'closed',
    ),
    answered(
      'close-lines',
      'close in one of several lines (RFC 9110 §5.3)',
      [
        `${GET}Connection: x\r\nConnection: close\r\n\r\n`,
        `${GET}Connection: close\r\nConnection: keep-alive\r\n\r\n${NEXT}`,
        `${GET}Connection:\r\nX-A: b\r\nConnection: close\r\n\r\n`,
      ],
      CLOSE,
      'closed',
    ),
    answered(
      'close-body',
      'close behind a body (RFC 9112 §9.6)',
      [
        `${POST}Connection: close\r\nContent-Length: 5\r\n\r\nhello${NEXT}`,
        `${CHUNKED.slice(0, -2)}Connection: close\r\n\r\n${HELLO}${NEXT}`,
      ],
      { ...CLOSE, body: 'hello' },
      'closed',
    ),
    answered(
      'close-slow',
      'close and an answer that takes its time (RFC 9112 §9.6)',
      'GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      { ...CLOSE, body: 'slow' },
      'closed',
    ),
    answered(
      'close-chunked-answer',
      'close and an answer in pieces (RFC 9112 §9.6)',
      'GET /chunked HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      { ...CLOSE, body: 'hello' },
      'closed',
    ),
    answered(
      'close-large',
      'close and a large answer, which comes whole (RFC 9112 §9.6)',
      'GET /len1m HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      { ...CLOSE, fields: { ...CLOSE.fields, 'content-length': /^1048576$/ } },
      'fin',
    ),
    answered(
      'close-head',
      'close and HEAD (RFC 9112 §9.6)',
      'HEAD /len HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      { ...CLOSE, body: '' },
      'closed',
    ),
    answered(
      'close-no-content',
      'close and 204 (RFC 9112 §9.6)',
      'GET /204 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      { ...CLOSE, status: 204 },
      'closed',
    ),
    answered(
      'close-not-found',
      'close and an error (RFC 9112 §9.6)',
      'PUT /get-only HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      { ...CLOSE, status: 405 },
      'closed',
    ),
    answered(
      'refused-says-close',
      'a refusal says close as well (RFC 9112 §9.6)',
      'GET / HTTP/1.1\r\n\r\n',
      { ...CLOSE, status: 400 },
      'closed',
    ),
    answered(
      'refused-clean',
      'a refusal ends by a FIN, whatever the client goes on sending (RFC 9112 §9.6)',
      `GET / HTTP/1.1\r\n\r\n${NEXT.repeat(1000)}`,
      { ...CLOSE, status: 400 },
      'fin',
    ),
    answered(
      'closeness',
      'a word that begins with close (RFC 9110 §7.6.1)',
      `${GET}Connection: closeness\r\n\r\n`,
      { seen: { path: '/' } },
    ),
    answered(
      'close-alike',
      'other words that contain close (RFC 9110 §7.6.1)',
      staying('closed', 'enclose', 'close-x', 'x-close', 'disclose', 'close_', 'clos'),
      [{ seen: { path: '/' } }, NEXT_SEEN],
    ),
    row(
      'close-odd',
      'close with quotation marks, parameters or beside another word, which is no token (RFC 9110 §7.6.1)',
      ['"close"', 'close;x', 'close=1', 'close x', 'x close', 'clo se', "'close'", '(close)'].map(
        (value) => `${GET}Connection: ${value}\r\n\r\n`,
      ),
      [{ answers: [{ status: [200, 400] }], then: 'either' }],
    ),
    answered('empty', 'an empty Connection (RFC 9110 §7.6.1)', staying('', ' ', ',', ', ,'), [
      { seen: { path: '/' } },
      NEXT_SEEN,
    ]),
    answered(
      'unknown',
      'options that nobody knows (RFC 9110 §7.6.1)',
      staying('x', 'x, y, z', 'TE', 'Keep-Alive', 'keep-alive, x'),
      [{ seen: { path: '/' } }, NEXT_SEEN],
    ),
    answered(
      'names-host',
      'Host named in Connection counts all the same (RFC 9110 §7.6.1)',
      `${GET}Connection: Host\r\n\r\n`,
      { seen: { host: 'a' } },
    ),
    answered(
      'names-length',
      'and so does Content-Length (RFC 9110 §7.6.1)',
      `${POST}Connection: Content-Length\r\nContent-Length: 5\r\n\r\nhello${NEXT}`,
      [{ body: 'hello' }, NEXT_SEEN],
    ),
    answered(
      'proxy-connection',
      'Proxy-Connection means nothing (RFC 9112 §C.2.2)',
      `${GET}Proxy-Connection: close\r\n\r\n`,
      { seen: { path: '/' } },
    ),
    answered(
      'keep-alive-field',
      'Keep-Alive alone means nothing (RFC 9112 §9.3)',
      `${GET}Keep-Alive: 0\r\n\r\n`,
      { seen: { path: '/' } },
    ),
    answered(
      'long-list',
      'a list of a thousand options (RFC 9110 §7.6.1)',
      `${GET}Connection: ${'x, '.repeat(1000)}y\r\n\r\n`,
      { seen: { path: '/' } },
    ),
    answered(
      'long-list-close',
      'close at the end of a thousand options (RFC 9110 §7.6.1)',
      `${GET}Connection: ${'x, '.repeat(1000)}close\r\n\r\n`,
      CLOSE,
      'closed',
    ),

    // HTTP/1.0.
    answered('http-1.0', 'HTTP/1.0 ends (RFC 9112 §9.3)', `${OLD}\r\n`, { seen: { path: '/' } }, 'closed'),
    answered(
      'http-1.0-next',
      'nothing behind HTTP/1.0 is read (RFC 9112 §9.3)',
      `${OLD}\r\n${NEXT}`,
      { seen: { path: '/' } },
      'closed',
    ),
    row(
      'http-1.0-keep-alive',
      'HTTP/1.0 with keep-alive: the client is told if it stays (RFC 9112 §9.3)',
      [
        `${OLD}Connection: keep-alive\r\n\r\n`,
        `${OLD}Connection: Keep-Alive\r\n\r\n`,
        `${OLD}Connection: x, keep-alive\r\n\r\n`,
      ],
      KEPT,
    ),
    answered(
      'http-1.0-close',
      'HTTP/1.0 with close (RFC 9112 §9.3)',
      [
        `${OLD}Connection: close\r\n\r\n`,
        `${OLD}Connection: keep-alive, close\r\n\r\n`,
        `${OLD}Connection: close\r\nConnection: keep-alive\r\n\r\n`,
      ],
      {},
      'closed',
    ),
    answered(
      'http-1.0-alike',
      'HTTP/1.0 with a word that only resembles keep-alive (RFC 9110 §7.6.1)',
      [
        `${OLD}Connection: keep-alives\r\n\r\n`,
        `${OLD}Connection: xkeep-alive\r\n\r\n`,
        `${OLD}Keep-Alive: 300\r\n\r\n`,
        `${OLD}Proxy-Connection: keep-alive\r\n\r\n`,
      ],
      {},
      'closed',
    ),
    answered(
      'http-1.0-keep-alive-pieces',
      'HTTP/1.0 with keep-alive, and an answer whose length is not known (RFC 9112 §6.3)',
      'GET /chunked HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
      { body: 'hello', withoutFields: ['transfer-encoding'] },
      'closed',
    ),

    // Lines that are wrong.
    refused(
      'space-in-name',
      'a space ahead of the colon (RFC 9112 §5.1)',
      `${GET}Connection : close\r\n\r\n`,
    ),
    refused(
      'control',
      'a control character in the value (RFC 9110 §5.5)',
      `${GET}Connection: clo\x01se\r\n\r\n`,
    ),
    refusedOr(
      'high-byte',
      'a byte above 127 in the value (RFC 9110 §5.6.2)',
      `${GET}Connection: close\xe9\r\n\r\n`,
      { seen: { path: '/' } },
    ),
    answered(
      'half-closed',
      'a client that ends its side gets its answer, and the end (RFC 9112 §9.6)',
      `${GET}\r\n`,
      { seen: { path: '/' } },
      'fin',
      { delivery: { way: 'half-close' } },
    ),
    row(
      'half-closed-early',
      'a client that ends its side inside the head (RFC 9112 §8)',
      ['GET', 'GET / HTTP/1.1\r\n', `${GET}X-A`, GET],
      [
        { answers: [{ status: 400 }], then: 'closed' },
        { answers: [], then: 'closed' },
      ],
      { delivery: { way: 'half-close' } },
    ),
  ],
};
