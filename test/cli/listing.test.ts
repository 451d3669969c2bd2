// The page of `millrace serve --listing`: every name leads to its file, and none becomes a part of the page.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { openDirectory } from '#lib/cli/listing.js';
import { listingPage, sizeText } from '#lib/cli/listing-page.js';

import { Client } from '../helpers/client.js';
import { PACKAGE_ROOT } from '../helpers/script.js';
import { folderWith, startServe } from './cli.js';

/** Root reads everything, and only root can become somebody else. */
const CAN_BE_SOMEBODY_ELSE = process.getuid?.() === 0;
const LISTING = pathToFileURL(join(PACKAGE_ROOT, 'dist/cli/listing.js')).href;

const NAMES = [
  'plain.txt',
  'a b+c%20d.txt',
  '<script>alert(1)<',
  '"onload="x"\'.txt',
  '&amp;.txt',
  'http:x',
  '?q#f',
  'ümläut-日本-😀.txt',
  'right\u202eto-left.txt',
  '...',
];

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function decodeHtml(text: string): string {
  return text.replaceAll(/&(#?\w+);/g, (_, name: string) => ENTITIES[name]!);
}

test('each name leads to its file, as it is shown', async (t) => {
  const folder = folderWith(t, Object.fromEntries(NAMES.map((name) => [name, `contents of ${name}`])));
  const { get, url } = await startServe(t, folder, ['--listing', '--dotfiles']);
  const page = await (await get('/')).text();
  const links = [...page.matchAll(/<td><a href="([^"]*)"><bdi>([^<]*)<\/bdi><\/a><\/td>/g)];
  const shown = links.map(([, , text]) => decodeHtml(text!));
  assert.deepEqual(shown.toSorted(), NAMES.map((name) => name.replace('\u202e', '\ufffd')).toSorted());
  for (const [, href, text] of links) {
    const { pathname, search } = new URL(decodeHtml(href!), `${url}/`);
    const contents = await (await get(pathname + search)).text();
    assert.equal(contents.replace('\u202e', '\ufffd'), `contents of ${decodeHtml(text!)}`);
  }
  // Tags are the template's.
  assert.doesNotMatch(page, /<script|onload="x"/);
});

test('names that are no UTF-8 lead to their files too', async (t) => {
  const folder = folderWith(t, {});
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('caf\xe9.txt', 'latin1')]), 'latin');
  const { get } = await startServe(t, folder, ['--listing']);
  assert.match(await (await get('/')).text(), /href="\.\/caf%E9\.txt"><bdi>caf\ufffd\.txt</);
});

