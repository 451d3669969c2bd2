// res.sendFile(): conditions, ranges and codings.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import type { HttpResponse, SendFileOptions } from 'millrace';

import { lines } from '../helpers/compressed.js';
import { numberedBytes } from '../helpers/files.js';
import { get, head, post, type Fields } from '../helpers/requests.js';
import { below, start, type Sending } from '../helpers/sent-files.js';

test('a sibling that is compressed already is sent to those who accept it', async (t) => {
  const { connect } = await start(t, below({ precompressed: true }));
  const client = await connect();
  const br = await client.ask(get('/with.js', { 'Accept-Encoding': 'gzip, br' }));
  assert.deepEqual(
    [br.text, br.headers['content-encoding'], br.headers['vary']],
    ['in br', 'br', 'Accept-Encoding'],
  );
  const plain = await client.ask(get('/with.js'));
  assert.deepEqual([plain.text, plain.headers['vary']], ['plain', 'Accept-Encoding']);
});

/** Who says it, what, and what comes of `Range`. */
const ACCEPT_RANGES: readonly (readonly [
  SendFileOptions,
  own: string | undefined,
  sent: string,
  status: number,
])[] = [
  [{}, 'bytes', 'bytes', 206],
  [{}, 'none', 'none', 200],
  [{}, 'x-lines, Bytes', 'x-lines, Bytes', 206],
  [{ headers: { 'Accept-Ranges': 'none' } }, undefined, 'none', 200],
  [{ headers: { 'Accept-Ranges': 'none' } }, 'bytes', 'bytes', 206],
  [{ acceptRanges: false }, 'bytes', 'bytes', 200],
];

for (const [options, own, sent, status] of ACCEPT_RANGES) {
  test(`Accept-Ranges comes once: ${JSON.stringify(options)}, ${String(own)}`, async (t) => {
    const { connect } = await start(
      t,
      below(options, (res) => own !== undefined && res.header('Accept-Ranges', own)),
    );
    const client = await connect();
    for (const fields of [{}, { Range: 'bytes=0-1' }] as readonly Fields[]) {
      const answer = await client.ask(get('/a.txt', fields));
      assert.equal(answer.status, 'Range' in fields ? status : 200);
      const lines = answer.fields.filter(([name]) => name.toLowerCase() === 'accept-ranges');
      assert.deepEqual(
        lines.map(([, value]) => value),
        [sent],
      );
    }
  });
}

test('with a Content-Digest there are no parts: it is that of the whole', async (t) => {
  const { connect } = await start(
    t,
    below({}, (res) => res.header('Content-Digest', 'sha-256=:AA==:')),
  );
  const answer = await (await connect()).ask(get('/a.txt', { Range: 'bytes=0-1' }));
  assert.deepEqual([answer.status, answer.headers['accept-ranges']], [200, undefined]);
});

test('a digest that the handler has set is that of the file itself, so that is sent', async (t) => {
  for (const compression of [false, true]) {
    const { folder, connect } = await start(
      t,
      below({ precompressed: true }, (res) => res.header('Content-Digest', 'sha-256=:AA==:')),
      { compression },
    );
    writeFileSync(join(folder, 'long.txt'), lines(10_000));
    const client = await connect();
    for (const target of ['/with.js', '/long.txt']) {
      const { headers } = await client.ask(get(target, { 'Accept-Encoding': 'br, gzip' }));
      assert.deepEqual(
        [headers['content-encoding'], headers['content-digest']],
        [undefined, 'sha-256=:AA==:'],
      );
    }
  }
});

test('another status than 200 sends it as a whole, whatever is asked for', async (t) => {
  const { connect } = await start(
    t,
    below({}, (res) => res.status(404, 'Reason')),
  );
  const client = await connect();
  for (const fields of [
    {},
    { Range: 'bytes=0-1' },
    { 'If-None-Match': '*' },
    { 'If-Modified-Since': new Date().toUTCString() },
    { 'If-Match': '"x"' },
  ] as readonly Fields[]) {
    const answer = await client.ask(get('/sub%2Fc.html', fields));
    assert.deepEqual([answer.status, answer.text], [404, '<p>c'], JSON.stringify(fields));
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
  }
  const toHead = await client.ask(head('HEAD', '/sub%2Fc.html'), { head: true });
  assert.deepEqual([toHead.status, toHead.headers['content-length']], [404, '4']);
});

