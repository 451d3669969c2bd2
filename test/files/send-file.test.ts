// res.sendFile(): files that handlers choose.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

import {
  AbortedError,
  type Handler,
  type HttpResponse,
  type SendFileOptions,
  type ServerOptions,
} from 'millrace';

import { lines, SLOW_TEXT } from '../helpers/compressed.js';
import { numberedBytes, temporaryFolder, writeTree, type Tree } from '../helpers/files.js';
import { deferred, until } from '../helpers/promises.js';
import { get, head, post, type Fields } from '../helpers/requests.js';
import { startHandler, startServer, type TestServer } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';
import { startApp } from '../threads/fixtures/app-server.js';

const TREE: Tree = {
  'a.txt': 'contents of a',
  'b.css': 'b{}',
  'sub/c.html': '<p>c',
  'ü e.txt': 'umlaut',
  '.hidden': 'secret',
  '.dir/inside.txt': 'secret',
  'empty.json': '',
  'large.bin': numberedBytes(3_000_000),
  'with.js': 'plain',
  'with.js.br': 'in br',
  'to-a.txt': { link: 'a.txt' },
  'out.txt': { link: '../outside.txt' },
  noext: 'what is it',
};

/** A handler that keeps `/slow` waiting, and sends what other paths name. */
function heldFirst(): {
  readonly entered: () => number;
  readonly release: () => void;
  readonly handler: (folder: string, ...args: Parameters<Handler>) => unknown;
} {
  const held = deferred();
  let entered = 0;
  const handler = async (folder: string, ...[req, res]: Parameters<Handler>): Promise<void> => {
    entered += 1;
    if (req.path === '/slow') {
      await held.promise;
      res.text('slow');
    } else {
      await res.sendFile(nameIn(req.path), { root: folder }).catch(() => {
        res.status(404).end();
      });
    }
  };
  return { entered: () => entered, release: held.resolve, handler };
}

interface Sending extends TestServer {
  readonly folder: string;
}

/** A server whose handler is given the folder, and what is below it by path. */
async function start(
  t: TestContext,
  handler: (folder: string, ...args: Parameters<Handler>) => unknown,
  options: ServerOptions = {},
): Promise<Sending> {
  const outside = temporaryFolder(t);
  const folder = join(outside, 'public');
  writeTree(outside, { 'outside.txt': 'of nobody’s business', 'public/': '' });
  writeTree(folder, TREE);
  const running = await startHandler(t, (req, res) => handler(folder, req, res), options);
  return { ...running, folder };
}

const nameIn = (path: string): string => decodeURIComponent(path.slice(1));

/** Sends what the path names, below the folder. */
function below(options: SendFileOptions = {}, before: (res: HttpResponse) => unknown = () => undefined) {
  return (folder: string, ...[req, res]: Parameters<Handler>): unknown => {
    before(res);
    return res.sendFile(nameIn(req.path), { root: folder, ...options });
  };
}

test('an absolute path is sent with its type, length and validators', async (t) => {
  const { connect } = await start(t, (folder, req, res) => res.sendFile(join(folder, nameIn(req.path))));
  const client = await connect();
  const answer = await client.ask(get('/a.txt'));
  assert.deepEqual([answer.status, answer.text], [200, 'contents of a']);
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(answer.headers['cache-control'], 'public, max-age=0');
  assert.equal(answer.headers['accept-ranges'], 'bytes');
  assert.match(answer.headers['etag'] ?? '', /^"[0-9a-f]+-d"$/);
  assert.ok('last-modified' in answer.headers);
  assert.equal((await client.ask(get('/empty.json'))).headers['content-length'], '0');
  assert.equal((await client.ask(get('/noext'))).headers['content-type'], undefined);
  assert.ok((await client.ask(get('/large.bin'))).body.equals(numberedBytes(3_000_000)));
});

