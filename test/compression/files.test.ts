// Files of static(), compressed: once, and kept with them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import type { StaticOptions } from 'millrace';

import { decoded, GZIP, lines } from '../helpers/compressed.js';
import { startFiles, type Tree } from '../helpers/files.js';
import { get, head } from '../helpers/requests.js';

const MIB = 1024 * 1024;
const TREE: Tree = {
  'page.html': lines(5000),
  'app.js': lines(100_000),
  'data.json': lines(MIB),
  'tiny.css': lines(1000),
  'noise.txt': randomBytes(4000),
  'image.png': lines(5000),
  'too-large.txt': lines(MIB + 1),
  'with.js': lines(5000),
  'with.js.gz': gzipSync('the sibling'),
  'with.js.br': 'the sibling in br',
};
const COMPRESSION = { server: { compression: true } } as const;

test('files that it is for are sent compressed, with a weak ETag, and as they are to others', async (t) => {
  const { connect } = await startFiles(t, TREE, {}, COMPRESSION);
  const client = await connect();
  for (const name of ['page.html', 'app.js', 'data.json']) {
    for (let round = 0; round < 3; round++) {
      const answer = await client.ask(get(`/${name}`, GZIP));
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.equal(answer.headers['content-length'], String(answer.body.length));
      assert.equal(decoded(answer).toString(), TREE[name]);
      const plain = await client.ask(get(`/${name}`));
      assert.deepEqual([plain.text, plain.headers['content-encoding']], [TREE[name], undefined]);
      assert.equal(answer.headers['etag'], `W/${plain.headers['etag']!}`);
      for (const field of ['vary', 'last-modified', 'content-type', 'cache-control'])
        assert.equal(answer.headers[field], plain.headers[field], field);
      assert.equal(plain.headers['vary'], 'Accept-Encoding');
      const toHead = await client.ask(head('HEAD', `/${name}`, GZIP), { head: true });
      assert.deepEqual({ ...toHead.headers, date: '' }, { ...answer.headers, date: '' });
    }
  }
});

test('what is short, large, of another type, or no smaller is sent as it is', async (t) => {
  const { connect } = await startFiles(t, TREE, {}, COMPRESSION);
  const client = await connect();
  for (const [name, vary] of [
    ['tiny.css', 'Accept-Encoding'],
    ['noise.txt', 'Accept-Encoding'],
    ['too-large.txt', 'Accept-Encoding'],
    ['image.png', undefined],
  ] as const) {
    const answer = await client.ask(get(`/${name}`, GZIP));
    assert.deepEqual([answer.headers['content-encoding'], answer.headers['vary']], [undefined, vary], name);
    assert.ok(answer.body.equals(Buffer.from(TREE[name] as string)), name);
  }
});

test('without the option nothing is compressed, and Vary not said', async (t) => {
  const { connect } = await startFiles(t, TREE);
  const answer = await (await connect()).ask(get('/page.html', GZIP));
  assert.deepEqual(
    [answer.headers['content-encoding'], answer.headers['vary'], answer.text],
    [undefined, undefined, TREE['page.html']],
  );
});

test('a sibling that is compressed already is preferred, where they are looked for', async (t) => {
  for (const [options, accept, text] of [
    [{ precompressed: true }, 'gzip', 'the sibling'],
    [{ precompressed: true }, 'gzip, br', 'the sibling in br'],
    [{ precompressed: ['br'] }, 'gzip', TREE['with.js']],
    [{}, 'gzip', TREE['with.js']],
  ] as const satisfies readonly (readonly [StaticOptions, string, unknown])[]) {
    const { connect } = await startFiles(t, TREE, options, COMPRESSION);
    const answer = await (await connect()).ask(get('/with.js', { 'Accept-Encoding': accept }));
    assert.equal(accept === 'gzip' ? decoded(answer).toString() : answer.text, text);
    assert.equal(answer.headers['etag']!.startsWith('W/'), text === TREE['with.js']);
  }
});

