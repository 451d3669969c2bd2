// The options of static(): what they do to an answer, and what is refused.

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { OptionError } from 'millrace';
import { createServer, type StaticOptions } from 'millrace';

import { startFiles, temporaryFolder } from '../helpers/files.js';
import { get } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';

const FIELDS: readonly {
  name: string;
  options: StaticOptions;
  fields: Readonly<Record<string, string | undefined>>;
}[] = [
  { name: 'none', options: {}, fields: { 'cache-control': 'public, max-age=0', 'accept-ranges': 'bytes' } },
  {
    name: 'undefined',
    options: { maxAge: undefined, etag: undefined },
    fields: { 'cache-control': 'public, max-age=0' },
  },
  { name: 'maxAge: 0', options: { maxAge: 0 }, fields: { 'cache-control': 'public, max-age=0' } },
  {
    name: 'maxAge in milliseconds',
    options: { maxAge: 60_000 },
    fields: { 'cache-control': 'public, max-age=60' },
  },
  {
    name: 'maxAge is rounded down',
    options: { maxAge: 1999 },
    fields: { 'cache-control': 'public, max-age=1' },
  },
  { name: "maxAge: '90s'", options: { maxAge: '90s' }, fields: { 'cache-control': 'public, max-age=90' } },
  { name: "maxAge: '1m'", options: { maxAge: '1m' }, fields: { 'cache-control': 'public, max-age=60' } },
  {
    name: "maxAge: '2 hours'",
    options: { maxAge: '2 hours' },
    fields: { 'cache-control': 'public, max-age=7200' },
  },
  {
    name: "maxAge: '1.5h'",
    options: { maxAge: '1.5h' },
    fields: { 'cache-control': 'public, max-age=5400' },
  },
  { name: "maxAge: '1d'", options: { maxAge: '1d' }, fields: { 'cache-control': 'public, max-age=86400' } },
  {
    name: "maxAge: '7 days'",
    options: { maxAge: '7 days' },
    fields: { 'cache-control': 'public, max-age=604800' },
  },
  { name: "maxAge: '2w'", options: { maxAge: '2w' }, fields: { 'cache-control': 'public, max-age=1209600' } },
  {
    name: "maxAge: '1y'",
    options: { maxAge: '1y' },
    fields: { 'cache-control': 'public, max-age=31557600' },
  },
  { name: "maxAge: '5000'", options: { maxAge: '5000' }, fields: { 'cache-control': 'public, max-age=5' } },
  {
    name: 'immutable',
    options: { maxAge: '1y', immutable: true },
    fields: { 'cache-control': 'public, max-age=31557600, immutable' },
  },
  { name: 'cacheControl: false', options: { cacheControl: false }, fields: { 'cache-control': undefined } },
  {
    name: 'Cache-Control of your own',
    options: { headers: { 'cache-control': 'no-store' } },
    fields: { 'cache-control': 'no-store' },
  },
  { name: 'etag: false', options: { etag: false }, fields: { etag: undefined } },
  { name: 'lastModified: false', options: { lastModified: false }, fields: { 'last-modified': undefined } },
  { name: 'acceptRanges: false', options: { acceptRanges: false }, fields: { 'accept-ranges': undefined } },
  {
    name: 'headers',
    options: { headers: { 'X-One': '1', 'X-Two': ['a', 'b'], 'X-Three': 3 } },
    fields: { 'x-one': '1', 'x-two': 'a, b', 'x-three': '3' },
  },
  { name: 'precompressed', options: { precompressed: true }, fields: { vary: 'Accept-Encoding' } },
  { name: 'precompressed: []', options: { precompressed: [] }, fields: { vary: undefined } },
];