test('so is a file: URL, and a path that has to be made simple first', async (t) => {
  const ways: readonly ((folder: string) => string | URL)[] = [
    (folder) => pathToFileURL(join(folder, 'ü e.txt')),
    (folder) => `${folder}/sub/../ü e.txt`,
    (folder) => `${folder}//./ü e.txt`,
  ];
  for (const way of ways) {
    const { connect } = await start(t, (folder, _req, res) => res.sendFile(way(folder)));
    assert.equal((await (await connect()).ask(get('/'))).text, 'umlaut');
  }
});

test('a path of the app’s own may begin with a dot, and lead through links', async (t) => {
  const { connect } = await start(t, (folder, req, res) => res.sendFile(join(folder, nameIn(req.path))));
  const client = await connect();
  for (const [target, text] of [
    ['/.hidden', 'secret'],
    ['/.dir%2Finside.txt', 'secret'],
    ['/to-a.txt', 'contents of a'],
    ['/out.txt', 'of nobody’s business'],
  ] as const)
    assert.equal((await client.ask(get(target))).text, text);
});

test('below a root, given as a path, one that is relative, or a URL', async (t) => {
  const roots: readonly ((folder: string) => string | URL)[] = [
    (folder) => folder,
    (folder) => `${folder}/`,
    (folder) => relative(process.cwd(), folder),
    (folder) => pathToFileURL(`${folder}/`),
  ];
  for (const root of roots) {
    const { connect } = await start(t, (folder, req, res) =>
      res.sendFile(nameIn(req.path), { root: root(folder) }),
    );
    const client = await connect();
    for (const target of ['/a.txt', '/%2Fa.txt', '/sub%2F%2F..txt', '/sub%2Fc.html'])
      assert.equal((await client.ask(get(target))).status, target.includes('..') ? 404 : 200, target);
  }
});

const NOT_THERE = [
  '/nothing.txt',
  '/',
  '/sub',
  '/sub%2F',
  '/a.txt%2F',
  '/a.txt%2Fb',
  '/..%2Foutside.txt',
  '/sub%2F..%2F..%2Foutside.txt',
  '/sub%2F..%2Fa.txt',
  '/..',
  '/%2F..%2Foutside.txt',
  '/.hidden',
  '/.dir%2Finside.txt',
  '/a.txt%00',
  '/a.txt%00.png',
  '/out.txt',
  '/%2Fetc%2Fpasswd',
  `/${'x'.repeat(300)}`,
  '/..%5Coutside.txt',
  '/%252e%252e%252foutside.txt',
];

test('what is not there, hidden, or leads out of the root is 404, and no difference is to be seen', async (t) => {
  const { server, connect } = await start(t, below());
  server.on('error', () => undefined);
  const client = await connect();
  for (const target of NOT_THERE) {
    const answer = await client.ask(get(target));
    assert.equal(answer.status, 404, target);
    assert.ok(!answer.text.includes('business') && !answer.text.includes('public'), target);
  }
  assert.equal((await client.ask(get('/a.txt'))).status, 200);
});

test('dotfiles and links are as the options have it', async (t) => {
  const cases: readonly (readonly [SendFileOptions, target: string, status: number])[] = [
    [{ dotfiles: 'allow' }, '/.hidden', 200],
    [{ dotfiles: 'allow' }, '/.dir%2Finside.txt', 200],
    [{ dotfiles: 'allow' }, '/..%2Foutside.txt', 404],
    [{}, '/to-a.txt', 200],
    [{ symlinks: 'refuse' }, '/to-a.txt', 404],
    [{ symlinks: 'refuse' }, '/a.txt', 200],
    [{ symlinks: 'follow' }, '/out.txt', 200],
  ];
  for (const [options, target, status] of cases) {
    const { server, connect } = await start(t, below(options));
    server.on('error', () => undefined);
    assert.equal(
      (await (await connect()).ask(get(target))).status,
      status,
      `${JSON.stringify(options)} ${target}`,
    );
  }
});

test('what this process may not read is not there', { skip: process.getuid?.() === 0 }, async (t) => {
  const { server, folder, connect } = await start(t, below());
  server.on('error', () => undefined);
  chmodSync(join(folder, 'a.txt'), 0);
  assert.equal((await (await connect()).ask(get('/a.txt'))).status, 404);
});

