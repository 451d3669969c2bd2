// answers.ts: where answers end, and what stands in them (RFC 9112 §6, RFC 9110 §15).

import { GET, NEXT, NEXT_SEEN, POST, TAIL } from './bytes.js';
import { answered, row, type Group } from './row.js';

const HELLO = { body: 'hello' } as const;
const NO_FRAMING = ['content-length', 'transfer-encoding'];

function get(path: string, method = 'GET'): string {
  return `${method} ${path}${TAIL}`;
}

export const ANSWERS: Group = {
  name: 'answers',
  rows: [
    // HEAD.
    answered('head', 'HEAD: the length of the body, and no body (RFC 9110 §9.3.2)', get('/len', 'HEAD'), {
      fields: { 'content-length': /^5$/ },
      body: '',
    }),
    answered('head-next', 'HEAD, and the next answer (RFC 9110 §9.3.2)', `${get('/len', 'HEAD')}${NEXT}`, [
      { fields: { 'content-length': /^5$/ } },
      NEXT_SEEN,
    ]),
    answered('head-pieces', 'HEAD: no chunks (RFC 9112 §6.3)', `${get('/chunked', 'HEAD')}${NEXT}`, [
      { body: '' },
      NEXT_SEEN,
    ]),
    answered(
      'head-empty-piece',
      'HEAD: no chunks, however the app writes (RFC 9112 §6.3)',
      `${get('/empty-write', 'HEAD')}${NEXT}`,
      [{ body: '' }, NEXT_SEEN],
    ),
    answered('head-large', 'HEAD of a large answer (RFC 9110 §9.3.2)', `${get('/len1m', 'HEAD')}${NEXT}`, [
      { fields: { 'content-length': /^1048576$/ }, body: '' },
      NEXT_SEEN,
    ]),
    answered(
      'head-default',
      'HEAD of an answer without a body (RFC 9110 §9.3.2)',
      `${get('/', 'HEAD')}${NEXT}`,
      [{ body: '', seen: { method: 'HEAD' } }, NEXT_SEEN],
    ),
    answered(
      'head-no-content',
      'HEAD of 204 and 304 (RFC 9110 §9.3.2)',
      [`${get('/204', 'HEAD')}${NEXT}`, `${get('/304', 'HEAD')}${NEXT}`],
      [{ status: [204, 304], body: '' }, NEXT_SEEN],
    ),
    answered('head-slow', 'HEAD of a slow answer (RFC 9110 §9.3.2)', `${get('/slow', 'HEAD')}${NEXT}`, [
      { body: '', fields: { 'content-length': /^4$/ } },
      NEXT_SEEN,
    ]),
    answered(
      'head-http-1.0',
      'HEAD in HTTP/1.0 (RFC 9110 §9.3.2)',
      'HEAD /len HTTP/1.0\r\nHost: a\r\n\r\n',
      { body: '', fields: { 'content-length': /^5$/ } },
      'closed',
    ),
    row(
      'head-refused',
      'a refusal of HEAD has no body either (RFC 9110 §9.3.2)',
      'HEAD / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      [{ answers: [{ status: 400, body: '' }], then: 'closed' }],
    ),

    // Statuses without a body.
    answered('no-content', '204: no body, no length (RFC 9110 §15.3.5, §8.6)', `${get('/204')}${NEXT}`, [
      { status: 204, body: '', withoutFields: NO_FRAMING },
      NEXT_SEEN,
    ]),
    answered(
      'no-content-body',
      '204 although the app gives a body (RFC 9112 §6.3)',
      `${get('/204-body')}${NEXT}`,
      [{ status: [204, 500] }, NEXT_SEEN],
    ),
    answered('not-modified', '304: no body (RFC 9110 §15.4.5)', `${get('/304')}${NEXT}`, [
      { status: 304, body: '', withoutFields: ['transfer-encoding'] },
      NEXT_SEEN,
    ]),
    answered(
      'no-content-post',
      '204 to a POST, whose body is skipped (RFC 9112 §9.3)',
      [`POST /204 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${NEXT}`],
      [{ status: 204, body: '' }, NEXT_SEEN],
    ),

    // Bodies.
    answered('length', 'a body by its length (RFC 9112 §6.2)', get('/len'), {
      ...HELLO,
      fields: { 'content-length': /^5$/ },
      withoutFields: ['transfer-encoding'],
    }),
    answered(
      'pieces',
      'a body in chunks: exactly their grammar, one last chunk (RFC 9112 §7.1)',
      get('/chunked'),
      HELLO,
    ),
    answered(
      'pieces-next',
      'a body in chunks, and the next answer (RFC 9112 §7.1)',
      `${get('/chunked')}${NEXT}`,
      [HELLO, NEXT_SEEN],
    ),
    answered(
      'empty-piece',
      'an empty piece is not the end (RFC 9112 §7.1)',
      `${get('/empty-write')}${NEXT}`,
      [{ body: 'ab' }, NEXT_SEEN],
    ),
    answered('empty', 'an empty body has its length (RFC 9110 §8.6)', get('/'), {
      body: '',
      fields: { 'content-length': /^0$/ },
    }),
    answered('large', 'a body of 1 MiB (RFC 9112 §6.2)', get('/len1m'), {
      fields: { 'content-length': /^1048576$/ },
    }),
    answered(
      'pieces-http-1.0',
      'no chunks for HTTP/1.0: the end of the connection ends the body (RFC 9112 §6.1)',
      ['GET /chunked HTTP/1.0\r\nHost: a\r\n\r\n', 'GET /chunked HTTP/1.0\r\n\r\n'],
      { ...HELLO, withoutFields: ['transfer-encoding'] },
      'closed',
    ),
    answered(
      'empty-piece-http-1.0',
      'an empty piece for HTTP/1.0 (RFC 9112 §6.1)',
      'GET /empty-write HTTP/1.0\r\nHost: a\r\n\r\n',
      { body: 'ab', withoutFields: ['transfer-encoding'] },
      'closed',
    ),
    answered(
      'length-http-1.0',
      'a body by its length for HTTP/1.0 (RFC 9112 §6.2)',
      'GET /len HTTP/1.0\r\nHost: a\r\n\r\n',
      { ...HELLO, fields: { 'content-length': /^5$/ } },
      'closed',
    ),
    row(
      'announced-too-long',
      'an app that writes less than it has announced: the client notices (RFC 9112 §8)',
      get('/cl-short'),
      [
        { answers: [{ cutShort: true }], then: 'closed' },
        { answers: [{ status: 500 }], then: 'either' },
      ],
    ),
    row(
      'announced-too-long-next',
      'nothing behind such an answer is taken for the rest of it (RFC 9112 §8)',
      `${get('/cl-short')}${NEXT}`,
      [
        { answers: [{ cutShort: true }], then: 'closed' },
        { answers: [{ status: 500 }], then: 'closed' },
        { answers: [{ status: 500 }, NEXT_SEEN], then: 'open' },
      ],
    ),
    row(
      'announced-too-short',
      'an app that writes more than it has announced: nothing of the surplus is sent (RFC 9112 §6.2)',
      `${get('/cl-long')}${NEXT}`,
      [
        { answers: [{ status: 500 }], then: 'closed' },
        { answers: [{ status: 500 }, NEXT_SEEN], then: 'open' },
        { answers: [HELLO], then: 'closed' },
        { answers: [{ cutShort: true }], then: 'closed' },
        { answers: [HELLO, NEXT_SEEN], then: 'open' },
      ],
    ),
    row(
      'announced-head',
      'HEAD of an answer with a wrong length (RFC 9110 §9.3.2)',
      `${get('/cl-short', 'HEAD')}${NEXT}`,
      [
        { answers: [{ body: '', status: [200, 500] }, NEXT_SEEN], then: 'open' },
        { answers: [{ body: '', status: [200, 500] }], then: 'closed' },
      ],
    ),

    // Fields and methods.
    answered(
      'date',
      'Date is there, once, and right (RFC 9110 §6.6.1)',
      [get('/'), get('/len'), get('/chunked'), get('/204')],
      { status: [200, 204], dated: true },
    ),
    answered('date-404', 'Date in errors too (RFC 9110 §6.6.1)', `DELETE /get-only${TAIL}`, {
      status: 405,
      dated: true,
      fields: { allow: /\bGET\b/ },
    }),
    answered('get-only', 'a resource that has GET has HEAD (RFC 9110 §9.3.2)', [get('/get-only', 'HEAD')], {
      status: [200, 405],
      body: '',
    }),
    row(
      'version',
      'the answer to a later minor version (RFC 9110 §2.5)',
      'GET /len HTTP/1.2\r\nHost: a\r\n\r\n',
      [
        { answers: [HELLO], then: 'open' },
        { answers: [{ status: [400, 505] }], then: 'closed' },
      ],
    ),

    // Refusals that the client has to be able to read.
    answered(
      'refused-while-sending',
      'a refusal reaches a client that goes on sending (RFC 9112 §9.6)',
      `POST / HTTP/1.1\r\nHost : a\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`,
      { status: 400 },
      'closed',
    ),
    answered(
      'too-large-while-sending',
      '413 reaches a client that goes on sending (RFC 9112 §9.6)',
      `${POST}Content-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`,
      { status: 413 },
      'closed',
    ),
    answered(
      'too-long-while-sending',
      '431 reaches a client that goes on sending (RFC 9112 §9.6)',
      `${GET}X-A: ${'a'.repeat(1_000_000)}\r\n\r\n`,
      { status: [400, 431] },
      'fin',
    ),
  ],
};
