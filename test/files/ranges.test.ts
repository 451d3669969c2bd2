// Parts of files (RFC 9110 §14).

import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { numberedBytes, startFiles } from '../helpers/files.js';
import { get, head, type Fields } from '../helpers/requests.js';

/** In memory, and sent by the kernel. */
const SMALL = 1000;
const LARGE = 200_000;

const SINGLE: readonly { range: string; of: (length: number) => readonly [first: number, last: number] }[] = [
  { range: 'bytes=0-0', of: () => [0, 0] },
  { range: 'bytes=0-99', of: () => [0, 99] },
  { range: 'bytes=100-199', of: () => [100, 199] },
  { range: 'bytes=500-', of: (length) => [500, length - 1] },
  { range: 'bytes=-1', of: (length) => [length - 1, length - 1] },
  { range: 'bytes=-300', of: (length) => [length - 300, length - 1] },
  { range: 'bytes=0-', of: (length) => [0, length - 1] },
  { range: 'bytes=-999999999', of: (length) => [0, length - 1] },
  { range: 'bytes=10-99999999999999999999999', of: (length) => [10, length - 1] },
  { range: 'BYTES=1-2', of: () => [1, 2] },
  { range: 'bytes= 1-2 ', of: () => [1, 2] },
  { range: 'bytes=1-2,', of: () => [1, 2] },
  { range: 'bytes=1-2, 999999999-', of: () => [1, 2] },
];

for (const length of [SMALL, LARGE]) {
  test(`single ranges of ${String(length)} bytes are answered 206 with just these bytes`, async (t) => {
    const contents = numberedBytes(length);
    const { connect } = await startFiles(t, { 'a.txt': contents });
    const client = await connect();
    const whole = await client.ask(get('/a.txt'));
    for (const { range, of } of SINGLE) {
      const [first, last] = of(length);
      const answer = await client.ask(get('/a.txt', { Range: range }));
      assert.equal(answer.status, 206, range);
      assert.equal(
        answer.headers['content-range'],
        `bytes ${String(first)}-${String(last)}/${String(length)}`,
      );
      assert.ok(answer.body.equals(contents.subarray(first, last + 1)), range);
      for (const field of ['etag', 'last-modified', 'content-type', 'cache-control', 'accept-ranges'])
        assert.equal(answer.headers[field], whole.headers[field], field);
    }
  });
}

const WHOLE: readonly { range: string; why: string }[] = [
  { range: 'lines=0-1', why: 'another unit' },
  { range: 'bytes', why: 'no ranges' },
  { range: 'bytes=', why: 'no ranges' },
  { range: 'bytes=-', why: 'no numbers' },
  { range: 'bytes=5', why: 'no dash' },
  { range: 'bytes=5-4', why: 'last before first' },
  { range: 'bytes=a-b', why: 'no numbers' },
  { range: 'bytes=0-1-2', why: 'two dashes' },
  { range: 'bytes=0-1,x', why: 'one of several is wrong' },
  { range: 'bytes=+1-2', why: 'a sign' },
  { range: 'bytes =0-1', why: 'white space in front of the equals sign' },
  {
    range: `bytes=${Array.from({ length: 17 }, (_, i) => `${String(2 * i)}-${String(2 * i)}`).join()}`,
    why: 'too many',
  },
  {
    range: `bytes=${Array.from({ length: 17 }, (_, i) => `${String(5000 + i)}-`).join()}`,
    why: 'too many, of which none exists',
  },
  { range: 'bytes=0-,0-', why: 'more than the whole' },
  { range: 'bytes=0-10,5-15,9-20', why: 'many that overlap' },
];

test('a Range field that is none, or costs more than it saves, is ignored (RFC 9110 §14.2)', async (t) => {
  const contents = numberedBytes(SMALL);
  const { connect } = await startFiles(t, { 'a.bin': contents });
  const client = await connect();
  for (const { range, why } of WHOLE) {
    const answer = await client.ask(get('/a.bin', { Range: range }));
    assert.equal(answer.status, 200, `${range}: ${why}`);
    assert.ok(answer.body.equals(contents), range);
    assert.equal(answer.headers['content-range'], undefined);
  }
});

