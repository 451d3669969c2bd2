// What a path below a directory is answered with: names, types, methods, directories.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';

import type { StaticOptions } from 'millrace';

import { numberedBytes, startFiles, type Tree } from '../helpers/files.js';
import { get, head, post } from '../helpers/requests.js';

const TYPES: readonly (readonly [name: string, type: string | undefined])[] = [
  ['a.html', 'text/html; charset=utf-8'],
  ['a.htm', 'text/html; charset=utf-8'],
  ['a.css', 'text/css; charset=utf-8'],
  ['a.js', 'text/javascript; charset=utf-8'],
  ['a.mjs', 'text/javascript; charset=utf-8'],
  ['a.txt', 'text/plain; charset=utf-8'],
  ['a.md', 'text/markdown; charset=utf-8'],
  ['a.csv', 'text/csv; charset=utf-8'],
  ['a.json', 'application/json'],
  ['a.map', 'application/json'],
  ['a.webmanifest', 'application/manifest+json'],
  ['a.wasm', 'application/wasm'],
  ['a.xml', 'application/xml'],
  ['a.pdf', 'application/pdf'],
  ['a.svg', 'image/svg+xml'],
  ['a.png', 'image/png'],
  ['a.jpg', 'image/jpeg'],
  ['a.jpeg', 'image/jpeg'],
  ['a.gif', 'image/gif'],
  ['a.webp', 'image/webp'],
  ['a.avif', 'image/avif'],
  ['a.woff2', 'font/woff2'],
  ['a.mp4', 'video/mp4'],
  ['a.zip', 'application/zip'],
  ['A.HTML', 'text/html; charset=utf-8'],
  ['a.b.css', 'text/css; charset=utf-8'],
  ['a.css.unknown-extension', undefined],
  ['a.unknown-extension', undefined],
  ['without', undefined],
  ['v1.css/without', undefined],
  ['dot-at-end.', undefined],
];

test('Content-Type is that of the extension, with a charset for text; an unknown one gives none', async (t) => {
  const { connect } = await startFiles(t, Object.fromEntries(TYPES.map(([name]) => [name, 'x'])));
  const client = await connect();
  for (const [name, type] of TYPES) {
    const { status, headers } = await client.ask(get(`/${name}`));
    assert.deepEqual([status, headers['content-type']], [200, type], name);
  }
});

const NAMES: readonly (readonly [name: string, target: string])[] = [
  ['plain.txt', '/plain.txt'],
  ['plain.txt', '/plain.txt?v=1'],
  ['plain.txt', '/plain.txt?'],
  ['plain.txt', '/plain.txt?/../../x'],
  ['plain.txt', '/%70lain%2etxt'],
  ['plain.txt', '//plain.txt'],
  ['plain.txt', 'http://test/plain.txt'],
  ['Grüße.txt', '/Gr%C3%BC%C3%9Fe.txt'],
  ['Grüße.txt', '/Gr%c3%bc%c3%9fe.txt'],
  ['日本語.txt', `/${encodeURIComponent('日本語')}.txt`],
  ['😀.txt', `/${encodeURIComponent('😀')}.txt`],
  ['a b.txt', '/a%20b.txt'],
  ['a+b.txt', '/a+b.txt'],
  ['a+b.txt', '/a%2Bb.txt'],
  ['100%.txt', '/100%25.txt'],
  ['%41.txt', '/%2541.txt'],
  ['%2e%2e', '/%252e%252e'],
  ['a#b.txt', '/a%23b.txt'],
  ['a?b.txt', '/a%3Fb.txt'],
  ['a&b=c;d,e.txt', '/a&b=c;d,e.txt'],
  ["it's (1) [2].txt", "/it's%20(1)%20%5B2%5D.txt"],
  ['..hidden-not', '/..hidden-not'],
  ['a..b', '/a..b'],
  ['a...', '/a...'],
  ['~user', '/~user'],
  ['deep/er/file', '/deep/er/file'],
  ['deep/er/file', '/deep//er/file'],
  ['x'.repeat(255), `/${'x'.repeat(255)}`],
];

test('names are found as clients write them', async (t) => {
  const tree = Object.fromEntries(NAMES.map(([name]) => [name, name]));
  const { connect } = await startFiles(t, tree, { dotfiles: 'allow' });
  const client = await connect();
  for (const [name, target] of NAMES) {
    const { status, text } = await client.ask(get(target));
    assert.deepEqual([status, text], [200, name], target);
  }
});

test('the case of a name counts, and a name of another normal form is another one', async (t) => {
  const { connect } = await startFiles(t, { 'a.txt': '', '\u00fc.txt': 'one', 'u\u0308.txt': 'two' });
  const client = await connect();
  assert.equal((await client.ask(get('/A.txt'))).status, 404);
  assert.equal((await client.ask(get('/%C3%BC.txt'))).text, 'one');
  assert.equal((await client.ask(get('/u%CC%88.txt'))).text, 'two');
});

