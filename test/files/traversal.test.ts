// No path leads out of the directory that is served, and nobody learns what is there.

import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import type { StaticOptions } from 'millrace';

import { NoAnswer } from '../helpers/client.js';
import { startFiles, type FileServer, type Tree } from '../helpers/files.js';
import { get } from '../helpers/requests.js';

const SECRET = 'the secret of the house';
const SECRET_LIKE = /the secret of the house|root:[^:]*:0:0/;

/** `^` stands for the prefix, with its slash. Each character is one byte. */
const PATHS: readonly string[] = [
  '^../secret.txt',
  '^../../secret.txt',
  '^../public/../secret.txt',
  '^sub/../../secret.txt',
  '^sub/../a.txt/../../secret.txt',
  '^./../secret.txt',
  '^.//../secret.txt',
  '^..//secret.txt',
  '^../',
  '^..',
  '^...',
  '^../etc/passwd',
  '^../../../../../../../../../../etc/passwd',
  '^sub/../../../../../../../../../../../etc/passwd',
  '^/etc/passwd',
  '^//etc/passwd',
  '^///etc/passwd',
  '/etc/passwd',
  '//etc/passwd',
  '///../../etc/passwd',
  '^%2e%2e/secret.txt',
  '^%2E%2E/secret.txt',
  '^.%2e/secret.txt',
  '^%2e./secret.txt',
  '^%2e%2e%2fsecret.txt',
  '^..%2fsecret.txt',
  '^..%2Fsecret.txt',
  '^..%2f..%2f..%2f..%2f..%2fetc%2fpasswd',
  '^%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  '^%2fetc%2fpasswd',
  '^%2f%2fetc/passwd',
  '^sub%2f..%2f..%2fsecret.txt',
  '^%252e%252e/secret.txt',
  '^%252e%252e%252fsecret.txt',
  '^..%252fsecret.txt',
  '^%25252e%25252e/secret.txt',
  '^%c0%ae%c0%ae/secret.txt',
  '^%c0%ae%c0%ae%c0%afsecret.txt',
  '^..%c0%afsecret.txt',
  '^..%c1%9csecret.txt',
  '^%e0%80%ae%e0%80%ae/secret.txt',
  '^..%e0%80%afsecret.txt',
  '^%f0%80%80%ae%f0%80%80%ae/secret.txt',
  '^%fc%80%80%80%80%ae%fc%80%80%80%80%ae/secret.txt',
  '^%uff0e%uff0e/secret.txt',
  '^%u002e%u002e/secret.txt',
  '^%ef%bc%8e%ef%bc%8e/secret.txt',
  '^%ef%bc%8e%ef%bc%8e%ef%bc%8fsecret.txt',
  '^..%ef%bc%8fsecret.txt',
  '^..\\secret.txt',
  '^\\..\\secret.txt',
  '^..%5csecret.txt',
  '^..%5Csecret.txt',
  '^%2e%2e%5csecret.txt',
  '^..%255csecret.txt',
  '^sub\\..\\..\\secret.txt',
  '\\..\\..\\etc\\passwd',
  '^..%00/secret.txt',
  '^../secret.txt%00',
  '^../secret.txt%00.html',
  '^a.txt%00/../../secret.txt',
  '^%00../secret.txt',
  '^..%0d%0a/secret.txt',
  '^..%0a/secret.txt',
  '^%09../secret.txt',
  '^..%20/secret.txt',
  '^.. /secret.txt',
  '^..;/secret.txt',
  '^..;x=y/secret.txt',
  '^.;/../secret.txt',
  '^..?/secret.txt',
  '^..#/secret.txt',
  '^../secret.txt?x',
  '^..%3f/secret.txt',
  '^....//secret.txt',
  '^..../secret.txt',
  '^.../...//secret.txt',
  '^..%/secret.txt',
  '^..%2/secret.txt',
  '^..%2g/secret.txt',
  '^%2e%2e%2',
  '^~root/.profile',
  '^~/secret.txt',
  '^C:/secret.txt',
  '^C:%5csecret.txt',
  '^file:///etc/passwd',
  'file:///etc/passwd',
  'http://test/../secret.txt',
  'http://test^../secret.txt',
  'http://test^%2e%2e/secret.txt',
  'http://test//etc/passwd',
  'http://test\\..\\secret.txt',
  'http://../secret.txt',
  '^proc/self/environ',
  '^../../../../../../proc/self/environ',
  '^../../../../../../proc/self/root/etc/passwd',
  '^../../../../../../dev/fd/0',
  `^${'../'.repeat(500)}etc/passwd`,
  `^${'%2e%2e/'.repeat(300)}etc/passwd`,
  `^${'sub/../'.repeat(300)}../secret.txt`,
  `^${'a'.repeat(300)}/../../secret.txt`,
  `^${'a/'.repeat(2000)}../secret.txt`,
  `^${'/'.repeat(2000)}etc/passwd`,
  `^${'%c0%ae'.repeat(300)}`,
  '..',
  '../secret.txt',
  'secret.txt',
  '*',
  '.',
  '%2e%2e/secret.txt',
];