const NOT_THERE: readonly { range: string; length: number }[] = [
  { range: `bytes=${String(SMALL)}-`, length: SMALL },
  { range: 'bytes=5000-6000', length: SMALL },
  { range: 'bytes=-0', length: SMALL },
  { range: 'bytes=5000-,6000-7000', length: SMALL },
  { range: 'bytes=99999999999999999999999-', length: SMALL },
  { range: 'bytes=0-0', length: 0 },
  { range: 'bytes=0-', length: 0 },
  { range: 'bytes=-0', length: 0 },
  { range: `bytes=${String(LARGE)}-`, length: LARGE },
];

test('the end of an empty file is all of it, and nothing (RFC 9110 §14.1.2)', async (t) => {
  const { connect } = await startFiles(t, { 'a.bin': '' });
  const answer = await (await connect()).ask(get('/a.bin', { Range: 'bytes=-5' }));
  assert.deepEqual([answer.status, answer.headers['content-length']], [200, '0']);
});

for (const { range, length } of NOT_THERE) {
  test(`${range} of ${String(length)} bytes is answered 416 with the length there is (RFC 9110 §15.5.17)`, async (t) => {
    const { connect } = await startFiles(t, { 'a.bin': numberedBytes(length) });
    const client = await connect();
    const answer = await client.ask(get('/a.bin', { Range: range }));
    assert.equal(answer.status, 416);
    assert.equal(answer.headers['content-range'], `bytes */${String(length)}`);
    assert.equal((await client.stillServes(get('/a.bin'))).status, 200);
  });
}

interface Part {
  readonly type: string | undefined;
  readonly range: string | undefined;
  readonly body: Buffer;
}

/** The parts of a multipart body (RFC 2046 §5.1.1), read strictly. */
function partsOf(body: Buffer, contentType: string): Part[] {
  const [, boundary] =
    /^multipart\/byteranges; boundary=([-\w]+)$/.exec(contentType) ?? assert.fail(contentType);
  const text = body.toString('latin1');
  const end = `\r\n--${boundary!}--\r\n`;
  assert.ok(text.startsWith(`--${boundary!}\r\n`) && text.endsWith(end));
  return `\r\n${text.slice(0, -end.length)}`
    .split(`\r\n--${boundary!}\r\n`)
    .slice(1)
    .map((part) => {
      const at = part.indexOf('\r\n\r\n');
      const head = part.slice(0, at);
      return {
        type: /^Content-Type: (.*)$/m.exec(head)?.[1]?.trim(),
        range: /^Content-Range: (.*)$/m.exec(head)?.[1]?.trim(),
        body: Buffer.from(part.slice(at + 4), 'latin1'),
      };
    });
}

const SEVERAL: readonly { range: string; of: (length: number) => readonly (readonly [number, number])[] }[] =
  [
    {
      range: 'bytes=0-9,20-29',
      of: () => [
        [0, 9],
        [20, 29],
      ],
    },
    {
      range: 'bytes=20-29, 0-9',
      of: () => [
        [20, 29],
        [0, 9],
      ],
    },
    {
      range: 'bytes=0-0,-1',
      of: (length) => [
        [0, 0],
        [length - 1, length - 1],
      ],
    },
    {
      range: 'bytes=0-9,5-14',
      of: () => [
        [0, 9],
        [5, 14],
      ],
    },
    {
      range: 'bytes=0-9,999999999-,20-29',
      of: () => [
        [0, 9],
        [20, 29],
      ],
    },
    {
      range: `bytes=${Array.from({ length: 16 }, (_, i) => `${String(2 * i)}-${String(2 * i)}`).join()}`,
      of: () => Array.from({ length: 16 }, (_, i) => [2 * i, 2 * i] as const),
    },
  ];

for (const length of [SMALL, LARGE]) {
  for (const { range, of } of SEVERAL) {
    test(`${range} of ${String(length)} bytes comes in parts, in the order asked for`, async (t) => {
      const contents = numberedBytes(length);
      const { connect } = await startFiles(t, { 'a.css': contents, unknown: contents });
      const client = await connect();
      for (const [target, type] of [
        ['/a.css', 'text/css; charset=utf-8'],
        ['/unknown', undefined],
      ] as const) {
        const answer = await client.ask(get(target, { Range: range }));
        assert.equal(answer.status, 206);
        assert.equal(answer.headers['content-range'], undefined);
        const expected = of(length).map(([first, last]) => ({
          type,
          range: `bytes ${String(first)}-${String(last)}/${String(length)}`,
          body: contents.subarray(first, last + 1),
        }));
        assert.deepEqual(partsOf(answer.body, answer.headers['content-type'] ?? ''), expected);
      }
      assert.equal((await client.stillServes(get('/a.css'))).status, 200);
    });
  }
}