test('conditions are answered as they ask (RFC 9110 §13.2.2)', async (t) => {
  const { connect } = await start(t, below());
  const client = await connect();
  const { headers } = await client.ask(get('/a.txt'));
  const [tag, date] = [headers['etag']!, headers['last-modified']!];
  const before = new Date(0).toUTCString();
  const cases: readonly (readonly [Fields, number])[] = [
    [{ 'If-None-Match': tag }, 304],
    [{ 'If-None-Match': ['"x"', `W/${tag}`] }, 304],
    [{ 'If-None-Match': '"x"', 'If-Modified-Since': date }, 200],
    [{ 'If-Modified-Since': date }, 304],
    [{ 'If-Modified-Since': before }, 200],
    [{ 'If-Match': tag }, 200],
    [{ 'If-Match': '"x"' }, 412],
    [{ 'If-Unmodified-Since': before }, 412],
  ];
  for (const [fields, status] of cases) {
    const answer = await client.ask(get('/a.txt', fields));
    assert.equal(answer.status, status, JSON.stringify(fields));
    if (status === 304)
      assert.deepEqual([answer.headers['etag'], answer.headers['content-type']], [tag, undefined]);
  }
});

const OWN_DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const DAY_BEFORE = 'Sat, 05 Nov 1994 08:49:37 GMT';

/** Own fields, those of a request, and what comes of them. */
const OWN_VALIDATORS: readonly (readonly [own: Fields, asked: Fields, status: number])[] = [
  [{ ETag: '"own"' }, { 'If-None-Match': '"own"' }, 304],
  [{ ETag: '"own"' }, { 'If-None-Match': 'W/"own"' }, 304],
  [{ ETag: '"own"' }, { 'If-None-Match': 'FILE' }, 200],
  [{ ETag: '"own"' }, { 'If-Match': '"own"' }, 200],
  [{ ETag: '"own"' }, { 'If-Match': 'FILE' }, 412],
  [{ ETag: 'W/"own"' }, { 'If-None-Match': '"own"' }, 304],
  [{ ETag: 'W/"own"' }, { 'If-Match': 'W/"own"' }, 412],
  [{ ETag: '"own"' }, { Range: 'bytes=0-1', 'If-Range': '"own"' }, 206],
  [{ ETag: '"own"' }, { Range: 'bytes=0-1', 'If-Range': 'FILE' }, 200],
  [{ ETag: 'W/"own"' }, { Range: 'bytes=0-1', 'If-Range': 'W/"own"' }, 200],
  [{ ETag: 'no tag' }, { 'If-None-Match': 'no tag' }, 200],
  [{ 'Last-Modified': OWN_DATE }, { 'If-Modified-Since': OWN_DATE }, 304],
  [{ 'Last-Modified': OWN_DATE }, { 'If-Modified-Since': DAY_BEFORE }, 200],
  [{ 'Last-Modified': OWN_DATE }, { 'If-Unmodified-Since': OWN_DATE }, 200],
  [{ 'Last-Modified': OWN_DATE }, { 'If-Unmodified-Since': DAY_BEFORE }, 412],
  [{ 'Last-Modified': OWN_DATE }, { Range: 'bytes=0-1', 'If-Range': OWN_DATE }, 206],
  [{ 'Last-Modified': OWN_DATE }, { 'If-None-Match': 'FILE' }, 304],
  [{ 'Last-Modified': 'no date' }, { 'If-Modified-Since': OWN_DATE }, 200],
];

for (const [own, asked, status] of OWN_VALIDATORS) {
  test(`with ${JSON.stringify(own)}, ${JSON.stringify(asked)} is ${String(status)}`, async (t) => {
    const { folder, connect } = await start(
      t,
      below({}, (res) => {
        for (const [name, value] of Object.entries(own)) res.header(name, value);
      }),
    );
    const { mtimeNs, size } = statSync(join(folder, 'a.txt'), { bigint: true });
    const ofFile = `"${mtimeNs.toString(16)}-${size.toString(16)}"`;
    const fields = Object.fromEntries(
      Object.entries(asked).map(([name, value]) => [name, value === 'FILE' ? ofFile : value]),
    );
    const answer = await (await connect()).ask(get('/a.txt', fields));
    assert.equal(answer.status, status);
    if (status === 412) return; // it has none of the file's fields
    for (const [name, value] of Object.entries(own)) assert.equal(answer.headers[name.toLowerCase()], value);
  });
}

