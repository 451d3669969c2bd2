// Siblings that are compressed already, by Accept-Encoding (RFC 9110 §12.5.3).

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';

import type { Answer } from '../helpers/answer-reader.js';
import type { Client } from '../helpers/client.js';
import { numberedBytes, startFiles } from '../helpers/files.js';
import { get, head, type Fields } from '../helpers/requests.js';

const TREE = {
  'app.js': 'plain',
  'app.js.br': 'in br',
  'app.js.gz': 'in gzip',
  'app.js.zst': 'in zstd',
  'only-gzip.css': 'plain',
  'only-gzip.css.gz': 'in gzip',
  'none.txt': 'plain',
  'directory.txt': 'plain',
  'directory.txt.gz/': '',
  'orphan.txt.gz': 'in gzip',
};

const CHOICES: readonly { accept: string | undefined; target?: string; coding: string | undefined }[] = [
  { accept: undefined, coding: undefined },
  { accept: '', coding: undefined },
  { accept: 'gzip', coding: 'gzip' },
  { accept: 'GZip', coding: 'gzip' },
  { accept: 'x-gzip', coding: 'gzip' },
  { accept: 'br', coding: 'br' },
  { accept: 'zstd', coding: 'zstd' },
  { accept: 'gzip, deflate', coding: 'gzip' },
  { accept: 'gzip, deflate, br, zstd', coding: 'br' },
  { accept: 'gzip, zstd', coding: 'zstd' },
  { accept: 'gzip;q=1.0, br;q=0.5', coding: 'gzip' },
  { accept: 'gzip;q=0.2, br;q=0.1, zstd;q=0.3', coding: 'zstd' },
  { accept: 'br;q=0, gzip', coding: 'gzip' },
  { accept: 'gzip;q=0', coding: undefined },
  { accept: '*', coding: 'br' },
  { accept: '*;q=0.5, br;q=0', coding: 'zstd' },
  { accept: 'identity', coding: undefined },
  { accept: 'identity, gzip;q=0.5', coding: undefined },
  { accept: 'identity;q=0.5, gzip', coding: 'gzip' },
  { accept: 'identity;q=0, gzip;q=0.001', coding: 'gzip' },
  { accept: 'identity;q=0', coding: undefined },
  { accept: 'deflate', coding: undefined },
  { accept: 'gzip;q=2', coding: undefined },
  { accept: 'gzip ; q=0.5', coding: 'gzip' },
  { accept: 'br', target: '/only-gzip.css', coding: undefined },
  { accept: 'br, gzip;q=0.1', target: '/only-gzip.css', coding: 'gzip' },
  { accept: 'gzip', target: '/none.txt', coding: undefined },
  { accept: 'gzip', target: '/directory.txt', coding: undefined },
];

test('the sibling that the client likes best is sent, with the type of the file', async (t) => {
  const { connect } = await startFiles(t, TREE, { precompressed: true });
  const client = await connect();
  for (const { accept, target = '/app.js', coding } of CHOICES) {
    const fields: Fields = accept === undefined ? {} : { 'Accept-Encoding': accept };
    const what = `${target} for ${String(accept)}`;
    const answer = await client.ask(get(target, fields));
    assert.deepEqual([answer.status, answer.headers['content-encoding']], [200, coding], what);
    assert.equal(answer.text, coding === undefined ? 'plain' : `in ${coding}`, what);
    assert.equal(answer.headers['vary'], 'Accept-Encoding', what);
    assert.match(answer.headers['content-type'] ?? '', /^text\/(javascript|css|plain); charset=utf-8$/);
    const toHead = await client.ask(head('HEAD', target, fields), { head: true });
    assert.deepEqual(toHead.headers, { ...answer.headers, date: toHead.headers['date'] });
  }
  assert.equal((await client.ask(get('/orphan.txt', { 'Accept-Encoding': 'gzip' }))).status, 404);
  const itself = await client.ask(get('/app.js.gz'));
  assert.deepEqual([itself.text, itself.headers['content-encoding']], ['in gzip', undefined]);
});