const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';

const IF_RANGE: readonly { fields: Fields; status: 200 | 206; why: string }[] = [
  { fields: { 'If-Range': 'ETAG' }, status: 206, why: 'the tag of the file' },
  { fields: { 'If-Range': 'W/ETAG' }, status: 200, why: 'a weak tag' },
  { fields: { 'If-Range': '"other"' }, status: 200, why: 'another tag' },
  { fields: { 'If-Range': '"a", ETAG' }, status: 200, why: 'a list' },
  { fields: { 'If-Range': '*' }, status: 200, why: 'no tag' },
  { fields: { 'If-Range': MODIFIED }, status: 206, why: 'the date of the file' },
  { fields: { 'If-Range': 'Sun, 06 Nov 1994 08:49:36 GMT' }, status: 200, why: 'an earlier date' },
  { fields: { 'If-Range': 'Sun, 06 Nov 1994 08:49:38 GMT' }, status: 200, why: 'a later date' },
  { fields: { 'If-Range': 'nonsense' }, status: 200, why: 'neither' },
  { fields: { 'If-Range': '' }, status: 200, why: 'empty' },
];

for (const { fields, status, why } of IF_RANGE) {
  test(`If-Range with ${why} is answered ${String(status)} (RFC 9110 §13.1.5)`, async (t) => {
    const { folder, connect } = await startFiles(t, { 'a.txt': 'abcdef' });
    utimesSync(join(folder, 'a.txt'), new Date(MODIFIED), new Date(MODIFIED));
    const client = await connect();
    const etag = (await client.ask(get('/a.txt'))).headers['etag']!;
    const value = (fields['If-Range'] as string).replace('ETAG', etag);
    const answer = await client.ask(get('/a.txt', { Range: 'bytes=1-2', 'If-Range': value }));
    assert.deepEqual([answer.status, answer.text], status === 206 ? [206, 'bc'] : [200, 'abcdef']);
    const unsatisfiable = await client.ask(get('/a.txt', { Range: 'bytes=9-', 'If-Range': value }));
    assert.equal(unsatisfiable.status, status === 206 ? 416 : 200);
  });
}

test('a date in If-Range does not count for a file whose Last-Modified is not told', async (t) => {
  const { folder, connect } = await startFiles(t, { 'a.txt': 'abcdef' }, { lastModified: false });
  utimesSync(join(folder, 'a.txt'), new Date(MODIFIED), new Date(MODIFIED));
  const answer = await (await connect()).ask(get('/a.txt', { Range: 'bytes=1-2', 'If-Range': MODIFIED }));
  assert.deepEqual([answer.status, answer.text], [200, 'abcdef']);
});

test('Range is for GET alone: HEAD is answered as without (RFC 9110 §14.2)', async (t) => {
  const { connect } = await startFiles(t, { 'a.txt': 'abcdef' });
  const client = await connect();
  for (const range of ['bytes=1-2', 'bytes=9-', 'bytes=0-0,2-2']) {
    const answer = await client.ask(head('HEAD', '/a.txt', { Range: range }), { head: true });
    assert.deepEqual([answer.status, answer.headers['content-length']], [200, '6']);
    assert.equal(answer.headers['content-range'], undefined);
  }
});

test('a download can be continued where it was cut', async (t) => {
  const contents = numberedBytes(LARGE);
  const { connect } = await startFiles(t, { 'a.bin': contents });
  const client = await connect();
  const etag = (await client.ask(head('HEAD', '/a.bin'), { head: true })).headers['etag']!;
  let got = Buffer.alloc(0);
  for (const step of [1, 17, 4096, 65_536, LARGE]) {
    const range = `bytes=${String(got.length)}-${String(Math.min(got.length + step, LARGE) - 1)}`;
    got = Buffer.concat([got, (await client.ask(get('/a.bin', { Range: range, 'If-Range': etag }))).body]);
  }
  assert.ok(got.equals(contents));
});