test('a handler’s Date is the only one, also where the file is refused', async (t) => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const { connect } = await start(
    t,
    below({}, (res) => res.header('Date', date)),
  );
  const client = await connect();
  for (const [fields, status] of [
    [{}, 200],
    [{ 'If-Match': '"x"' }, 412],
    [{ Range: 'bytes=9999-' }, 416],
    [{ 'If-Modified-Since': 'Fri, 31 Dec 2099 00:00:00 GMT' }, 304],
  ] as const) {
    const answer = await client.ask(get('/a.txt', fields));
    const dates = answer.fields.filter(([name]) => name.toLowerCase() === 'date').map(([, value]) => value);
    assert.deepEqual([answer.status, dates], [status, [date]]);
  }
});

test('fields of handlers may have all characters that fields may, and are compared so', async (t) => {
  const { connect } = await start(
    t,
    below({}, (res) => res.header('ETag', '"é"').header('Content-Type', 'text/plain; x="é"')),
  );
  const client = await connect();
  const whole = await client.ask(get('/a.txt'));
  assert.deepEqual(
    [whole.status, whole.headers['etag'], whole.headers['content-type']],
    [200, '"é"', 'text/plain; x="é"'],
  );
  const asked = Buffer.from(get('/a.txt', { 'If-None-Match': '"é"' }), 'latin1');
  assert.equal((await client.ask(asked)).status, 304);
});

test('a handler’s ETag is weak where a coding of the file is sent', async (t) => {
  const { connect } = await start(
    t,
    below({ precompressed: true }, (res) => res.header('ETag', '"own"')),
  );
  const client = await connect();
  const coded = { 'Accept-Encoding': 'br' };
  const tagOf = async (fields: Fields): Promise<unknown> =>
    (await client.ask(get('/with.js', fields))).headers['etag'];
  assert.deepEqual([await tagOf({}), await tagOf(coded)], ['"own"', 'W/"own"']);
  // Two bytes of the one must not be put together with the rest of the other.
  const ranged = await client.ask(get('/with.js', { ...coded, Range: 'bytes=0-1', 'If-Range': '"own"' }));
  assert.deepEqual([ranged.status, ranged.text], [200, 'in br']);
  assert.equal((await client.ask(get('/with.js', { ...coded, 'If-None-Match': '"own"' }))).status, 304);
});

test('and of a file that is compressed here, once', async (t) => {
  for (const [own, sent] of [
    ['"own"', 'W/"own"'],
    ['W/"own"', 'W/"own"'],
  ] as const) {
    const { folder, connect } = await start(
      t,
      below({}, (res) => res.header('ETag', own)),
      { compression: true },
    );
    writeFileSync(join(folder, 'long.txt'), lines(10_000));
    const client = await connect();
    const gzip = { 'Accept-Encoding': 'gzip' };
    const answer = await client.ask(get('/long.txt', gzip));
    assert.deepEqual([answer.headers['content-encoding'], answer.headers['etag']], ['gzip', sent]);
    assert.equal((await client.ask(get('/long.txt', { ...gzip, 'If-None-Match': sent }))).status, 304);
  }
});

test('ranges are answered as they ask (RFC 9110 §14)', async (t) => {
  const { connect } = await start(t, below());
  const client = await connect();
  const { headers } = await client.ask(get('/a.txt'));
  const one = await client.ask(get('/a.txt', { Range: 'bytes=9-11' }));
  assert.deepEqual([one.status, one.text, one.headers['content-range']], [206, 'of ', 'bytes 9-11/13']);
  const several = await client.ask(get('/a.txt', { Range: 'bytes=0-1, -2' }));
  assert.match(several.headers['content-type']!, /^multipart\/byteranges; boundary=/);
  assert.match(several.text, /\r\n\r\nco\r\n[^]*\r\n\r\n a\r\n/);
  assert.equal((await client.ask(get('/a.txt', { Range: 'bytes=99-' }))).status, 416);
  assert.equal(
    (await client.ask(get('/a.txt', { Range: 'bytes=0-1', 'If-Range': headers['etag']! }))).status,
    206,
  );
  assert.equal((await client.ask(get('/a.txt', { Range: 'bytes=0-1', 'If-Range': '"x"' }))).status, 200);
  const large = await client.ask(get('/large.bin', { Range: 'bytes=1000001-2000000' }));
  assert.ok(large.body.equals(numberedBytes(3_000_000).subarray(1_000_001, 2_000_001)));
});