/** Each is hidden only by what begins with a dot. */
const DOT_PATHS: readonly string[] = [
  '^.git/config',
  '^.git%2fconfig',
  '^%2egit/config',
  '^%2Egit/config',
  '^/.git/config',
  '^.git//config',
  '^./.git/config',
  '^sub/../.git/config',
  '^.env',
  '^%2eenv',
  '^.env%20',
  '^.env/',
  '^sub/.env',
  '^sub/%2eenv',
];

/** Links that lead nowhere or out. */
const LINKS = {
  out: { link: '../secret.txt' },
  'out-directory': { link: '..' },
  'out-absolute': { link: '/etc/passwd' },
  'out-root': { link: '/' },
  'sub/out': { link: '../../secret.txt' },
  'out-and-back': { link: '../public/../secret.txt' },
  through: { link: 'out-directory' },
  loop: { link: 'loop' },
  'loop-a': { link: 'loop-b' },
  'loop-b': { link: 'loop-a' },
  process: { link: '/proc/self/root' },
  dangling: { link: '../nothing' },
} as const;

const LINK_PATHS: readonly string[] = [
  '^out',
  '^out-directory/secret.txt',
  '^out-directory/',
  '^out-directory',
  '^out-absolute',
  '^out-root/etc/passwd',
  '^sub/out',
  '^out-and-back',
  '^through/secret.txt',
  '^through/out-directory/secret.txt',
  '^loop',
  '^loop-a',
  '^loop/secret.txt',
  '^process/etc/passwd',
  '^dangling',
  '^out-directory/%2e%2e/secret.txt',
];

const TREE = {
  'a.txt': 'harmless',
  'index.html': 'harmless',
  'sub/index.html': 'harmless',
  'sub/.env': SECRET,
  '.env': SECRET,
  '.git/config': SECRET,
};

const REFUSALS = [301, 400, 404, 414, 431];

async function attack({ connect }: FileServer, prefix: string, path: string): Promise<void> {
  const client = await connect();
  const target = path.replace('^', prefix);
  const what = `${JSON.stringify(target.slice(0, 100))} below ${prefix}`;
  const answer = await client.ask(get(target)).catch((error: unknown) => {
    if (error instanceof NoAnswer && client.isEnded) return undefined;
    throw error;
  });
  client.destroy();
  if (answer === undefined) return;
  assert.doesNotMatch(answer.text, SECRET_LIKE, what);
  if (answer.status === 200) assert.equal(answer.text, 'harmless', what);
  else assert.ok(REFUSALS.includes(answer.status), `${String(answer.status)} for ${what}`);
  // Nothing that a browser takes for another host (RFC 3986 §4.2).
  if (answer.status === 301) assert.match(answer.headers['location']!, /^\/(?![/\\])/, what);
}

async function startHouse(
  t: TestContext,
  tree: Tree,
  prefix: string,
  options: StaticOptions,
): Promise<FileServer> {
  const house = await startFiles(t, { ...TREE, ...tree }, options, { prefix });
  writeFileSync(join(house.outside, 'secret.txt'), SECRET);
  return house;
}

