import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { addHeader, joinHeader, joinRuleOf } from '#lib/header-joins.js';

/** All names with a rule of their own in node:http, but for Host and Content-Length, which it refuses when repeated. */
const NAMES = [
  'age',
  'authorization',
  'content-type',
  'etag',
  'expires',
  'from',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
  'cookie',
  'set-cookie',
];

const LISTS = [
  'accept',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'cache-control',
  'content-encoding',
  'date',
  'forwarded',
  'if-match',
  'if-none-match',
  'if-range',
  'origin',
  'pragma',
  'range',
  'via',
  'warning',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-anything',
  '__proto__',
  'constructor',
];

/** What node:http makes of a request with these lines. */
async function nodesHeaders(lines: readonly (readonly [string, string])[]): Promise<IncomingHttpHeaders> {
  const server = createServer().listen(0, '127.0.0.1');
  const received = new Promise<IncomingHttpHeaders>((resolve) => {
    server.on('request', (request, response) => {
      resolve(request.headers);
      response.end();
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  client.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`);
  const headers = await received;
  client.destroy();
  server.close();
  return headers;
}

for (const name of [...NAMES, ...LISTS]) {
  test(`three fields ${name} become what node:http makes of them`, async () => {
    const values = ['one', '', 'three'];
    const theirs = await nodesHeaders(values.map((value) => [name, value]));
    const ours = Object.create(null) as Record<string, string | string[]>;
    for (const value of values) addHeader(ours, name, value);
    // node:http's object has a prototype, so that `__proto__` is lost there.
    if (name !== '__proto__') assert.deepEqual(ours[name], theirs[name]);
    else assert.equal(ours[name], 'one, , three');
  });
}

test('the first Host and Content-Length count, as documented for node:http', () => {
  for (const name of ['host', 'content-length']) assert.equal(joinRuleOf(name), 'first');
});

test('a field that occurs once is its value, whatever the rule', () => {
  for (const rule of ['first', 'list', 'cookie'] as const)
    assert.equal(joinHeader(rule, undefined, 'a'), 'a');
});

test('set-cookie is a list from the first field on', () => {
  const headers = Object.create(null) as Record<string, string | string[]>;
  addHeader(headers, 'set-cookie', 'a=b');
  assert.deepEqual(headers['set-cookie'], ['a=b']);
});