test('HEAD has no body; other methods get the file, and no conditions and ranges', async (t) => {
  const { connect } = await start(t, below());
  const client = await connect();
  const { headers } = await client.ask(get('/a.txt'));
  const toHead = await client.ask(head('HEAD', '/a.txt', { Range: 'bytes=0-1' }), { head: true });
  assert.deepEqual({ ...toHead.headers, date: '' }, { ...headers, date: '' });
  assert.equal(
    (await client.ask(head('HEAD', '/a.txt', { 'If-None-Match': headers['etag']! }), { head: true })).status,
    304,
  );
  for (const fields of [
    {},
    { Range: 'bytes=0-1' },
    { 'If-None-Match': headers['etag']! },
    { 'If-Match': '"x"' },
  ] as readonly Fields[]) {
    const answer = await client.ask(post('/a.txt', 'body', fields));
    assert.deepEqual([answer.status, answer.text], [200, 'contents of a'], JSON.stringify(fields));
  }
});

test('with compression, files that it is for come compressed, and their ETag is weak', async (t) => {
  const { folder, connect } = await start(t, below(), { compression: true });
  const text = lines(50_000);
  writeFileSync(join(folder, 'page.html'), text);
  const client = await connect();
  const accept = { 'Accept-Encoding': 'gzip' };
  const answer = await client.ask(get('/page.html', accept));
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.equal(answer.headers['vary'], 'Accept-Encoding');
  assert.match(answer.headers['etag']!, /^W\/"/);
  assert.equal(gunzipSync(answer.body).toString(), text);
  const plain = await client.ask(get('/page.html'));
  assert.deepEqual(
    [plain.text, plain.headers['vary'], plain.headers['etag']],
    [text, 'Accept-Encoding', answer.headers['etag']!.slice(2)],
  );
  assert.equal(
    (await client.ask(get('/page.html', { ...accept, 'If-None-Match': answer.headers['etag']! }))).status,
    304,
  );
  const part = await client.ask(get('/page.html', { ...accept, Range: 'bytes=10-19' }));
  assert.deepEqual(
    [part.status, part.headers['content-encoding'], part.text],
    [206, undefined, text.slice(10, 20)],
  );
  const binary = await client.ask(get('/large.bin', accept));
  assert.deepEqual([binary.headers['content-encoding'], binary.headers['vary']], [undefined, undefined]);
});

test('an own type decides whether it is compressed, and an own Content-Encoding is left alone', async (t) => {
  const text = lines(20_000);
  const start2 = (before: (res: HttpResponse) => unknown): Promise<Sending> =>
    start(t, below({}, before), { compression: true });
  for (const [before, coding] of [
    [(res: HttpResponse) => res.header('Content-Type', 'text/plain'), 'gzip'],
    [(res: HttpResponse) => res.header('Content-Type', 'image/png'), undefined],
    [
      (res: HttpResponse) => res.header('Content-Encoding', 'x-own').header('Content-Type', 'text/plain'),
      'x-own',
    ],
    [
      (res: HttpResponse) => res.header('Cache-Control', 'no-transform').header('Content-Type', 'text/plain'),
      undefined,
    ],
  ] as const) {
    const { folder, connect } = await start2(before);
    writeFileSync(join(folder, 'noext'), text);
    const answer = await (await connect()).ask(get('/noext', { 'Accept-Encoding': 'gzip' }));
    assert.equal(answer.headers['content-encoding'], coding);
    assert.equal(coding === 'gzip' ? gunzipSync(answer.body).toString() : answer.text, text);
  }
});

test('a large file that is compressed for it arrives whole', async (t) => {
  const noise = randomBytes(600_000).toString('base64'); // becomes smaller by a quarter, and no more
  const running = await start(t, (folder, _req, res) => res.sendFile(join(folder, 'noise.txt')), {
    compression: true,
  });
  writeFileSync(join(running.folder, 'noise.txt'), noise);
  const answer = await (await running.connect()).ask(get('/', { 'Accept-Encoding': 'gzip' }));
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(answer.body).toString(), noise);
});
