// limits.ts: what is too long, or too many, ends at a bound (RFC 9112 §3, RFC 6585 §5).

import { GET, NEXT, NEXT_SEEN, POST, TAIL } from './bytes.js';
import { answered, refused, type Group } from './row.js';

const TARGET = [400, 414, 431];
const FIELDS = [400, 431];
const LINE_8000 = 'a'.repeat(8000 - 'GET / HTTP/1.1'.length - 2);

export const LIMITS: Group = {
  name: 'limits',
  rows: [
    // What has to be understood.
    answered('line', 'a request line of 8,000 bytes (RFC 9112 §3)', `GET /${LINE_8000}${TAIL}`, {
      seen: { path: `/${LINE_8000}` },
    }),
    answered('line-query', 'the same with a long query (RFC 9112 §3)', `GET /?${LINE_8000.slice(1)}${TAIL}`, {
      seen: { path: '/', query: LINE_8000.slice(1) },
    }),
    answered('value', 'a value of 8,000 bytes (RFC 9110 §5.4)', `${GET}X-A: ${'a'.repeat(8000)}\r\n\r\n`, {
      seen: { xA: 'a'.repeat(8000) },
    }),
    answered(
      'name',
      'a name of 1,000 bytes (RFC 9110 §5.4)',
      `GET /seen HTTP/1.1\r\nHost: a\r\n${'x'.repeat(1000)}: v\r\n\r\n`,
      { seen: { fields: [['x'.repeat(1000), 'v']] } },
    ),
    answered(
      'head',
      'fields of 15,000 bytes together (RFC 9110 §5.4)',
      `${GET}X-A: ${'a'.repeat(7500)}\r\nX-B: ${'b'.repeat(7500)}\r\n\r\n`,
      { seen: { xA: 'a'.repeat(7500) } },
    ),
    answered('fields', 'ninety fields beside Host (RFC 9110 §5.4)', `${GET}${'X-A: b\r\n'.repeat(90)}\r\n`, {
      seen: { xA: Array<string>(90).fill('b').join(', ') },
    }),
    answered(
      'fields-next',
      'ninety fields, and the next request (RFC 9110 §5.4)',
      `${GET}${'X-B: c\r\n'.repeat(90)}\r\n${NEXT}`,
      [{ seen: { path: '/' } }, NEXT_SEEN],
    ),

    // What has to be refused.
    refused(
      'target',
      'a target of 70,000 bytes (RFC 9110 §15.5.15)',
      `GET /${'a'.repeat(70_000)}${TAIL}`,
      TARGET,
    ),
    refused(
      'query',
      'a query of 70,000 bytes (RFC 9110 §15.5.15)',
      `GET /?${'a'.repeat(70_000)}${TAIL}`,
      TARGET,
    ),
    refused(
      'target-endless',
      'a target without end, refused at the limit (RFC 9112 §3)',
      [
        `GET /${'a'.repeat(200_000)}`,
        `GET /?${'a'.repeat(200_000)}`,
        `GET http://${'a'.repeat(200_000)}`,
        `GET http://a/${'a'.repeat(200_000)}`,
        `OPTIONS /${'%41'.repeat(70_000)}`,
      ],
      TARGET,
    ),
    refused(
      'method-endless',
      'a method without end (RFC 9112 §3)',
      'A'.repeat(200_000),
      [400, 414, 431, 501],
    ),
    refused(
      'absolute',
      'an absolute-form target of 70,000 bytes (RFC 9112 §3)',
      `GET http://a/${'a'.repeat(70_000)}${TAIL}`,
      TARGET,
    ),
    refused(
      'value-long',
      'a value of 70,000 bytes (RFC 6585 §5)',
      `${GET}X-Big: ${'a'.repeat(70_000)}\r\n\r\n`,
      FIELDS,
    ),
    refused(
      'value-endless',
      'a value without end, refused at the limit (RFC 6585 §5)',
      [
        `${GET}X-Big: ${'a'.repeat(200_000)}`,
        `${GET}X-Big:${' '.repeat(200_000)}`,
        `${GET}X-Big: ${'a '.repeat(100_000)}`,
      ],
      FIELDS,
    ),
    refused(
      'name-long',
      'a name of 70,000 bytes (RFC 6585 §5)',
      `${GET}${'a'.repeat(70_000)}: v\r\n\r\n`,
      FIELDS,
    ),
    refused(
      'name-endless',
      'a name without end, refused at the limit (RFC 6585 §5)',
      `${GET}${'a'.repeat(200_000)}`,
      FIELDS,
    ),
    refused(
      'fields-many',
      'three thousand fields (RFC 6585 §5)',
      `${GET}${'X-A: b\r\n'.repeat(3000)}\r\n`,
      FIELDS,
    ),
    refused(
      'fields-small',
      'ten thousand of the smallest fields (RFC 6585 §5)',
      `${GET}${'a:\r\n'.repeat(10_000)}\r\n`,
      FIELDS,
    ),
    refused(
      'fields-endless',
      'fields without end (RFC 6585 §5)',
      `${GET}${'X-A: b\r\n'.repeat(30_000)}`,
      FIELDS,
    ),
    refused(
      'together',
      'fields of 80,000 bytes together (RFC 6585 §5)',
      `${GET}${`X-A: ${'a'.repeat(1000)}\r\n`.repeat(80)}\r\n`,
      FIELDS,
    ),
    refused(
      'host-long',
      'a Host of 70,000 bytes (RFC 6585 §5)',
      `GET / HTTP/1.1\r\nHost: ${'a'.repeat(70_000)}\r\n\r\n`,
      FIELDS,
    ),
    refused(
      'cookie-long',
      'a Cookie of 70,000 bytes (RFC 6585 §5)',
      `${GET}Cookie: ${'a=b; '.repeat(14_000)}\r\n\r\n`,
      FIELDS,
    ),
    refused(
      'post-long',
      'a head that is too long ahead of a body (RFC 6585 §5)',
      `${POST}Content-Length: 5\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\nhello${NEXT}`,
      FIELDS,
    ),
    refused(
      'head-long',
      'a HEAD that is too long (RFC 6585 §5)',
      `HEAD / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`,
      FIELDS,
    ),
  ],
};