for (const { name, options, fields } of FIELDS) {
  test(`what options do to the head of a file and its 304: ${name}`, async (t) => {
    const { connect } = await startFiles(t, { 'a.txt': 'abc' }, options);
    const client = await connect();
    const answer = await client.ask(get('/a.txt'));
    assert.equal(answer.status, 200);
    assert.equal(answer.text, 'abc');
    for (const [field, value] of Object.entries(fields)) assert.equal(answer.headers[field], value, field);
    const unchanged = await client.ask(get('/a.txt', { 'If-None-Match': '*' }));
    assert.equal(unchanged.status, 304);
    for (const field of ['etag', 'last-modified', 'cache-control', 'vary', 'x-one'])
      assert.equal(unchanged.headers[field], answer.headers[field], field);
    for (const field of ['content-type', 'content-length', 'content-encoding'])
      assert.equal(unchanged.headers[field], undefined, field);
  });
}

test('a Last-Modified of your own is the only one, as long as the one of the file is off', async (t) => {
  const headers = { 'Last-Modified': 'Sun, 06 Nov 1994 08:49:37 GMT' };
  const { connect } = await startFiles(t, { 'a.txt': 'abc' }, { lastModified: false, headers });
  const answer = await (await connect()).ask(get('/a.txt'));
  assert.equal(answer.headers['last-modified'], headers['Last-Modified']);
});

test('an Accept-Ranges among the headers is the one that is sent, and what it says is done', async (t) => {
  const { connect } = await startFiles(t, { 'a.txt': 'abc' }, { headers: { 'Accept-Ranges': 'none' } });
  const answer = await (await connect()).ask(get('/a.txt', { Range: 'bytes=0-0' }));
  assert.deepEqual([answer.status, answer.headers['accept-ranges']], [200, 'none']);
});

test('with acceptRanges: false a Range field is ignored', async (t) => {
  const { connect } = await startFiles(t, { 'a.txt': 'abc' }, { acceptRanges: false });
  const answer = await (await connect()).ask(get('/a.txt', { Range: 'bytes=0-0' }));
  assert.deepEqual([answer.status, answer.text], [200, 'abc']);
});

const DOTFILES: readonly { target: string; ignored: number; allowed: number }[] = [
  { target: '/.env', ignored: 404, allowed: 200 },
  { target: '/%2eenv', ignored: 404, allowed: 200 },
  { target: '/.git/config', ignored: 404, allowed: 200 },
  { target: '/sub/.hidden', ignored: 404, allowed: 200 },
  { target: '/.git', ignored: 404, allowed: 301 },
  { target: '/.git/', ignored: 404, allowed: 404 },
  { target: '/.well-known/security.txt', ignored: 404, allowed: 200 },
  { target: '/.nothing', ignored: 404, allowed: 404 },
  { target: '/a.', ignored: 200, allowed: 200 },
];
const DOT_TREE = {
  '.env': 'secret',
  '.git/config': 'secret',
  'sub/.hidden': 'secret',
  '.well-known/security.txt': 'contact',
  'a.': 'visible',
};

test('dotfiles are as if they were not there, unless they are allowed', async (t) => {
  const ignoring = await (await startFiles(t, DOT_TREE)).connect();
  const alike = await (await startFiles(t, DOT_TREE, { dotfiles: 'ignore' })).connect();
  const allowing = await (await startFiles(t, DOT_TREE, { dotfiles: 'allow' })).connect();
  for (const { target, ignored, allowed } of DOTFILES) {
    assert.equal((await ignoring.ask(get(target))).status, ignored, target);
    assert.equal((await alike.ask(get(target))).status, ignored, target);
    assert.equal((await allowing.ask(get(target))).status, allowed, target);
  }
});

test('a root for .well-known alone serves it', async (t) => {
  const wellKnown = temporaryFolder(t);
  writeFileSync(join(wellKnown, 'b.txt'), 'b');
  const { connect } = await startFiles(
    t,
    {},
    {},
    {
      routes: (server) => server.static('/.well-known', wellKnown),
    },
  );
  assert.equal((await (await connect()).ask(get('/.well-known/b.txt'))).text, 'b');
});