test('nothing but files is sent: no pipes, no devices', async (t) => {
  const { server, folder, connect } = await start(t, below({ symlinks: 'follow' }));
  server.on('error', () => undefined);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('/dev/zero', join(folder, 'zero'));
  const client = await connect();
  for (const target of ['/pipe', '/zero']) assert.equal((await client.ask(get(target))).status, 404, target);
});

test('fields that have been set are sent, in place of the file’s own', async (t) => {
  const own = {
    'Content-Type': 'application/x-own',
    ETag: '"own"',
    'Last-Modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
    'Cache-Control': 'private',
    'Content-Disposition': 'attachment',
    Date: 'Sun, 06 Nov 1994 08:49:37 GMT',
  };
  const { connect } = await start(
    t,
    below({ maxAge: '1h', headers: { 'X-More': '1', 'X-Both': 'option' } }, (res) => {
      for (const [name, value] of Object.entries(own)) res.header(name, value);
      res
        .append('Set-Cookie', 'a=1')
        .append('Set-Cookie', 'b=2')
        .header('x-both', 'handler')
        .header('Content-Length', 1);
    }),
  );
  const answer = await (await connect()).ask(get('/a.txt'));
  for (const [name, value] of Object.entries(own))
    assert.equal(answer.headers[name.toLowerCase()], value, name);
  assert.equal(answer.headers['set-cookie'], 'a=1, b=2');
  assert.equal(answer.headers['x-more'], '1');
  assert.equal(answer.headers['x-both'], 'handler');
  assert.equal(answer.headers['content-length'], '13');
  assert.equal(answer.text, 'contents of a');
});

test('each line of a file’s fields comes once, also where ranges are asked for and nothing has changed', async (t) => {
  const { connect } = await start(
    t,
    below({}, (res) => {
      res.header('Content-Type', 'x/own').header('Cache-Control', 'private');
    }),
  );
  const client = await connect();
  const { headers } = await client.ask(get('/a.txt'));
  for (const fields of [
    { Range: 'bytes=0-1' },
    { Range: 'bytes=0-1, 4-5' },
    { 'If-None-Match': headers['etag']! },
    { Range: 'bytes=900-' },
  ] as readonly Fields[]) {
    const answer = await client.ask(get('/a.txt', fields));
    const names = answer.fields.map(([name]) => name.toLowerCase());
    assert.equal(new Set(names).size, names.length, JSON.stringify([fields, answer.fields]));
  }
});

test('options: as those of static()', async (t) => {
  const cases: readonly (readonly [SendFileOptions, field: string, value: string | undefined])[] = [
    [{ maxAge: 60_000 }, 'cache-control', 'public, max-age=60'],
    [{ maxAge: '1y', immutable: true }, 'cache-control', 'public, max-age=31557600, immutable'],
    [{ cacheControl: false }, 'cache-control', undefined],
    [{ etag: false }, 'etag', undefined],
    [{ lastModified: false }, 'last-modified', undefined],
    [{ acceptRanges: false }, 'accept-ranges', undefined],
    [{ headers: { 'Content-Disposition': 'inline' } }, 'content-disposition', 'inline'],
  ];
  for (const [options, field, value] of cases) {
    const { connect } = await start(t, below(options));
    const answer = await (await connect()).ask(get('/a.txt'));
    assert.equal(answer.headers[field], value, JSON.stringify(options));
  }
});

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