test('ranges are those of the file itself, and conditions know both of its ETags', async (t) => {
  const { connect } = await startFiles(t, TREE, {}, COMPRESSION);
  const client = await connect();
  const tag = (await client.ask(get('/page.html'))).headers['etag']!;
  const part = await client.ask(get('/page.html', { ...GZIP, Range: 'bytes=100-199' }));
  assert.deepEqual(
    [part.status, part.text, part.headers['content-encoding']],
    [206, lines(5000).slice(100, 200), undefined],
  );
  assert.equal(part.headers['content-range'], 'bytes 100-199/5000');
  const several = await client.ask(get('/page.html', { ...GZIP, Range: 'bytes=0-1, -2' }));
  assert.deepEqual([several.status, several.headers['content-encoding']], [206, undefined]);
  assert.equal((await client.ask(get('/page.html', { ...GZIP, Range: 'bytes=9999-' }))).status, 416);
  assert.equal(
    (await client.ask(get('/page.html', { ...GZIP, Range: 'bytes=0-1', 'If-Range': tag }))).status,
    206,
  );
  const weak = await client.ask(get('/page.html', { ...GZIP, Range: 'bytes=0-1', 'If-Range': `W/${tag}` }));
  assert.deepEqual([weak.status, decoded(weak).toString()], [200, TREE['page.html']]);
  for (const [fields, status] of [
    [{ 'If-None-Match': `W/${tag}` }, 304],
    [{ 'If-None-Match': tag }, 304],
    [{ 'If-None-Match': '"x"' }, 200],
    [{ 'If-Match': '"x"' }, 412],
  ] as const) {
    const answer = await client.ask(get('/page.html', { ...GZIP, ...fields }));
    assert.equal(answer.status, status, JSON.stringify(fields));
    if (status === 304) assert.equal(answer.headers['vary'], 'Accept-Encoding');
  }
});

test('headers of the root may forbid it', async (t) => {
  const { connect } = await startFiles(
    t,
    TREE,
    { headers: { 'Cache-Control': 'no-transform' } },
    COMPRESSION,
  );
  const answer = await (await connect()).ask(get('/page.html', GZIP));
  assert.deepEqual([answer.headers['content-encoding'], answer.text], [undefined, TREE['page.html']]);
});

test('a file that changes is compressed anew, in place or exchanged', async (t) => {
  const { folder, connect } = await startFiles(t, TREE, {}, COMPRESSION);
  const client = await connect();
  for (let round = 0; round < 30; round++) {
    const text = `${String(round)} ${lines(2000 + 900 * round)}`;
    if (round % 2 === 0) {
      writeFileSync(join(folder, 'page.html'), text);
    } else {
      writeFileSync(join(folder, 'new'), text);
      renameSync(join(folder, 'new'), join(folder, 'page.html'));
    }
    const answer = await client.ask(get('/page.html', GZIP));
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.equal(decoded(answer).toString(), text, String(round));
    if (round % 3 === 0) await delay(15);
  }
});

test('what is kept is not compressed again', async (t) => {
  const { server, connect } = await startFiles(t, { 'app.js': lines(500_000) }, {}, COMPRESSION);
  await delay(50);
  const client = await connect();
  await client.ask(get('/app.js', GZIP));
  const { completed } = server.stats().workers;
  for (let i = 0; i < 20; i++)
    assert.equal((await client.ask(get('/app.js', GZIP))).headers['content-encoding'], 'gzip');
  assert.ok(server.stats().workers.completed <= completed + 2);
});

test('a file is compressed when the first client takes it so, not before, and for all names of it', async (t) => {
  const { server, connect } = await startFiles(t, { 'app.js': lines(500_000) }, {}, COMPRESSION);
  await delay(50);
  const client = await connect();
  const run = (): number => server.stats().workers.runMs;
  for (const fields of [{}, { 'Accept-Encoding': 'gzip;q=0' }, { ...GZIP, Range: 'bytes=0-1' }]) {
    const plain = await client.ask(get('/app.js', fields));
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(plain.headers['vary'], 'Accept-Encoding');
  }
  const looking = server.stats().workers.completed;
  assert.equal((await client.ask(get('/app.js', GZIP))).headers['content-encoding'], 'gzip');
  assert.equal(server.stats().workers.completed, looking + 1, 'the one that compresses it');
  assert.ok(run() > 0);
  // Another name is another look, at what has been compressed.
  const { body } = await client.ask(get('/%61pp.js', GZIP));
  for (const fields of [GZIP, {}]) await client.ask(get('/app.js', fields));
  assert.ok(server.stats().workers.completed <= looking + 4);
  assert.deepEqual((await client.ask(get('/app.js', GZIP))).body, body);
});