test('a directory is given as a path, a relative one, or a file: URL', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a.txt'), 'abc');
  const relative = join('..'.concat('/..'.repeat(20)), folder);
  const { connect } = await startServer(t, {}, (server) =>
    server
      .static('/path', folder)
      .static('/slash', `${folder}/`)
      .static('/relative', relative)
      .static('/url', pathToFileURL(folder)),
  );
  const client = await connect();
  for (const prefix of ['path', 'slash', 'relative', 'url'])
    assert.equal((await client.ask(get(`/${prefix}/a.txt`))).text, 'abc', prefix);
});

const THERE = Symbol('a directory that is there');
const REFUSED: readonly { name: string; args: readonly unknown[]; code: string; message?: RegExp }[] = [
  { name: 'no directory at all', args: ['/'], code: 'ERR_MILLRACE_STATIC_DIRECTORY' },
  {
    name: 'a missing directory',
    args: ['/', '/nonexistent'],
    code: 'ERR_MILLRACE_STATIC_DIRECTORY',
    message: /does not exist/,
  },
  {
    name: 'a file for a directory',
    args: ['/', process.execPath],
    code: 'ERR_MILLRACE_STATIC_DIRECTORY',
    message: /not a directory/,
  },
  { name: 'an empty path', args: ['/', ''], code: 'ERR_MILLRACE_STATIC_DIRECTORY' },
  { name: 'a path with NUL', args: ['/', '/tmp\0/x'], code: 'ERR_MILLRACE_STATIC_DIRECTORY' },
  { name: 'a number for a path', args: ['/', 1], code: 'ERR_MILLRACE_STATIC_DIRECTORY' },
  { name: 'null for a path', args: ['/', null], code: 'ERR_MILLRACE_STATIC_DIRECTORY' },
  { name: 'a URL that is no file', args: ['/', new URL('http://x/')], code: 'ERR_MILLRACE_STATIC_DIRECTORY' },
  { name: 'a prefix without a slash', args: ['assets', THERE], code: 'ERR_MILLRACE_ROUTE_PATTERN' },
  {
    name: 'a prefix with a parameter',
    args: ['/:user', THERE],
    code: 'ERR_MILLRACE_ROUTE_PATTERN',
    message: /parameters/,
  },
  { name: 'a prefix with a wildcard', args: ['/a/*', THERE], code: 'ERR_MILLRACE_ROUTE_PATTERN' },
  { name: 'a prefix with dots', args: ['/a/..', THERE], code: 'ERR_MILLRACE_ROUTE_PATTERN' },
  { name: 'a prefix with a query', args: ['/a?b', THERE], code: 'ERR_MILLRACE_ROUTE_PATTERN' },
  { name: 'no prefix', args: [undefined, THERE], code: 'ERR_MILLRACE_ROUTE_PATTERN' },
  { name: 'a number for a prefix', args: [1, THERE], code: 'ERR_MILLRACE_ROUTE_PATTERN' },
  { name: 'options that are null', args: ['/', THERE, null], code: 'ERR_MILLRACE_OPTION_TYPE' },
  { name: 'options that are a function', args: ['/', THERE, () => 1], code: 'ERR_MILLRACE_OPTION_TYPE' },
  { name: 'maxAge: true', args: ['/', THERE, { maxAge: true }], code: 'ERR_MILLRACE_OPTION_TYPE' },
  { name: 'maxAge: -1', args: ['/', THERE, { maxAge: -1 }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  { name: 'maxAge: NaN', args: ['/', THERE, { maxAge: NaN }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  { name: 'maxAge: Infinity', args: ['/', THERE, { maxAge: Infinity }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  { name: "maxAge: '2y'", args: ['/', THERE, { maxAge: '2y' }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  { name: "maxAge: 'soon'", args: ['/', THERE, { maxAge: 'soon' }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  {
    name: "maxAge: '1 constructor'",
    args: ['/', THERE, { maxAge: '1 constructor' }],
    code: 'ERR_MILLRACE_OPTION_RANGE',
  },
  { name: "maxAge: ''", args: ['/', THERE, { maxAge: '' }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  {
    name: 'immutable without maxAge',
    args: ['/', THERE, { immutable: true }],
    code: 'ERR_MILLRACE_OPTION_CONFLICT',
    message: /needs a 'maxAge'/,
  },
  {
    name: 'maxAge without Cache-Control',
    args: ['/', THERE, { maxAge: 1, cacheControl: false }],
    code: 'ERR_MILLRACE_OPTION_CONFLICT',
  },
  {
    name: 'immutable without Cache-Control',
    args: ['/', THERE, { immutable: true, cacheControl: false }],
    code: 'ERR_MILLRACE_OPTION_CONFLICT',
  },
  {
    name: 'maxAge beside a Cache-Control of your own',
    args: ['/', THERE, { maxAge: 1, headers: { 'Cache-Control': 'no-store' } }],
    code: 'ERR_MILLRACE_OPTION_CONFLICT',
  },
  ...[
    'Content-Length',
    'content-type',
    'Content-Range',
    'Content-Encoding',
    'ETag',
    'Date',

    'Last-Modified',
  ].map((name) => ({
    name: `${name} among the headers`,
    args: ['/', THERE, { headers: { [name]: '1' } }],
    code: 'ERR_MILLRACE_OPTION_CONFLICT',
  })),
  {
    name: 'Connection among the headers',
    args: ['/', THERE, { headers: { Connection: 'close' } }],
    code: 'ERR_MILLRACE_OPTION_CONFLICT',
  },
  {
    name: 'Transfer-Encoding among the headers',
    args: ['/', THERE, { headers: { 'Transfer-Encoding': 'chunked' } }],
    code: 'ERR_MILLRACE_HEADER_FRAMING',
  },
  {
    name: 'a line break in a header',
    args: ['/', THERE, { headers: { 'X-A': 'a\r\nX-B: c' } }],
    code: 'ERR_MILLRACE_HEADER_VALUE',
  },
  {
    name: 'headers that are a Map',
    args: ['/', THERE, { headers: new Map() }],
    code: 'ERR_MILLRACE_OPTION_TYPE',
  },
  ...['immutable', 'cacheControl', 'etag', 'lastModified', 'acceptRanges', 'redirect', 'fallthrough'].map(
    (name) => ({
      name: `${name}: 'yes'`,
      args: ['/', THERE, { [name]: 'yes' }],
      code: 'ERR_MILLRACE_OPTION_TYPE',
    }),
  ),
  {
    name: "dotfiles: 'deny'",
    args: ['/', THERE, { dotfiles: 'deny' }],
    code: 'ERR_MILLRACE_OPTION_RANGE',
    message: /'ignore' or 'allow'/,
  },
  { name: 'dotfiles: true', args: ['/', THERE, { dotfiles: true }], code: 'ERR_MILLRACE_OPTION_TYPE' },
  { name: "symlinks: 'yes'", args: ['/', THERE, { symlinks: 'yes' }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  {
    name: "precompressed: 'br'",
    args: ['/', THERE, { precompressed: 'br' }],
    code: 'ERR_MILLRACE_OPTION_TYPE',
  },
  {
    name: "precompressed: ['deflate']",
    args: ['/', THERE, { precompressed: ['deflate'] }],
    code: 'ERR_MILLRACE_OPTION_RANGE',
  },
  { name: 'index: true', args: ['/', THERE, { index: true }], code: 'ERR_MILLRACE_OPTION_TYPE' },
  { name: "index: ''", args: ['/', THERE, { index: '' }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  { name: "index: '../x'", args: ['/', THERE, { index: '../x' }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  {
    name: "index: '/etc/passwd'",
    args: ['/', THERE, { index: '/etc/passwd' }],
    code: 'ERR_MILLRACE_OPTION_RANGE',
  },
  {
    name: 'an index of 17 names',
    args: ['/', THERE, { index: Array.from({ length: 17 }, (_, i) => `${String(i)}.html`) }],
    code: 'ERR_MILLRACE_OPTION_RANGE',
  },
  { name: 'extensions: [1]', args: ['/', THERE, { extensions: [1] }], code: 'ERR_MILLRACE_OPTION_TYPE' },
  {
    name: "extensions: ['/x']",
    args: ['/', THERE, { extensions: ['/x'] }],
    code: 'ERR_MILLRACE_OPTION_RANGE',
  },
  { name: "extensions: ['.']", args: ['/', THERE, { extensions: ['.'] }], code: 'ERR_MILLRACE_OPTION_RANGE' },
  { name: 'fallback: true', args: ['/', THERE, { fallback: true }], code: 'ERR_MILLRACE_OPTION_TYPE' },
  {
    name: "fallback: 'a/../../x'",
    args: ['/', THERE, { fallback: 'a/../../x' }],
    code: 'ERR_MILLRACE_OPTION_RANGE',
  },
];

for (const { name, args, code, message = /^/ } of REFUSED) {
  test(`static() refuses ${name}`, (t) => {
    const folder = temporaryFolder(t);
    const server = createServer();
    const call = (): unknown =>
      callUntyped(server, 'static', ...args.map((arg) => (arg === THERE ? folder : arg)));
    assert.throws(call, { code, message });
    // It has not been spoiled by that.
    server.static('/', folder);
  });
}

const HINTS: readonly (readonly [given: string, right: string])[] = [
  ['maxage', 'maxAge'],
  ['max_age', 'maxAge'],
  ['eTag', 'etag'],
  ['dotFiles', 'dotfiles'],
  ['fallThrough', 'fallthrough'],
  ['extension', 'extensions'],
  ['indexes', 'index'],
  ['preCompressed', 'precompressed'],
];

for (const [given, right] of HINTS) {
  test(`static() refuses the unknown option ${given} with a hint at ${right}`, (t) => {
    const folder = temporaryFolder(t);
    assert.throws(
      () => callUntyped(createServer(), 'static', '/', folder, { [given]: undefined }),
      (error: OptionError) => {
        assert.equal(error.code, 'ERR_MILLRACE_OPTION_UNKNOWN');
        assert.equal(error.suggestion, right);
        return true;
      },
    );
  });
}

test('setHeaders of serve-static is unknown, and the message lists what there is', (t) => {
  const folder = temporaryFolder(t);
  assert.throws(() => callUntyped(createServer(), 'static', '/', folder, { setHeaders: () => undefined }), {
    code: 'ERR_MILLRACE_OPTION_UNKNOWN',
    message: /headers/,
  });
});

test('the same prefix twice is refused, with and without the slash', (t) => {
  const folder = temporaryFolder(t);
  const server = createServer().static('/a', folder).static('/', folder);
  const code = 'ERR_MILLRACE_ROUTE_DUPLICATE';
  assert.throws(() => server.static('/a', folder), { code });
  assert.throws(() => server.static('/a/', folder), { code });
  assert.throws(() => server.static('/', folder), { code });
  assert.throws(() => server.get('/a/*', () => undefined), { code });
});

test('static() after listen() is refused', async (t) => {
  const folder = temporaryFolder(t);
  const { server } = await startServer(t, {}, () => undefined);
  assert.throws(() => server.static('/', folder), { code: 'ERR_MILLRACE_ROUTES_FROZEN' });
});

test('a directory that goes after listen() is one without files, until it is there again', async (t) => {
  const { folder, connect } = await startFiles(t, { 'a.txt': 'one' });
  const client = await connect();
  assert.equal((await client.ask(get('/a.txt'))).text, 'one');
  renameSync(folder, `${folder}-away`);
  assert.equal((await client.ask(get('/a.txt'))).status, 404);
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.txt'), 'two');
  assert.equal((await client.ask(get('/a.txt'))).text, 'two');
});