test('the promise resolves when the file is on its way; until then the answer has not ended for others', async (t) => {
  const seen: unknown[] = [];
  const { connect } = await start(t, async (folder, _req, res) => {
    const sent = res.sendFile('a.txt', { root: folder });
    assert.throws(
      () => {
        res.end('second');
      },
      { code: 'ERR_MILLRACE_RESPONSE_ENDED' },
    );
    assert.throws(() => res.sendFile('b.css', { root: folder }), { code: 'ERR_MILLRACE_RESPONSE_ENDED' });
    assert.throws(() => res.header('X', '1'), { code: 'ERR_MILLRACE_HEADERS_SENT' });
    assert.throws(() => res.write('x'), { code: 'ERR_MILLRACE_RESPONSE_ENDED' });
    await sent;
    seen.push(res.finished, res.headersSent, res.aborted);
    assert.throws(
      () => {
        res.end('second');
      },
      { code: 'ERR_MILLRACE_RESPONSE_ENDED' },
    );
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'contents of a');
  await until('it has resolved', () => seen.length === 3);
  assert.deepEqual(seen, [true, true, false]);
});

test('behind an answer, or its beginning, there can be no file', async (t) => {
  const { connect } = await start(t, (folder, req, res) => {
    if (req.path === '/ended') res.end('first');
    else res.write('first');
    const code = req.path === '/ended' ? 'ERR_MILLRACE_RESPONSE_ENDED' : 'ERR_MILLRACE_HEADERS_SENT';
    assert.throws(() => res.sendFile('a.txt', { root: folder }), { name: 'StateError', code });
    if (!res.finished) res.end();
  });
  const client = await connect();
  for (const target of ['/ended', '/begun']) assert.equal((await client.ask(get(target))).text, 'first');
});

test('who catches the error gives another answer, with all that was set', async (t) => {
  const errors: Record<string, unknown>[] = [];
  const { connect } = await start(t, async (folder, req, res) => {
    res.header('X-Own', 'kept');
    const path = nameIn(req.path);
    try {
      await res.sendFile(path, { root: folder });
    } catch (error) {
      const { name, code, status, path: of } = error as Record<string, unknown>;
      errors.push({ name, code, status, path: of });
      assert.equal(res.finished, false);
      assert.equal(res.headersSent, false);
      if (path.endsWith('.css')) await res.sendFile('b.css', { root: folder });
      else if (path.endsWith('.stream')) {
        res.status(404).write('piece');
        res.end(' by piece');
      } else res.status(404).text('another answer');
    }
  });
  const client = await connect();
  for (const [target, status, text] of [
    ['/no', 404, 'another answer'],
    ['/..%2Fx', 404, 'another answer'],
    ['/no.css', 200, 'b{}'],
    ['/no.stream', 404, 'piece by piece'],
    ['/a.txt', 200, 'contents of a'],
  ] as const) {
    const answer = await client.ask(get(target));
    assert.deepEqual([answer.status, answer.text, answer.headers['x-own']], [status, text, 'kept'], target);
  }
  assert.deepEqual(
    errors,
    ['no', '../x', 'no.css', 'no.stream'].map((path) => ({
      name: 'FileError',
      code: 'ERR_MILLRACE_FILE_MISSING',
      status: 404,
      path,
    })),
  );
});

const LETTING_GO: Readonly<
  Record<string, readonly [send: (sent: () => Promise<void>) => unknown, errors: number]>
> = {
  'nobody looks at it': [(sent) => void sent(), 0],
  'the handler returns it': [(sent) => sent(), 1],
  'the handler awaits it': [
    async (sent) => {
      await sent();
    },
    1,
  ],
  'the handler looks later': [
    async (sent) => {
      const promise = sent();
      await delay(30);
      await promise;
    },
    1,
  ],
};

for (const [what, [send, expected]] of Object.entries(LETTING_GO)) {
  test(`where there is no file and ${what}, it is 404`, async (t) => {
    const errors: unknown[] = [];
    const { server, connect } = await start(t, (folder, req, res) =>
      send(() => res.sendFile(nameIn(req.path), { root: folder })),
    );
    server.on('error', (error) => errors.push((error as { code?: unknown }).code));
    const client = await connect();
    const answer = await client.ask(get('/nothing'));
    assert.deepEqual([answer.status, answer.text], [404, 'Not Found']);
    assert.equal((await client.ask(get('/a.txt'))).text, 'contents of a');
    await delay(50);
    assert.deepEqual(errors, Array<string>(expected).fill('ERR_MILLRACE_FILE_MISSING'));
  });
}

const WRONG: readonly (readonly [args: readonly unknown[], code: string, option: string])[] = [
  [[], 'ERR_MILLRACE_OPTION_TYPE', 'path'],
  [[5], 'ERR_MILLRACE_OPTION_TYPE', 'path'],
  [[''], 'ERR_MILLRACE_OPTION_RANGE', 'path'],
  [['relative.txt'], 'ERR_MILLRACE_OPTION_RANGE', 'path'],
  [['/with\0nul'], 'ERR_MILLRACE_OPTION_RANGE', 'path'],
  [[new URL('http://host/a')], 'ERR_MILLRACE_OPTION_TYPE', 'path'],
  [[Buffer.from('/a')], 'ERR_MILLRACE_OPTION_TYPE', 'path'],
  [[new URL('file:///a'), { root: '/' }], 'ERR_MILLRACE_OPTION_TYPE', 'path'],
  [['a', { root: 5 }], 'ERR_MILLRACE_OPTION_TYPE', 'root'],
  [['a', { root: '' }], 'ERR_MILLRACE_OPTION_RANGE', 'root'],
  [['a', { root: null }], 'ERR_MILLRACE_OPTION_TYPE', 'root'],
  [['/a', { rot: '/' }], 'ERR_MILLRACE_OPTION_UNKNOWN', 'rot'],
  [['/a', { index: 'a' }], 'ERR_MILLRACE_OPTION_UNKNOWN', 'index'],
  [['/a', 'root'], 'ERR_MILLRACE_OPTION_TYPE', 'options'],
  [['/a', { maxAge: -1 }], 'ERR_MILLRACE_OPTION_RANGE', 'maxAge'],
  [['/a', { immutable: true }], 'ERR_MILLRACE_OPTION_CONFLICT', 'immutable'],
  [['/a', { headers: { ETag: '"x"' } }], 'ERR_MILLRACE_OPTION_CONFLICT', 'headers'],
];

test('wrong paths and options throw at once, and another answer can be given', async (t) => {
  const seen: unknown[] = [];
  const { connect } = await startHandler(t, (req, res) => {
    const [args] = WRONG[Number(req.path.slice(1))]!;
    try {
      void (callUntyped(res, 'sendFile', ...args) as Promise<void>).catch(() => undefined);
      seen.push('nothing thrown');
    } catch (error) {
      const { name, code, option } = error as Record<string, unknown>;
      seen.push([name, code, option]);
    }
    if (!res.finished) res.end('another');
  });
  const client = await connect();
  for (const i of WRONG.keys())
    assert.equal((await client.ask(get(`/${String(i)}`))).text, 'another', JSON.stringify(WRONG[i]));
  assert.deepEqual(
    seen,
    WRONG.map(([, code, option]) => ['OptionError', code, option]),
  );
});

test('handler threads send files', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(folder, TREE);
  const { server, connect } = await startApp(t, '../../threads/fixtures/files-app', { workerData: folder });
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push((error as { code?: unknown }).code));
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect()));
  for (const client of clients) {
    const targets = [
      '/below/a.txt',
      '/below/nothing',
      '/left/b.css',
      '/left/nothing',
      '/below/large.bin',
      '/below/sub%2Fc.html',
    ];
    client.send(targets.map((target) => get(target)).join(''));
  }
  for (const client of clients) {
    const answers = await client.answers(6);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 404, 200, 404, 200, 200],
    );
    assert.deepEqual(
      [answers[0]!.text, answers[2]!.text, answers[5]!.text],
      ['contents of a', 'b{}', '<p>c'],
    );
    assert.ok(answers[4]!.body.equals(numberedBytes(3_000_000)));
  }
  assert.deepEqual(errors, Array<string>(6).fill('ERR_MILLRACE_FILE_MISSING'));
});