test('a name need not be UTF-8', async (t) => {
  const { folder, connect } = await startFiles(t, {});
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xe4])]), 'latin1');
  assert.equal((await (await connect()).ask(get('/%E4'))).text, 'latin1');
});

const SIZES = [0, 1, 100, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 1024 * 1024 + 1, 5_000_000];

for (const bytes of SIZES) {
  test(`a file of ${String(bytes)} bytes comes whole, also from the cache, and HEAD has the same head`, async (t) => {
    const contents = numberedBytes(bytes);
    const { server, connect } = await startFiles(t, { 'a.bin': contents });
    const client = await connect();
    const first = await client.ask(get('/a.bin'));
    for (const again of [await client.ask(get('/a.bin')), await client.ask(get('/a.bin'))]) {
      assert.ok(again.body.equals(contents));
      assert.deepEqual(again.headers, { ...first.headers, date: again.headers['date'] });
    }
    assert.ok(first.body.equals(contents));
    assert.equal(first.headers['content-length'], String(bytes));
    assert.equal(first.headers['accept-ranges'], 'bytes');
    assert.equal(first.headers['cache-control'], 'public, max-age=0');
    assert.match(first.headers['etag'] ?? '', /^"[0-9a-f]+-[0-9a-f]+"$/);
    assert.match(first.headers['last-modified'] ?? '', / GMT$/);
    assert.equal(first.headers['vary'], undefined);
    const toHead = await client.ask(head('HEAD', '/a.bin'), { head: true });
    assert.deepEqual(toHead.headers, { ...first.headers, date: toHead.headers['date'] });
    assert.equal((await client.stillServes(get('/a.bin'))).status, 200);
    const { requests } = server.stats();
    assert.deepEqual([requests.handled, requests.native], [0, 5]);
  });
}

test('HEAD of a file that nobody has asked for before has the head of GET', async (t) => {
  const { connect } = await startFiles(t, { 'a.txt': 'abc' });
  const client = await connect();
  const toHead = await client.ask(head('HEAD', '/a.txt'), { head: true });
  assert.deepEqual([toHead.status, toHead.headers['content-length']], [200, '3']);
});

test('other methods are answered 405 with Allow, OPTIONS 204, unless a route has them', async (t) => {
  const { connect } = await startFiles(
    t,
    { 'a.txt': 'abc', 'b.txt': 'abc' },
    {},
    {
      prefix: '/files',
      routes: (server) =>
        server.delete('/files/b.txt', (_req, res) => {
          res.text('deleted');
        }),
    },
  );
  const client = await connect();
  for (const request of [
    post('/files/a.txt', 'x'),
    head('PUT', '/files/a.txt'),
    head('DELETE', '/files/a.txt'),
  ]) {
    const { status, headers } = await client.ask(request);
    assert.deepEqual([status, headers['allow']], [405, 'GET, HEAD, OPTIONS'], request);
  }
  const options = await client.ask(head('OPTIONS', '/files/a.txt'));
  assert.deepEqual([options.status, options.headers['allow']], [204, 'GET, HEAD, OPTIONS']);
  assert.equal((await client.ask(head('DELETE', '/files/b.txt'))).text, 'deleted');
  assert.equal((await client.ask(get('/files/b.txt'))).text, 'abc');
});

interface DirectoryCase {
  readonly name: string;
  readonly options?: StaticOptions;
  readonly target: string;
  readonly status: number;
  readonly text?: string;
  readonly location?: string;
}

const DIRECTORY_TREE: Tree = {
  'index.html': 'top',
  'sub/index.html': 'sub',
  'sub/deeper/index.html': 'deeper',
  'bare/': '',
  'other/default.htm': 'default',
  'strange/index.html/': '',
  'nested/home/page.html': 'nested page',
  'a b/index.html': 'spaces',
  'file.txt': 'file',
  'about.html': 'about',
  'both.html': 'html',
  'both.htm': 'htm',
  'both.txt/index.html': 'directory',
  named: 'no extension',
  'named.html': 'extension',
  'evil.example/index.html': 'evil',
};

