// Files among routes: who answers what is no file, and in which order answers leave.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { createServer, type Handler, type StaticOptions } from 'millrace';

import { Client } from '../helpers/client.js';
import { numberedBytes, startFiles, temporaryFolder, writeTree } from '../helpers/files.js';
import { deferred } from '../helpers/promises.js';
import { get, head, post } from '../helpers/requests.js';
import { startServer, testOptions } from '../helpers/server.js';

const TREE = { 'a.txt': 'file', 'sub/index.html': 'index', 'bare/': '' };

const saysWhat: Handler = async (req, res) => {
  res.text(`${req.method} ${req.path} ${await req.text()}`.trim());
};

interface Case {
  readonly name: string;
  readonly request: string;
  readonly status?: number;
  readonly text: string;
  readonly options?: StaticOptions;
}

const WITH_HANDLER: readonly Case[] = [
  { name: 'a file', request: get('/files/a.txt'), text: 'file' },
  { name: 'what is no file', request: get('/files/b.txt'), text: 'GET /files/b.txt' },
  { name: 'a directory without an index', request: get('/files/bare/'), text: 'GET /files/bare/' },
  { name: 'a slash behind a file', request: get('/files/a.txt/'), text: 'GET /files/a.txt/' },
  { name: 'a dotfile', request: get('/files/.env'), text: 'GET /files/.env' },
  { name: 'no path of a file', request: get('/files/%00'), text: 'GET /files/%00' },
  {
    name: 'a directory, redirect: false',
    request: get('/files/sub'),
    options: { redirect: false },
    text: 'GET /files/sub',
  },
  {
    name: 'the prefix, redirect: false',
    request: get('/files'),
    options: { redirect: false },
    text: 'GET /files',
  },
  { name: 'a method of its own', request: post('/files/a.txt', 'body'), text: 'POST /files/a.txt body' },
  {
    name: 'a method of its own, on what is no file',
    request: post('/files/b', 'body'),
    text: 'POST /files/b body',
  },
  {
    name: 'a GET with a body, on what is no file',
    request: `${head('GET', '/files/b', { 'Content-Length': '4' })}body`,
    text: 'GET /files/b body',
  },
  {
    name: 'a GET with a body in chunks, on what is no file',
    request: `${head('GET', '/files/b', { 'Transfer-Encoding': 'chunked' })}4\r\nbody\r\n0\r\n\r\n`,
    text: 'GET /files/b body',
  },
  {
    name: 'a GET with a body, on a file',
    request: `${head('GET', '/files/a.txt', { 'Content-Length': '4' })}body`,
    text: 'file',
  },
  {
    name: 'fallthrough: false',
    request: get('/files/b'),
    options: { fallthrough: false },
    status: 404,
    text: 'Not Found',
  },
  {
    name: 'fallthrough: false, a dotfile',
    request: get('/files/.env'),
    options: { fallthrough: false },
    status: 404,
    text: 'Not Found',
  },
  {
    name: 'fallthrough: false, no path of a file',
    request: get('/files/%00'),
    options: { fallthrough: false },
    status: 404,
    text: 'Not Found',
  },
];

for (const { name, request, status = 200, text, options } of WITH_HANDLER) {
  test(`with a handler for everything: ${name}`, async (t) => {
    const { connect } = await startFiles(t, TREE, options, { prefix: '/files', fallback: saysWhat });
    const client = await connect();
    for (let i = 0; i < 2; i++) {
      const answer = await client.ask(request);
      assert.deepEqual([answer.status, answer.text], [status, text]);
    }
    assert.equal((await client.stillServes(get('/files/a.txt'))).text, 'file');
  });
}

const WITH_ROUTES: readonly Case[] = [
  { name: 'a route below the prefix', request: get('/files/route'), text: 'route' },
  { name: 'a route in the place of a file', request: get('/files/both.txt'), text: 'route before file' },
  { name: 'a canned answer below the prefix', request: get('/files/reply'), text: 'reply' },
  { name: 'a pattern below the prefix', request: get('/files/users/7'), text: 'user 7' },
  { name: 'a pattern beside the file', request: get('/files/a.txt'), text: 'file' },
  {
    name: 'a less specific pattern for what is no file',
    request: get('/files/none'),
    text: 'all of /files/none',
  },
  { name: 'the more specific root', request: get('/files/inner/b.txt'), text: 'inner file' },
  {
    name: 'what the more specific root does not have goes to routes',
    request: get('/files/inner/a.txt'),
    text: 'all of /files/inner/a.txt',
  },
  { name: 'the prefix itself', request: get('/files'), text: 'the prefix' },
];