test('a hundred at once on one connection come in their order, mixed with others', async (t) => {
  const folder = temporaryFolder(t);
  const tree: Record<string, Buffer> = {};
  for (let i = 0; i < 100; i++) tree[`${String(i)}.bin`] = numberedBytes(i * 999);
  writeTree(folder, tree);
  const { server, connect } = await startServer(t, { workers: 3 }, (s) => {
    s.reply('GET', '/canned', { body: 'canned' });
    s.static('/static', folder);
    s.get('/json/:n', (req, res) => {
      res.json(req.params['n']);
    });
    s.get('/late/:n', async (req, res) => {
      await delay(Number(req.params['n']) % 3);
      res.end(req.params['n']);
    });
    s.get('/file/:n', (req, res) => res.sendFile(`${req.params['n']!}.bin`, { root: folder }));
  });
  const client = await connect();
  const kinds = ['file', 'json', 'file', 'canned', 'file', 'late', 'static', 'file'];
  const requests = Array.from({ length: 100 }, (_, i) => [kinds[i % kinds.length]!, i] as const);
  client.send(
    requests
      .map(([kind, i]) =>
        get(
          kind === 'canned'
            ? '/canned'
            : kind === 'static'
              ? `/static/${String(i)}.bin`
              : `/${kind}/${String(i)}`,
        ),
      )
      .join(''),
  );
  for (const [kind, i] of requests) {
    const answer = await client.answer();
    assert.equal(answer.status, 200);
    if (kind === 'file' || kind === 'static')
      assert.ok(answer.body.equals(tree[`${String(i)}.bin`]!), String(i));
    else
      assert.equal(
        answer.text,
        kind === 'canned' ? 'canned' : kind === 'json' ? JSON.stringify(String(i)) : String(i),
      );
  }
  assert.equal(server.stats().requests.answered, 100);
});

