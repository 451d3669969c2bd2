// segmentation.ts: messages do not follow TCP: however the bytes are cut, the verdict is the same (RFC 9112 §2.2).

import { CHUNKED, CONTROLS, GET, HELLO, LAST, NEXT, NEXT_SEEN, POST, TAIL } from './bytes.js';
import { answered, refused, type Extras, type Group } from './row.js';

const BYTEWISE: Extras = { delivery: { way: 'byte by byte' } };
const EDGES: Extras = { delivery: { way: 'block edges' } };
const PREFIXES: Extras = { delivery: { way: 'every prefix' } };
const PAIRS: Extras = { delivery: { way: 'every two cuts' } };

/** Offsets in a value that cover blocks of 16, 32 and 64 bytes, and what is left behind the last. */
const OFFSETS = Array.from({ length: 131 }, (_, n) => n);
const LONG_FIELDS = `${GET}User-Agent: ${'Mozilla/5.0 '.repeat(7)}\r\nX-A: ${'v'.repeat(47)}\r\nAccept: */*\r\n\r\n`;

export const SEGMENTATION: Group = {
  name: 'segmentation',
  rows: [
    // Byte by byte.
    answered(
      'get',
      'a GET, byte by byte (RFC 9112 §2.2)',
      `${GET}X-A: b\r\n\r\n`,
      { seen: { path: '/', xA: 'b' } },
      'open',
      BYTEWISE,
    ),
    answered(
      'length',
      'a body by its length, byte by byte (RFC 9112 §2.2)',
      `${POST}Content-Length: 5\r\n\r\nhello`,
      { body: 'hello' },
      'open',
      BYTEWISE,
    ),
    answered(
      'chunks',
      'chunks with extensions and trailers, byte by byte (RFC 9112 §2.2)',
      `${CHUNKED}5;a="b"\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n`,
      { body: 'hello!' },
      'open',
      BYTEWISE,
    ),
    answered(
      'pipeline',
      'several requests, byte by byte (RFC 9112 §2.2)',
      `${GET}\r\n${POST}Content-Length: 5\r\n\r\nhello${CHUNKED}${HELLO}${NEXT}`,
      [{ body: '' }, { body: 'hello' }, { body: 'hello' }, NEXT_SEEN],
      'open',
      BYTEWISE,
    ),
    answered(
      'absolute',
      'an absolute-form target, byte by byte (RFC 9112 §2.2)',
      `GET http://a/x?y=1${TAIL}`,
      { seen: { path: '/x', query: 'y=1', host: 'a' } },
      'open',
      BYTEWISE,
    ),
    answered(
      'empty-line',
      'an empty line ahead, byte by byte (RFC 9112 §2.2)',
      `\r\n${GET}\r\n`,
      { seen: { path: '/' } },
      'open',
      BYTEWISE,
    ),
    answered(
      'head',
      'HEAD, byte by byte (RFC 9112 §2.2)',
      `HEAD /len${TAIL}`,
      { body: '', fields: { 'content-length': /^5$/ } },
      'open',
      BYTEWISE,
    ),
    answered(
      'close',
      'Connection: close, byte by byte (RFC 9112 §2.2)',
      `${GET}Connection: keep-alive, close\r\n\r\n`,
      {},
      'closed',
      BYTEWISE,
    ),
    refused(
      'bad-cr',
      'CR and another byte for the empty line, byte by byte (RFC 9112 §2.2)',
      `${GET}\rZGET /evil: HTTP/1.1\r\nHost: a\r\n\r\n`,
      400,
      BYTEWISE,
    ),
    refused(
      'bad-chunk',
      'wrong bytes behind a chunk, byte by byte (RFC 9112 §7.1)',
      `${CHUNKED}5\r\nhelloXX${LAST}`,
      400,
      BYTEWISE,
    ),
    refused(
      'both-lengths',
      'both lengths, byte by byte (RFC 9112 §6.1)',
      `${POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}X`,
      400,
      BYTEWISE,
    ),
    refused(
      'bad-host',
      'a bad Host, byte by byte (RFC 9112 §3.2)',
      'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
      400,
      BYTEWISE,
    ),
    refused('bad-fold', 'a fold, byte by byte (RFC 9112 §5.2)', `${GET}X-A: b\r\n c\r\n\r\n`, 400, BYTEWISE),
    refused(
      'bad-lf',
      'a bare LF, byte by byte (RFC 9112 §2.2)',
      `${GET}X-A: b\nX-B: c\r\n\r\n`,
      400,
      BYTEWISE,
    ),
    refused(
      'bad-length',
      'a bad length, byte by byte (RFC 9112 §6.3)',
      `${POST}Content-Length: 5, 6\r\n\r\nhello`,
      400,
      BYTEWISE,
    ),
    refused(
      'bad-trailer',
      'a bad trailer, byte by byte (RFC 9112 §7.1.2)',
      `${CHUNKED}5\r\nhello\r\n0\r\nX-A : b\r\n\r\n`,
      400,
      BYTEWISE,
    ),

    // Two cuts.
    answered(
      'two-cuts',
      'chunks, a trailer and the next request, with every two cuts (RFC 9112 §2.2)',
      `${CHUNKED}5\r\nhello\r\n0\r\nX: y\r\n\r\n${NEXT}`,
      [{ body: 'hello', seen: { path: '/' } }, NEXT_SEEN],
      'open',
      PAIRS,
    ),
    answered(
      'two-cuts-length',
      'a body by its length and the next request, with every two cuts (RFC 9112 §2.2)',
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi${NEXT}`,
      [{ body: 'hi' }, NEXT_SEEN],
      'open',
      PAIRS,
    ),
    refused(
      'two-cuts-bad',
      'both lengths, with every two cuts (RFC 9112 §6.1)',
      `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}`,
      400,
      PAIRS,
    ),

    // Edges of blocks.
    answered(
      'edges',
      'long fields, cut at edges of blocks (RFC 9112 §2.2)',
      LONG_FIELDS,
      { seen: { path: '/', xA: 'v'.repeat(47) } },
      'open',
      EDGES,
    ),
    answered(
      'edges-target',
      'a long target, cut at edges of blocks (RFC 9112 §2.2)',
      `GET /${'a'.repeat(100)}?${'b'.repeat(100)}${TAIL}`,
      { seen: { path: `/${'a'.repeat(100)}`, query: 'b'.repeat(100) } },
      'open',
      EDGES,
    ),
    answered(
      'edges-chunks',
      'chunks, cut at edges of blocks (RFC 9112 §2.2)',
      `${CHUNKED}10\r\n0123456789abcdef\r\n1F\r\n${'x'.repeat(31)}\r\n0\r\nX-Sum: ${'y'.repeat(40)}\r\n\r\n${NEXT}`,
      [{ body: `0123456789abcdef${'x'.repeat(31)}` }, NEXT_SEEN],
      'open',
      EDGES,
    ),
    answered(
      'edges-obs-text',
      'bytes above 127, cut at edges of blocks (RFC 9110 §5.5)',
      `${GET}X-A: ${'\xe9\xff'.repeat(40)}\r\n\r\n`,
      { seen: { xA: '\xe9\xff'.repeat(40) } },
      'open',
      EDGES,
    ),
    refused(
      'edges-bad',
      'a NUL at the end of a long value, cut at edges of blocks (RFC 9110 §5.5)',
      `${GET}X-A: ${'a'.repeat(100)}\0\r\n\r\n`,
      400,
      EDGES,
    ),

    // Prefixes.
    answered(
      'prefixes',
      'no prefix of a request is answered (RFC 9112 §2.2)',
      `${GET}X-A: b\r\n\r\n`,
      { seen: { path: '/', xA: 'b' } },
      'open',
      PREFIXES,
    ),
    answered(
      'prefixes-length',
      'nor one of a body by its length (RFC 9112 §6.2)',
      `${POST}Content-Length: 5\r\n\r\nhello`,
      { body: 'hello' },
      'open',
      PREFIXES,
    ),
    answered(
      'prefixes-chunks',
      'nor one of chunks (RFC 9112 §7.1)',
      `${CHUNKED}5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n`,
      { body: 'hello' },
      'open',
      PREFIXES,
    ),

    // Blocks: the same byte at every offset of a value.
    refused(
      'offsets-control',
      'a control character at every offset of a value (RFC 9110 §5.5)',
      OFFSETS.map((n) => `${GET}X-A: ${'a'.repeat(n)}\x01b\r\n\r\n`),
    ),
    refused(
      'offsets-nul',
      'a NUL at every offset of a value (RFC 9110 §5.5)',
      OFFSETS.map((n) => `${GET}X-A: ${'a'.repeat(n)}\0b\r\n\r\n`),
    ),
    refused(
      'offsets-delete',
      'a DEL at every offset of a value (RFC 9110 §5.5)',
      OFFSETS.map((n) => `${GET}X-A: ${'a'.repeat(n)}\x7fb\r\n\r\n`),
    ),
    refused(
      'offsets-lf',
      'an LF at every offset of a value (RFC 9112 §2.2)',
      OFFSETS.map((n) => `${GET}X-A: ${'a'.repeat(n)}\nb\r\n\r\n`),
    ),
    refused(
      'offsets-cr',
      'a CR at every offset of a value (RFC 9112 §2.2)',
      OFFSETS.map((n) => `${GET}X-A: ${'a'.repeat(n)}\rb\r\n\r\n`),
    ),
    refused(
      'offsets-name',
      'a space at every offset of a name (RFC 9110 §5.6.2)',
      OFFSETS.map((n) => `${GET}X${'a'.repeat(n)} b: c\r\n\r\n`),
    ),
    refused(
      'offsets-name-control',
      'a control character at every offset of a name (RFC 9110 §5.6.2)',
      OFFSETS.map((n) => `${GET}X${'a'.repeat(n)}${CONTROLS[n % CONTROLS.length]!}b: c\r\n\r\n`),
    ),
    refused(
      'offsets-target',
      'a control character at every offset of a target (RFC 3986 §2)',
      OFFSETS.map((n) => `GET /${'a'.repeat(n)}\x01b${TAIL}`),
    ),
    answered(
      'offsets-tab',
      'a tab at every offset of a value, which may stand there (RFC 9110 §5.5)',
      OFFSETS.map((n) => `${GET}X-A: a${'a'.repeat(n)}\tb\r\n\r\n`),
      { seen: { path: '/' } },
    ),
    answered(
      'offsets-high',
      'a byte above 127 at every offset of a value, which may stand there (RFC 9110 §5.5)',
      OFFSETS.map((n) => `${GET}X-A: ${'a'.repeat(n)}\x80b\r\n\r\n`),
      { seen: { path: '/' } },
    ),
    answered(
      'offsets-end',
      'the end of a value at every offset (RFC 9112 §5)',
      OFFSETS.map((n) => `${GET}X-A: ${'a'.repeat(n)}\r\nX-B: c\r\n\r\n`),
      { seen: { path: '/' } },
    ),
  ],
};
