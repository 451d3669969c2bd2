// Conditional requests for files (RFC 9110 §13).

import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import type { StaticOptions } from 'millrace';

import { startFiles } from '../helpers/files.js';
import { get, head, type Fields } from '../helpers/requests.js';

const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';
const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT';
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT';
/** MODIFIED in the two obsolete forms (RFC 9110 §5.6.7). */
const MODIFIED_RFC850 = 'Sunday, 06-Nov-94 08:49:37 GMT';
const MODIFIED_ASCTIME = 'Sun Nov  6 08:49:37 1994';

/** ETAG stands for that of the file. */
const CASES: readonly { fields: Fields; status: number; why?: string; options?: StaticOptions }[] = [
  { fields: { 'If-None-Match': 'ETAG' }, status: 304 },
  { fields: { 'If-None-Match': 'W/ETAG' }, status: 304, why: 'the comparison is weak (§13.1.2)' },
  { fields: { 'If-None-Match': '*' }, status: 304 },
  { fields: { 'If-None-Match': '"other"' }, status: 200 },
  { fields: { 'If-None-Match': '"a", "b,c", ETAG' }, status: 304 },
  { fields: { 'If-None-Match': '"a",W/ETAG , "b"' }, status: 304 },
  { fields: { 'If-None-Match': ['"a"', 'ETAG'] }, status: 304, why: 'several lines are one list' },
  { fields: { 'If-None-Match': 'w/ETAG' }, status: 200, why: 'case counts' },
  { fields: { 'If-None-Match': 'nonsense' }, status: 200 },
  { fields: { 'If-None-Match': '' }, status: 200 },
  { fields: { 'If-None-Match': 'ETAG' }, status: 200, options: { etag: false } },
  { fields: { 'If-None-Match': '*' }, status: 304, options: { etag: false } },
  { fields: { 'If-Modified-Since': MODIFIED }, status: 304 },
  { fields: { 'If-Modified-Since': MODIFIED_RFC850 }, status: 304 },
  { fields: { 'If-Modified-Since': MODIFIED_ASCTIME }, status: 304 },
  { fields: { 'If-Modified-Since': AFTER }, status: 304 },
  { fields: { 'If-Modified-Since': BEFORE }, status: 200 },
  { fields: { 'If-Modified-Since': 'yesterday' }, status: 200, why: 'what is no date is ignored (§13.1.3)' },
  {
    fields: { 'If-None-Match': '"other"', 'If-Modified-Since': AFTER },
    status: 200,
    why: 'the tag decides (§13.1.3)',
  },
  {
    fields: { 'If-None-Match': 'ETAG', 'If-Modified-Since': BEFORE },
    status: 304,
    why: 'the tag decides (§13.1.3)',
  },
  { fields: { 'If-Match': 'ETAG' }, status: 200 },
  { fields: { 'If-Match': '*' }, status: 200 },
  { fields: { 'If-Match': '"a", ETAG' }, status: 200 },
  { fields: { 'If-Match': 'W/ETAG' }, status: 412, why: 'the comparison is strong (§13.1.1)' },
  { fields: { 'If-Match': '"other"' }, status: 412 },
  { fields: { 'If-Unmodified-Since': MODIFIED }, status: 200 },
  { fields: { 'If-Unmodified-Since': AFTER }, status: 200 },
  { fields: { 'If-Unmodified-Since': BEFORE }, status: 412 },
  { fields: { 'If-Unmodified-Since': 'yesterday' }, status: 200 },
  {
    fields: { 'If-Match': 'ETAG', 'If-Unmodified-Since': BEFORE },
    status: 200,
    why: 'the tag decides (§13.1.4)',
  },
  { fields: { 'If-Match': '"other"', 'If-None-Match': 'ETAG' }, status: 412, why: 'in the order of §13.2.2' },
  { fields: { 'If-Match': 'ETAG', 'If-None-Match': 'ETAG' }, status: 304, why: 'in the order of §13.2.2' },
  { fields: { 'If-None-Match': 'ETAG', Range: 'bytes=0-0' }, status: 304, why: 'ahead of Range (§13.2.2)' },
  { fields: { 'If-Match': '"other"', Range: 'bytes=0-0' }, status: 412, why: 'ahead of Range (§13.2.2)' },
  { fields: { 'If-None-Match': 'ETAG', Range: 'bytes=9-' }, status: 304, why: 'ahead of Range (§13.2.2)' },
  {
    fields: { 'If-Modified-Since': AFTER },
    status: 200,
    options: { lastModified: false },
    why: 'no date is told',
  },
  {
    fields: { 'If-Unmodified-Since': BEFORE },
    status: 200,
    options: { lastModified: false },
    why: 'no date is told',
  },
  {
    fields: { 'If-Modified-Since': BEFORE },
    status: 304,
    options: { lastModified: false, headers: { 'Last-Modified': BEFORE } },
    why: 'that is the date that is told',
  },
  { fields: { 'If-None-Match': 'ETAG' }, status: 304, options: { lastModified: false } },
];