test('routes that are more specific come first, and those that are less get what is no file', async (t) => {
  const inner = temporaryFolder(t);
  writeTree(inner, { 'b.txt': 'inner file' });
  const { connect, server } = await startFiles(
    t,
    { ...TREE, 'both.txt': 'file', 'inner/a.txt': 'x' },
    {},
    {
      prefix: '/files',
      routes: (s) =>
        s
          .get('/files/route', (_req, res) => {
            res.text('route');
          })
          .get('/files/both.txt', (_req, res) => {
            res.text('route before file');
          })
          .reply('GET', '/files/reply', { body: 'reply' })
          .get('/files/users/:id', (req, res) => {
            res.text(`user ${String(req.params['id'])}`);
          })
          .get('/*', (req, res) => {
            res.text(`all of ${req.path}`);
          })
          .get('/files', (_req, res) => {
            res.text('the prefix');
          })
          .static('/files/inner', inner),
    },
  );
  const client = await connect();
  for (const { name, request, text } of WITH_ROUTES) {
    const answer = await client.ask(request);
    assert.deepEqual([answer.status, answer.text], [200, text], name);
  }
  assert.equal(server.stats().requests.handled, 6);
});

for (const way of ['get', 'all'] as const) {
  for (const order of ['ahead of', 'behind']) {
    test(`${way}() on the prefix itself, ${order} static(), has it`, async (t) => {
      const folder = temporaryFolder(t);
      writeTree(folder, TREE);
      const { connect } = await startServer(t, {}, (server) => {
        if (order === 'behind') server.static('/files', folder);
        server[way]('/files', (_req, res) => {
          res.text('route');
        });
        if (order !== 'behind') server.static('/files', folder);
      });
      const client = await connect();
      assert.equal((await client.ask(get('/files'))).text, 'route');
      assert.equal((await client.ask(get('/files/a.txt'))).text, 'file');
    });
  }
}

test('of a root at / everything is a file first', async (t) => {
  const { connect } = await startFiles(t, TREE, {}, { routes: (s) => s.post('/form', saysWhat) });
  const client = await connect();
  assert.equal((await client.ask(get('/a.txt'))).text, 'file');
  assert.equal((await client.ask(get('/none'))).status, 404);
  assert.equal((await client.ask(post('/form', 'x'))).text, 'POST /form x');
  assert.equal((await client.ask(get('/form'))).status, 405);
  assert.equal((await client.ask(head('OPTIONS', '*'))).status, 204);
});

test('several roots, also of one directory with different options', async (t) => {
  const one = temporaryFolder(t);
  const two = temporaryFolder(t);
  writeTree(one, { 'a.txt': 'one' });
  writeTree(two, { 'a.txt': 'two' });
  const { connect } = await startServer(t, {}, (server) =>
    server
      .static('/one', one)
      .static('/two', two, { maxAge: '1h' })
      .static('/again', one, { maxAge: '1d', etag: false })
      .static('/', two),
  );
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    for (const [target, text, age] of [
      ['/one/a.txt', 'one', 0],
      ['/two/a.txt', 'two', 3600],
      ['/again/a.txt', 'one', 86_400],
      ['/a.txt', 'two', 0],
    ] as const) {
      const answer = await client.ask(get(target));
      assert.deepEqual(
        [answer.text, answer.headers['cache-control']],
        [text, `public, max-age=${String(age)}`],
      );
    }
  }
});

const FALLBACK: readonly Case[] = [
  { name: 'a path of the application', request: get('/users/7'), text: 'app' },
  { name: 'one with a slash behind it', request: get('/users/'), text: 'app' },
  { name: 'a directory without an index', request: get('/bare/'), text: 'app' },
  { name: 'a dotfile', request: get('/.env'), text: 'app' },
  { name: 'no path of a file', request: get('/%5c..'), text: 'app' },
  { name: 'a file', request: get('/a.txt'), text: 'file' },
  { name: 'a route', request: get('/api'), text: 'route' },
  { name: 'another method', request: post('/users/7', ''), status: 405, text: 'Method Not Allowed' },
];