test('more than limits.workerQueue are 503, and none is lost', async (t) => {
  const { server, connect } = await start(t, below(), { workers: 1, limits: { workerQueue: 1 } });
  server.on('error', () => undefined);
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
  const counts = new Map<number, number>();
  for (const client of clients) client.send(get('/a.txt').repeat(30));
  for (const client of clients) {
    for (const { status, text } of await client.answers(30)) {
      counts.set(status, (counts.get(status) ?? 0) + 1);
      assert.equal(text, status === 200 ? 'contents of a' : 'Service Unavailable');
    }
  }
  assert.deepEqual([...counts.keys()].toSorted(), [200, 503]);
  assert.equal(counts.get(503), server.stats().workers.rejected);
});

/** Keeps the one thread of the pool busy for some time, by compressing. */
async function keepBusy({ connect, server }: TestServer): Promise<void> {
  const busy = await connect();
  busy.send(get('/busy', { 'Accept-Encoding': 'gzip' }).repeat(6));
  await until(
    'the pool is busy',
    () => server.stats().workers.active === 1 && server.stats().workers.queued > 1,
  );
}

const SLOW_POOL: ServerOptions = { workers: 1, compression: { level: 9 } };

test('a client that vanishes meanwhile: an AbortedError, and nobody is told', async (t) => {
  const outcome = deferred<unknown>();
  const running = await start(
    t,
    async (folder, req, res) => {
      if (req.path === '/busy') {
        res.text(SLOW_TEXT);
        return;
      }
      if (req.path === '/left') {
        void res.sendFile('a.txt', { root: folder });
        return;
      }
      await res.sendFile('a.txt', { root: folder }).catch((error: unknown) => {
        outcome.resolve([error instanceof AbortedError, res.finished]);
        throw error;
      });
    },
    SLOW_POOL,
  );
  const errors: unknown[] = [];
  running.server.on('error', (error) => errors.push(error));
  await keepBusy(running);
  const before = running.server.stats().requests.handled;
  for (const target of ['/awaited', '/left']) {
    const client = await running.connect();
    client.send(get(target));
    await until('it runs', () => running.server.stats().requests.handled > before);
    client.reset();
  }
  assert.deepEqual(await outcome.promise, [true, true]);
  await until('they are cancelled', () => running.server.stats().workers.cancelled >= 1);
  assert.deepEqual(errors, []);
});