test('only the codings that are asked for are looked for', async (t) => {
  const { connect } = await startFiles(t, TREE, { precompressed: ['gzip'] });
  const client = await connect();
  assert.equal((await client.ask(get('/app.js', { 'Accept-Encoding': 'br, gzip' }))).text, 'in gzip');
  assert.equal((await client.ask(get('/app.js', { 'Accept-Encoding': 'br' }))).text, 'plain');
});

test('without the option siblings are not looked at', async (t) => {
  const { connect } = await startFiles(t, TREE);
  const answer = await (await connect()).ask(get('/app.js', { 'Accept-Encoding': 'br, gzip' }));
  assert.deepEqual([answer.text, answer.headers['vary']], ['plain', undefined]);
});

test('each coding has an ETag of its own, and conditions and ranges are about what is sent', async (t) => {
  const { connect } = await startFiles(t, TREE, { precompressed: true });
  const client = await connect();
  const tags = new Map<string, string>();
  for (const coding of ['identity', 'gzip', 'br', 'zstd'])
    tags.set(coding, (await client.ask(get('/app.js', { 'Accept-Encoding': coding }))).headers['etag']!);
  assert.equal(new Set(tags.values()).size, 4);
  for (const [asked] of tags) {
    for (const [coding, tag] of tags) {
      const fields = { 'Accept-Encoding': asked, 'If-None-Match': tag };
      const { status, headers } = await client.ask(get('/app.js', fields));
      assert.equal(status, asked === coding ? 304 : 200, `${asked} with the tag of ${coding}`);
      assert.equal(headers['vary'], 'Accept-Encoding');
    }
  }
  const part = await client.ask(get('/app.js', { 'Accept-Encoding': 'gzip', Range: 'bytes=3-' }));
  assert.deepEqual([part.status, part.text, part.headers['content-encoding']], [206, 'gzip', 'gzip']);
  assert.equal(part.headers['content-range'], 'bytes 3-6/7');
});

test('large siblings are sent as they are', async (t) => {
  const plain = numberedBytes(3_000_000);
  const { connect } = await startFiles(
    t,
    { 'a.bin': plain, 'a.bin.gz': gzipSync(plain) },
    { precompressed: true },
  );
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    const answer = await client.ask(get('/a.bin', { 'Accept-Encoding': 'gzip' }));
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.ok(gunzipSync(answer.body).equals(plain));
    assert.ok((await client.ask(get('/a.bin'))).body.equals(plain));
  }
});

test('an index and a name with an extension have siblings, too', async (t) => {
  const tree = {
    'sub/index.html': 'plain',
    'sub/index.html.br': 'in br',
    'about.html': 'plain',
    'about.html.br': 'in br',
  };
  const { connect } = await startFiles(t, tree, { precompressed: true, extensions: ['html'] });
  const client = await connect();
  for (const target of ['/sub/', '/about']) {
    const answer = await client.ask(get(target, { 'Accept-Encoding': 'br' }));
    assert.deepEqual(
      [answer.text, answer.headers['content-type']],
      ['in br', 'text/html; charset=utf-8'],
      target,
    );
  }
});

/** Asks until the answer is one that is to come; a file is looked up anew only every other second. */
async function askUntil(client: Client, request: string, isSo: (answer: Answer) => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!isSo(await client.ask(request))) {
    assert.ok(performance.now() < end, 'it did not come');
    await delay(20);
  }
}

test('a sibling that comes is found soon, and one that changes or goes at once', async (t) => {
  const { folder, connect } = await startFiles(t, { 'a.txt': 'plain' }, { precompressed: true });
  const client = await connect();
  const request = get('/a.txt', { 'Accept-Encoding': 'gzip' });
  assert.equal((await client.ask(request)).text, 'plain');
  writeFileSync(join(folder, 'a.txt.gz'), 'in gzip');
  await askUntil(client, request, ({ text }) => text === 'in gzip');
  writeFileSync(join(folder, 'a.txt.gz'), 'in gzip, anew');
  assert.equal((await client.ask(request)).text, 'in gzip, anew');
  rmSync(join(folder, 'a.txt.gz'));
  const answer = await client.ask(request);
  assert.deepEqual([answer.text, answer.headers['content-encoding']], ['plain', undefined]);
});