test('names that no path leads to, and what is hidden, are not shown', async (t) => {
  const folder = folderWith(t, { 'a\\b': '', 'line\nfeed': '', '.hidden/x': '', '.dot': '', seen: '' });
  const { get } = await startServe(t, folder, ['--listing']);
  const links = [...(await (await get('/')).text()).matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
  assert.deepEqual(links, ['./seen']);
  assert.equal((await get('/.hidden/')).status, 404);
});

/** Names of links and directories below the root, and what those that are links lead to. */
const LINKS: Readonly<Record<string, (folder: string) => string>> = {
  file: () => 'sub/a.txt',
  'to-link': () => './file',
  'sub/up': () => '../sub/../sub',
  'sub/absolute': (folder) => join(folder, 'sub'),
  'absolute-file': (folder) => join(folder, 'sub/a.txt'),
  'to-absolute': () => 'absolute-file',
  'through-absolute': () => 'sub/absolute/a.txt',
  'round-about': (folder) => `../${basename(folder)}/sub`,
  out: () => '..',
  loop: () => 'loop',
  'through-file': () => 'sub/a.txt/../a.txt',
};

test('links are shown that are served, and no others, and so are directories behind them', async (t) => {
  const folder = folderWith(t, { 'sub/a.txt': 'contents' });
  for (const [name, target] of Object.entries(LINKS)) symlinkSync(target(folder), join(folder, name));
  const { get } = await startServe(t, folder, ['--listing']);
  const shown = async (path: string): Promise<readonly string[]> => {
    const page = await (await get(path)).text();
    return [...page.matchAll(/<td><a href="(\.\/[^"]*)"/g)].map(([, href]) => href!);
  };
  assert.deepEqual(await shown('/'), ['./sub/', './file', './to-link']);
  assert.deepEqual(await shown('/sub/'), ['./up/', './a.txt']);
  assert.deepEqual(await shown('/sub/up/up/'), ['./up/', './a.txt']);
  for (const path of ['/file', '/to-link', '/sub/up/a.txt', '/sub/up/up/a.txt'])
    assert.equal(await (await get(path)).text(), 'contents', path);
  for (const path of [
    '/sub/absolute/',
    '/sub/absolute',
    '/round-about/',
    '/out/',
    '/loop/',
    '/absolute-file',
  ])
    assert.equal((await get(path)).status, 404, path);
});

function isTooLongToBeTold(fd: string): boolean {
  try {
    readlinkSync(`/proc/self/fd/${fd}`);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENAMETOOLONG';
  }
}

test('a directory with a path that is too long to be told leaves nothing open', async (t) => {
  const folder = folderWith(t, {});
  const deep = Array.from({ length: 14 }, () => 'd'.repeat(200)).join('/');
  mkdirSync(join(folder, deep), { recursive: true });
  symlinkSync(deep, join(folder, 'one'));
  mkdirSync(join(folder, 'one', deep), { recursive: true });
  symlinkSync(deep, join(folder, 'one', 'two'));
  try {
    assert.equal(await openDirectory(folder, Buffer.from('one/two')), undefined);
    assert.deepEqual(
      readdirSync('/proc/self/fd').filter((fd) => isTooLongToBeTold(fd)),
      [],
    );
  } finally {
    // Below here its path is too long to be removed with the rest.
    rmSync(join(folder, 'one', 'd'.repeat(200)), { recursive: true });
  }
});

test('directories come first, names in the order of people, with a way up', async (t) => {
  const folder = folderWith(t, { 'sub/file10': '', 'sub/file9': '', 'sub/zoo/x': '', 'sub/Alpha/x': '' });
  const { get } = await startServe(t, folder, ['--listing']);
  const page = await (await get('/sub/')).text();
  const links = [...page.matchAll(/<td><a href="([^"]*)"/g)].map(([, href]) => href);
  assert.deepEqual(links, ['../', './Alpha/', './zoo/', './file9', './file10']);
  assert.match(page, /<title>Index of \/sub\/<\/title>/);
  assert.doesNotMatch(await (await get('/')).text(), /"\.\.\/"/);
});

test('a time that JavaScript has no date for is left out', () => {
  const entry = { name: Buffer.from('a'), isDirectory: false, size: 1, modified: new Date(NaN) };
  const page = listingPage('', { entries: [entry], left: 0 });
  assert.match(page, /<bdi>a<\/bdi>/);
  assert.doesNotMatch(page, /<time/);
});

test('what this process may not read is not shown', { skip: !CAN_BE_SOMEBODY_ELSE }, (t) => {
  const folder = folderWith(t, {
    'seen/x': '',
    'locked/x': '',
    'unlisted/index.html': '',
    open: '',
    closed: '',
  });
  chmodSync(join(folder, 'unlisted'), 0o711);
  chmodSync(join(folder, 'locked'), 0);
  chmodSync(join(folder, 'closed'), 0);
  const script = `
    import { openDirectory, readEntries } from ${JSON.stringify(LISTING)};
    process.setuid(65534);
    const found = await readEntries(await openDirectory(process.argv[1], Buffer.from('')), false);
    console.log(found.entries.map(({ name }) => name.toString()).join());`;
  chmodSync(folder, 0o755);
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script, folder], {
    encoding: 'utf8',
  });
  assert.equal(stdout, 'seen,open\n');
});

test('an empty directory says so, and index.html comes before a listing', async (t) => {
  const folder = folderWith(t, { 'with/index.html': 'home' });
  mkdirSync(join(folder, 'empty'));
  const { get } = await startServe(t, folder, ['--listing']);
  assert.match(await (await get('/empty/')).text(), /Nothing is in here/);
  assert.equal(await (await get('/with/')).text(), 'home');
});

test('HEAD has the head of GET and no body; nothing in the page may run', async (t) => {
  const folder = folderWith(t, { 'a.txt': '' });
  const { port } = await startServe(t, folder, ['--listing']);
  const client = await Client.connect(t, { port });
  const got = await client.ask('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  assert.match(
    String(got.headers['content-security-policy']),
    /^default-src 'none'; style-src 'unsafe-inline'/,
  );
  const head = await client.ask('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n', { head: true });
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], got.headers['content-length']);
  assert.equal(client.unreadBytes, 0);
});

for (const path of [
  '/%2e%2e/',
  '/../',
  '/sub/%2e%2e%2f/',
  '/sub%2f..%2f..%2f/',
  '/%',
  '/%zz/',
  '/sub%00/',
  '/sub\\..\\/',
]) {
  test(`${path} is no directory`, async (t) => {
    const { port } = await startServe(t, folderWith(t, { 'sub/a': '' }), ['--listing']);
    const client = await Client.connect(t, { port });
    const { status } = await client.ask(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert.ok(status === 404 || status === 400, String(status));
  });
}

test('more entries than a page has room for are counted', async (t) => {
  const folder = folderWith(t, {});
  for (let n = 0; n < 5002; n++) writeFileSync(join(folder, `f${String(n)}`), '');
  mkdirSync(join(folder, 'z'));
  const { get } = await startServe(t, folder, ['--listing']);
  const page = await (await get('/')).text();
  assert.match(page, /And 3 more, which are not shown/);
  assert.equal(/<td><a href="([^"]*)"/.exec(page)?.[1], './z/');
});

for (const [bytes, text] of [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 * 1024 - 1, '1.0 MiB'],
  [5_000_000_000, '4.7 GiB'],
] as const) {
  test(`${String(bytes)} bytes are ${text}`, () => {
    assert.equal(sizeText(bytes), text);
  });
}