const DIRECTORIES: readonly DirectoryCase[] = [
  { name: 'the root', target: '/', status: 200, text: 'top' },
  { name: 'the root with a query', target: '/?a=b', status: 200, text: 'top' },
  { name: 'a directory', target: '/sub/', status: 200, text: 'sub' },
  { name: 'one in it', target: '/sub/deeper/', status: 200, text: 'deeper' },
  { name: 'no index', target: '/bare/', status: 404 },
  { name: 'an index that is a directory', target: '/strange/', status: 404 },
  {
    name: 'another index',
    target: '/other/',
    options: { index: 'default.htm' },
    status: 200,
    text: 'default',
  },
  {
    name: 'the second of several',
    target: '/other/',
    options: { index: ['index.html', 'default.htm'] },
    status: 200,
    text: 'default',
  },
  {
    name: 'the first of several',
    target: '/sub/',
    options: { index: ['index.html', 'default.htm'] },
    status: 200,
    text: 'sub',
  },
  { name: 'index: false', target: '/sub/', options: { index: false }, status: 404 },
  { name: 'index: []', target: '/sub/', options: { index: [] }, status: 404 },
  {
    name: 'an index below',
    target: '/nested/',
    options: { index: 'home/page.html' },
    status: 200,
    text: 'nested page',
  },
  { name: 'no slash', target: '/sub', status: 301, location: '/sub/' },
  { name: 'no slash, a query', target: '/sub?a=b&c=%20', status: 301, location: '/sub/?a=b&c=%20' },
  { name: 'no slash, an empty query', target: '/sub?', status: 301, location: '/sub/' },
  { name: 'no slash, deeper', target: '/sub/deeper', status: 301, location: '/sub/deeper/' },
  { name: 'no slash, encoded', target: '/a%20b', status: 301, location: '/a%20b/' },
  { name: 'no slash, no index', target: '/bare', status: 301, location: '/bare/' },
  {
    name: 'no slash, index: false',
    target: '/sub',
    options: { index: false },
    status: 301,
    location: '/sub/',
  },
  { name: 'redirect: false', target: '/sub', options: { redirect: false }, status: 404 },
  {
    name: 'redirect: false, with the slash',
    target: '/sub/',
    options: { redirect: false },
    status: 200,
    text: 'sub',
  },
  { name: 'two slashes ahead', target: '//evil.example', status: 301, location: '/evil.example/' },
  { name: 'many slashes ahead', target: '/////evil.example', status: 301, location: '/evil.example/' },
  {
    name: 'slashes in an absolute form',
    target: 'http://test//evil.example',
    status: 301,
    location: '/evil.example/',
  },
  { name: 'a slash behind a file', target: '/file.txt/', status: 404 },
  { name: 'something behind a file', target: '/file.txt/x', status: 404 },
  { name: 'no extensions are tried by default', target: '/about', status: 404 },
  { name: 'an extension', target: '/about', options: { extensions: ['html'] }, status: 200, text: 'about' },
  {
    name: 'an extension with its dot',
    target: '/about',
    options: { extensions: ['.html'] },
    status: 200,
    text: 'about',
  },
  {
    name: 'the first extension',
    target: '/both',
    options: { extensions: ['htm', 'html'] },
    status: 200,
    text: 'htm',
  },
  {
    name: 'an extension that is a directory',
    target: '/both',
    options: { extensions: ['txt', 'html'] },
    status: 200,
    text: 'html',
  },
  {
    name: 'an extension, but the name itself is there',
    target: '/named',
    options: { extensions: ['html'] },
    status: 200,
    text: 'no extension',
  },
  { name: 'an extension and a slash', target: '/about/', options: { extensions: ['html'] }, status: 404 },
  {
    name: 'an extension, but a directory has the name',
    target: '/sub',
    options: { extensions: ['html'] },
    status: 301,
    location: '/sub/',
  },
  { name: 'extensions: false', target: '/about', options: { extensions: false }, status: 404 },
];

for (const { name, options, target, status, text, location } of DIRECTORIES) {
  test(`directories and extensions: ${name}`, async (t) => {
    const { connect } = await startFiles(t, DIRECTORY_TREE, options);
    const client = await connect();
    for (let i = 0; i < 2; i++) {
      const answer = await client.ask(get(target));
      assert.deepEqual([answer.status, answer.headers['location']], [status, location]);
      if (text !== undefined) {
        assert.equal(answer.text, text);
        const type = `text/html; charset=utf-8`;
        if (text !== 'no extension') assert.equal(answer.headers['content-type'], type);
      }
    }
  });
}

test('the prefix without its slash is redirected, with its query', async (t) => {
  for (const prefix of ['/assets', '/assets/']) {
    const { connect } = await startFiles(t, { 'index.html': 'top', 'a.txt': 'a' }, {}, { prefix });
    const client = await connect();
    const { status, headers } = await client.ask(get('/assets?x=1'));
    assert.deepEqual([status, headers['location']], [301, '/assets/?x=1']);
    assert.equal((await client.ask(get('/assets/'))).text, 'top');
    assert.equal((await client.ask(get('/assets/a.txt'))).text, 'a');
    for (const elsewhere of ['/', '/a.txt', '/assetsa.txt', '/ASSETS/a.txt'])
      assert.equal((await client.ask(get(elsewhere))).status, 404, elsewhere);
  }
});

test('the prefix without its slash is not found with redirect: false', async (t) => {
  const { connect } = await startFiles(t, { 'index.html': '' }, { redirect: false }, { prefix: '/assets' });
  assert.equal((await (await connect()).ask(get('/assets'))).status, 404);
});

test('what is no regular file is not found', async (t) => {
  const { folder, connect } = await startFiles(t, { null: { link: '/dev/null' } }, { symlinks: 'follow' });
  execFileSync('mkfifo', [`${folder}/fifo`]);
  const client = await connect();
  assert.equal((await client.ask(get('/fifo'))).status, 404);
  assert.equal((await client.ask(get('/null'))).status, 404);
});
