// res.sendFile(): files that handlers choose.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import type { SendFileOptions } from 'millrace';

import { numberedBytes, temporaryFolder, writeTree } from '../helpers/files.js';
import { until } from '../helpers/promises.js';
import { get, type Fields } from '../helpers/requests.js';
import { below, nameIn, start, TREE } from '../helpers/sent-files.js';
import { startHandler } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';
import { startApp } from '../threads/fixtures/app-server.js';

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

test('without a root, links of /proc are links, too', async (t) => {
  const { connect } = await start(t, (folder, _req, res) => {
    const fd = openSync(join(folder, 'a.txt'), 'r');
    return res.sendFile(`/proc/self/fd/${String(fd)}`).finally(() => {
      closeSync(fd);
    });
  });
  const answer = await (await connect()).ask(get('/'));
  assert.deepEqual([answer.status, answer.text], [200, TREE['a.txt']]);
});

test('a `.` in a path is where one is', async (t) => {
  const { connect } = await start(t, (folder, req, res) =>
    res.sendFile(`./${nameIn(req.path)}`, { root: folder }),
  );
  const client = await connect();
  assert.equal((await client.ask(get('/a.txt'))).status, 200);
  assert.equal((await client.ask(get('/.hidden'))).status, 404);
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
  await until('all is told', () => errors.length >= clients.length); // by another thread, so maybe behind the answers
  assert.deepEqual(errors, Array<string>(6).fill('ERR_MILLRACE_FILE_MISSING'));
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

test('a 205 has no content', async (t) => {
  const running = await start(t, (folder, _req, res) => res.status(205).sendFile(join(folder, 'a.txt')));
  const answer = await (await running.connect()).ask(get('/'));
  assert.equal(answer.status, 205);
  assert.equal(answer.headers['content-length'], '0');
  assert.equal(answer.text, '');
});