test('handlerMs that expires meanwhile is 503, and an AbortedError', async (t) => {
  const outcome = deferred<unknown>();
  const running = await start(
    t,
    (folder, req, res) => {
      if (req.path === '/busy') {
        res.text(SLOW_TEXT);
        return;
      }
      res.sendFile('a.txt', { root: folder }).then(outcome.resolve, outcome.resolve);
    },
    { ...SLOW_POOL, timeouts: { handlerMs: 60 } },
  );
  await keepBusy(running);
  const client = await running.connect();
  assert.equal((await client.ask(get('/'))).status, 503);
  assert.ok((await outcome.promise) instanceof AbortedError);
  await until('the pool is through', () => running.server.stats().workers.active === 0);
  assert.equal(running.server.stats().requests.timedOut, 1);
});

test('a file that goes, comes, or changes between requests is answered as it is', async (t) => {
  const { server, folder, connect } = await start(t, below());
  server.on('error', () => undefined);
  const client = await connect();
  assert.equal((await client.ask(get('/a.txt'))).text, 'contents of a');
  rmSync(join(folder, 'a.txt'));
  assert.equal((await client.ask(get('/a.txt'))).status, 404);
  writeFileSync(join(folder, 'a.txt'), 'anew');
  assert.equal((await client.ask(get('/a.txt'))).text, 'anew');
  rmSync(folder, { recursive: true });
  assert.equal((await client.ask(get('/b.css'))).status, 404);
});

test('a file that is emptied while it is sent ends its connection', async (t) => {
  const HUGE = 48 * 1024 * 1024;
  const { server, folder, connect } = await start(t, below());
  writeFileSync(join(folder, 'huge.bin'), numberedBytes(HUGE));
  const client = await connect();
  client.socket.pause();
  client.send(get('/huge.bin'));
  await until('some is sent', () => server.stats().bytes.sent > 100_000);
  await delay(100);
  truncateSync(join(folder, 'huge.bin'), 0);
  client.socket.resume();
  await until('it has ended', () => client.isEnded);
  assert.ok(client.unreadBytes < HUGE);
});

test('the context of the request is kept behind the promise', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const seen: string[] = [];
  const { server, connect } = await start(t, (folder, req, res) =>
    storage.run(req.path, async () => {
      await res.sendFile(basename(req.path), { root: folder }).catch((error: unknown) => {
        seen.push(`${req.path} ${String(storage.getStore())}`);
        throw error;
      });
      seen.push(`${req.path} ${String(storage.getStore())}`);
    }),
  );
  server.on('error', () => undefined);
  const client = await connect();
  const targets = Array.from({ length: 20 }, (_, i) => `/${String(i)}/${i % 3 === 0 ? 'nothing' : 'a.txt'}`);
  client.send(targets.map((target) => get(target)).join(''));
  await client.answers(20);
  await until('all have ended', () => seen.length === 20);
  assert.deepEqual(seen.toSorted(), targets.map((target) => `${target} ${target}`).toSorted());
});

test('no descriptor stays open behind it', async (t) => {
  const { connect } = await start(t, below());
  const open = (): number => readdirSync('/proc/self/fd').length;
  const client = await connect();
  await client.ask(get('/large.bin'));
  const before = open();
  for (let i = 0; i < 50; i++) await client.ask(get(i % 2 === 0 ? '/large.bin' : '/sub%2Fc.html'));
  await until('they are closed', () => open() <= before + 1);
});

/** Descriptors of this process that are of this file. */
function descriptorsOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}

/** As native/base/limits.h has it. */
const FILES_PER_CONNECTION = 8;