test('fallback: what is no file is answered 200 with one, for applications that route in the browser', async (t) => {
  const tree = { ...TREE, 'app.html': 'app', '.env': 'secret' };
  const { folder, connect } = await startFiles(
    t,
    tree,
    { fallback: 'app.html' },
    {
      routes: (s) =>
        s.get('/api', (_req, res) => {
          res.text('route');
        }),
    },
  );
  const client = await connect();
  for (const { name, request, status = 200, text } of FALLBACK) {
    const answer = await client.ask(request);
    assert.deepEqual([answer.status, answer.text], [status, text], name);
    if (text === 'app') assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
  }
  const app = await client.ask(get('/users/7'));
  assert.equal((await client.ask(get('/users/7', { 'If-None-Match': app.headers['etag']! }))).status, 304);
  writeFileSync(join(folder, 'app.html'), 'app, anew');
  assert.equal((await client.ask(get('/users/7'))).text, 'app, anew');
});

test('a fallback that is not there is 404', async (t) => {
  const { connect } = await startFiles(t, TREE, { fallback: 'none.html' });
  assert.equal((await (await connect()).ask(get('/x'))).status, 404);
});

test('20 pipelined requests for files of different sizes are answered in their order', async (t) => {
  const sizes = Array.from({ length: 20 }, (_, i) => (i * 7919 * i) % 150_000);
  const files = sizes.map((size, i) => numberedBytes(size + i));
  const tree = Object.fromEntries(files.map((contents, i) => [`${String(i)}.bin`, contents]));
  const { connect } = await startFiles(t, tree);
  const client = await connect();
  for (let round = 0; round < 3; round++) {
    client.send(files.map((_, i) => get(`/${String(i)}.bin`)).join(''));
    for (const [i, { status, body }] of (await client.answers(20)).entries())
      assert.ok(status === 200 && body.equals(files[i]!), String(i));
  }
});

test('files behind a handler that answers late wait for it, and those ahead of it do not', async (t) => {
  const late = deferred();
  const { connect } = await startFiles(
    t,
    { 'a.txt': 'a', 'b.bin': numberedBytes(50_000) },
    {},
    {
      routes: (s) =>
        s.get('/late', async (_req, res) => {
          await late.promise;
          res.text('late');
        }),
    },
  );
  const client = await connect();
  client.send(get('/b.bin') + get('/late') + get('/a.txt') + get('/none') + get('/b.bin'));
  assert.equal((await client.answer()).body.length, 50_000);
  late.resolve();
  assert.equal((await client.answer()).text, 'late');
  assert.equal((await client.answer()).text, 'a');
  assert.equal((await client.answer()).status, 404);
  assert.ok((await client.answer()).body.equals(numberedBytes(50_000)));
});

test('requests of all kinds are answered alike wherever they are cut', async (t) => {
  const { connect } = await startFiles(t, TREE, {}, { prefix: '/files', fallback: saysWhat });
  const requests = get('/files/a.txt') + post('/files/x', 'body') + get('/files/none') + get('/files/a.txt');
  const client = await connect();
  for (let cut = 1; cut < requests.length; cut += 3) {
    await client.sendCut(requests, [cut]);
    const texts = (await client.answers(4)).map(({ text }) => text);
    assert.deepEqual(texts, ['file', 'POST /files/x body', 'GET /files/none', 'file'], String(cut));
  }
});

test('with handler threads, static() on the server works beside the routes of the app', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(folder, { 'app.mjs': APP, 'public/a.txt': 'file', 'public/hello': 'hidden by the route' });
  const server = createServer({ ...testOptions(), app: pathToFileURL(join(folder, 'app.mjs')), threads: 2 });
  server.static('/', join(folder, 'public')).static('/files', join(folder, 'public'));
  t.after(() => server.close({ graceMs: 0 }));
  const where = await server.listen({ host: '127.0.0.1' });
  const client = await Client.connect(t, where);
  assert.equal((await client.ask(get('/a.txt'))).text, 'file');
  assert.equal((await client.ask(get('/hello'))).text, 'from a thread');
  assert.equal((await client.ask(get('/none'))).text, 'no file: /none');
  assert.equal((await client.ask(get('/files/a.txt'))).text, 'file');
  assert.equal((await client.ask(get('/files'))).text, 'the prefix');
  await server.restartThreads();
  client.send(get('/hello') + get('/a.txt') + get('/none'));
  const texts = (await client.answers(3)).map(({ text }) => text);
  assert.deepEqual(texts, ['from a thread', 'file', 'no file: /none']);
});

const APP = `export default (app) => {
  app.get('/hello', (req, res) => res.text('from a thread'));
  app.get('/files', (req, res) => res.text('the prefix'));
  app.all('*', (req, res) => res.text('no file: ' + req.path));
};`;