for (const { fields, status, why, options = {} } of CASES) {
  const title = `${JSON.stringify({ ...fields, ...options })} is answered ${String(status)}`;
  test(why === undefined ? title : `${title}: ${why}`, async (t) => {
    const { folder, connect } = await startFiles(t, { 'a.txt': 'abc' }, options);
    utimesSync(join(folder, 'a.txt'), new Date(MODIFIED), new Date(MODIFIED));
    const client = await connect();
    const plain = await client.ask(get('/a.txt'));
    const etag = plain.headers['etag'] ?? '"none"';
    const filled = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        [value].flat().map((line) => line.replace('ETAG', etag)),
      ]),
    );
    const answer = await client.ask(get('/a.txt', filled));
    assert.equal(answer.status, status);
    if (status === 200) assert.equal(answer.text, 'abc');
    if (status === 304) {
      assert.equal(answer.headers['etag'], plain.headers['etag']);
      assert.equal(answer.headers['content-length'], undefined);
    }
    const toHead = await client.ask(head('HEAD', '/a.txt', filled), { head: true });
    assert.equal(toHead.status, status, 'HEAD');
    assert.equal((await client.stillServes(get('/a.txt'))).status, 200);
  });
}

test('Last-Modified is the time of the file, and the ETag another one for each content', async (t) => {
  const { folder, connect } = await startFiles(t, { 'a.txt': 'abc', 'b.txt': 'abcd' });
  for (const name of ['a.txt', 'b.txt'])
    utimesSync(join(folder, name), new Date(MODIFIED), new Date(MODIFIED));
  const client = await connect();
  const a = await client.ask(get('/a.txt'));
  const b = await client.ask(get('/b.txt'));
  assert.equal(a.headers['last-modified'], MODIFIED);
  assert.notEqual(a.headers['etag'], b.headers['etag']);
});

test('preconditions of what is not there are not asked (RFC 9110 §13.2.1)', async (t) => {
  const { connect } = await startFiles(t, { 'sub/': '' });
  const client = await connect();
  assert.equal((await client.ask(get('/none', { 'If-Match': '*' }))).status, 404);
  assert.equal((await client.ask(get('/none', { 'If-None-Match': '*' }))).status, 404);
  assert.equal((await client.ask(get('/sub', { 'If-None-Match': '*' }))).status, 301);
});

test('answers without the file have the fields that are about more than it', async (t) => {
  const headers = {
    'Access-Control-Allow-Origin': '*',
    'Set-Cookie': 'a=b',
    'Content-Disposition': 'inline',
    Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
    'Content-Security-Policy': "default-src 'self'",
    'CDN-Cache-Control': 'max-age=1',
    'Content-MD5': 'x',
    Location: '/elsewhere',
  };
  const { connect } = await startFiles(
    t,
    { 'a.txt': 'a', 'd/index.html': 'd' },
    { headers, maxAge: '1y', precompressed: true },
  );
  const client = await connect();
  for (const [path, fields, status, vary] of [
    ['/a.txt', { Range: 'bytes=9-' }, 416, 'Accept-Encoding'],
    ['/a.txt', { 'If-Match': '"x"' }, 412, 'Accept-Encoding'],
    ['/d', {}, 301, undefined],
  ] as const) {
    const answer = await client.ask(get(path, fields));
    const seen = [answer.status, answer.headers['access-control-allow-origin'], answer.headers['set-cookie']];
    assert.deepEqual([...seen, answer.headers['vary']], [status, '*', 'a=b', vary]);
    assert.equal(answer.headers['content-security-policy'], "default-src 'self'");
    assert.equal(answer.headers['location'], status === 301 ? '/d/' : undefined);
    for (const name of [
      'cache-control',
      'expires',
      'cdn-cache-control',
      'content-md5',
      'content-disposition',
      'etag',
      'last-modified',
    ])
      assert.equal(answer.headers[name], undefined, `${name} in ${String(status)}`);
  }
});

test('no Last-Modified is to come, however late a file says it is (RFC 9110 §8.8.2.1)', async (t) => {
  const { connect, folder } = await startFiles(t, { 'future.txt': 'a', 'far.txt': 'a' });
  utimesSync(join(folder, 'future.txt'), 2_000_000_000, 2_000_000_000);
  // Behind the end of 64 bits of nanoseconds, where the file system has that.
  utimesSync(join(folder, 'far.txt'), 10_413_792_000, 10_413_792_000);
  const client = await connect();
  for (const path of ['/future.txt', '/far.txt']) {
    const { headers } = await client.ask(get(path));
    const [date, modified] = ['date', 'last-modified'].map((name) => Date.parse(headers[name]!));
    assert.ok(
      modified! <= date! && modified! > date! - 60_000,
      `${path}: ${String(headers['last-modified'])}`,
    );
    const before = { 'If-Modified-Since': 'Sat, 01 Jan 2000 00:00:00 GMT' };
    assert.equal((await client.ask(get(path, before))).status, 200);
    const since = { 'If-Modified-Since': headers['last-modified']! };
    assert.equal((await client.ask(get(path, since))).status, 304);
  }
});

test('what may not be kept may not be kept in the form of a refusal either', async (t) => {
  const { connect } = await startFiles(
    t,
    { 'a.txt': 'a' },
    { headers: { 'Cache-Control': 'private, No-Store' } },
  );
  const answer = await (await connect()).ask(get('/a.txt', { Range: 'bytes=9-' }));
  assert.deepEqual([answer.status, answer.headers['cache-control']], [416, 'private, No-Store']);
});