for (const prefix of ['/', '/files/']) {
  for (const symlinks of ['beneath', 'follow', 'refuse'] as const) {
    test(`${String(PATHS.length)} paths do not lead out of ${prefix} with symlinks: '${symlinks}'`, async (t) => {
      const house = await startHouse(t, {}, prefix, { symlinks });
      for (const path of [...PATHS, ...DOT_PATHS]) await attack(house, prefix, path);
      const client = await house.connect();
      assert.equal((await client.ask(get(`${prefix}a.txt`))).text, 'harmless');
    });
  }

  for (const symlinks of ['beneath', 'refuse'] as const) {
    test(`links do not lead out of ${prefix} with symlinks: '${symlinks}'`, async (t) => {
      const house = await startHouse(t, LINKS, prefix, { symlinks, extensions: ['txt'] });
      for (const path of [...LINK_PATHS, ...PATHS]) await attack(house, prefix, path);
    });
  }

  test(`with all that can be allowed, paths still do not lead out of ${prefix}`, async (t) => {
    const options: StaticOptions = {
      dotfiles: 'allow',
      symlinks: 'follow',
      extensions: ['txt'],
      precompressed: true,
    };
    const outside = await startFiles(t, { 'a.txt': 'harmless', 'index.html': 'harmless' }, options, {
      prefix,
    });
    writeFileSync(join(outside.outside, 'secret.txt'), SECRET);
    for (const path of PATHS) await attack(outside, prefix, path);
  });
}

const POLICIES: readonly { path: string; beneath: number; follow: number; refuse: number }[] = [
  { path: '/a.txt', beneath: 200, follow: 200, refuse: 200 },
  { path: '/inside', beneath: 200, follow: 200, refuse: 404 },
  { path: '/inside-absolute', beneath: 404, follow: 200, refuse: 404 },
  { path: '/directory/index.html', beneath: 200, follow: 200, refuse: 404 },
  { path: '/directory', beneath: 301, follow: 301, refuse: 404 },
  { path: '/sub/up', beneath: 200, follow: 200, refuse: 404 },
  { path: '/out', beneath: 404, follow: 200, refuse: 404 },
  { path: '/out-and-back', beneath: 404, follow: 200, refuse: 404 },
  { path: '/loop', beneath: 404, follow: 404, refuse: 404 },
  { path: '/dangling', beneath: 404, follow: 404, refuse: 404 },
];

for (const symlinks of ['beneath', 'follow', 'refuse'] as const) {
  test(`links are answered as symlinks: '${symlinks}' says`, async (t) => {
    const house = await startHouse(
      t,
      {
        inside: { link: 'a.txt' },
        directory: { link: './sub' },
        'sub/up': { link: '../a.txt' },
        out: { link: '../secret.txt' },
        'out-and-back': { link: '../public/a.txt' },
        loop: { link: 'loop' },
        dangling: { link: 'nothing' },
      },
      '/',
      { symlinks },
    );
    symlinkSync(join(house.folder, 'a.txt'), join(house.folder, 'inside-absolute'));
    const client = await house.connect();
    for (const row of POLICIES)
      assert.equal((await client.ask(get(row.path))).status, row[symlinks], row.path);
  });
}

test('what is hidden is answered as what is not there', async (t) => {
  const house = await startHouse(t, LINKS, '/', {});
  const client = await house.connect();
  const absent = await client.ask(get('/nothing-at-all'));
  for (const path of [
    '/.env',
    '/.git/config',
    '/out',
    '/out-root/etc/passwd',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
  ]) {
    const hidden = await client.ask(get(path));
    assert.deepEqual(
      { ...hidden.headers, date: '', status: hidden.status, text: hidden.text },
      { ...absent.headers, date: '', status: absent.status, text: absent.text },
      path,
    );
  }
});

test('a link that leads out does so neither as an index, an extension, a fallback nor a sibling', async (t) => {
  const out = { link: '../secret.txt' };
  const house = await startHouse(
    t,
    { 'd/index.html': out, 'e.html': out, 'a.txt.gz': out, 'fallback.html': out },
    '/',
    { extensions: ['html'], precompressed: true, fallback: 'fallback.html' },
  );
  for (const path of ['^d/', '^e', '^e.html', '^nothing']) await attack(house, '/', path);
  const client = await house.connect();
  const answer = await client.ask(get('/a.txt', { 'Accept-Encoding': 'gzip' }));
  assert.deepEqual([answer.text, answer.headers['content-encoding']], ['harmless', undefined]);
});