test('behind a handler that takes its time few files are open, and all are sent in their order', async (t) => {
  const { entered, release, handler } = heldFirst();
  const { server, folder, connect } = await start(t, handler);
  const large = realpathSync(join(folder, 'large.bin'));
  const [client, other] = [await connect(), await connect()];
  const targets = Array.from({ length: 40 }, (_, i) =>
    i % 10 === 9 ? '/nothing' : i % 2 === 0 ? '/large.bin' : '/a.txt',
  );
  client.send(get('/slow') + targets.map((target) => get(target)).join(''));
  await until('all handlers have begun', () => entered() === targets.length + 1);
  await until('there is nothing left to look for', () => server.stats().workers.queued === 0);
  // Whoever asks now is behind all lookups that may have been asked for.
  for (let i = 0; i < 20; i++) await other.ask(get('/a.txt'));
  assert.ok(descriptorsOf(large) <= FILES_PER_CONNECTION, String(descriptorsOf(large)));
  release();
  assert.equal((await client.answer()).text, 'slow');
  for (const target of targets) {
    const answer = await client.answer();
    assert.equal(answer.status, target === '/nothing' ? 404 : 200);
    if (target === '/a.txt') assert.equal(answer.text, 'contents of a');
    if (target === '/large.bin') assert.equal(answer.body.length, 3_000_000);
  }
  await until('all are closed', () => descriptorsOf(large) === 0);
});

test('and for a client that does not read', async (t) => {
  const { folder, connect } = await start(t, below());
  const huge = 48 * 1024 * 1024;
  writeFileSync(join(folder, 'huge.bin'), '');
  truncateSync(join(folder, 'huge.bin'), huge);
  const large = realpathSync(join(folder, 'large.bin'));
  const [client, other] = [await connect(), await connect()];
  client.socket.pause();
  client.send(get('/huge.bin') + get('/large.bin').repeat(40));
  for (let i = 0; i < 50; i++) await other.ask(get('/a.txt'));
  assert.ok(descriptorsOf(large) < FILES_PER_CONNECTION, String(descriptorsOf(large)));
  client.socket.resume();
  for (let i = 0; i < 41; i++) {
    assert.equal((await client.answer()).body.length, i === 0 ? huge : 3_000_000);
  }
});

test('Connection: close and HTTP/1.0 end the connection behind the file', async (t) => {
  const { connect } = await start(
    t,
    below({}, (res) => res.header('Connection', 'close')),
  );
  const closing = await connect();
  const answer = await closing.ask(get('/large.bin'));
  assert.equal(answer.headers['connection'], 'close');
  await closing.ended();
  const plain = await start(t, below());
  const old = await plain.connect();
  assert.equal((await old.ask('GET /a.txt HTTP/1.0\r\n\r\n')).text, 'contents of a');
  await old.ended();
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

test('fields of any length, and of any character that a field may have, go with it', async (t) => {
  const long = 'x'.repeat(40_000);
  const running = await start(t, (folder, _req, res) =>
    res
      .header('X-Long', long)
      .header('X-Name', 'é')
      .sendFile(join(folder, 'a.txt'), { headers: { 'X-Too': 'ü' } }),
  );
  const answer = await (await running.connect()).ask(get('/'));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['x-long'], long);
  assert.equal(answer.headers['x-name'], 'é');
  assert.equal(answer.headers['x-too'], 'ü');
});

test('the request’s signal may be looked at meanwhile, and the promise settles', async (t) => {
  const running = await start(t, async (folder, req, res) => {
    const path = req.path === '/there' ? 'a.txt' : 'nothing';
    const sent = res.sendFile(join(folder, path));
    assert.equal(req.signal.aborted, false);
    await sent;
  });
  assert.equal((await (await running.connect()).ask(get('/there'))).text, TREE['a.txt']);
  assert.equal((await (await running.connect()).ask(get('/not'))).status, 404);
});

test('a handler that fails while the file is looked for is answered for', async (t) => {
  const running = await start(t, (folder, _req, res) =>
    Promise.all([res.sendFile(join(folder, 'nothing')), Promise.reject(new Error('meanwhile'))]),
  );
  running.server.on('error', () => undefined);
  assert.equal((await (await running.connect()).ask(get('/'))).status, 404);
});

test('a 205 has no content', async (t) => {
  const running = await start(t, (folder, _req, res) => res.status(205).sendFile(join(folder, 'a.txt')));
  const answer = await (await running.connect()).ask(get('/'));
  assert.equal(answer.status, 205);
  assert.equal(answer.headers['content-length'], '0');
  assert.equal(answer.text, '');
});
