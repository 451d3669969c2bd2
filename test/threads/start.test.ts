// How an app is found and loaded, and what listen() gives then.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createServer } from 'millrace';

import { get } from '../helpers/requests.js';
import { listenUntilEnd, TEST_REACTORS, testOptions } from '../helpers/server.js';
import { Client } from '../helpers/client.js';
import { appOptions, appUrl, startApp } from './fixtures/app-server.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-apps-'));
after(() => {
  rmSync(folder, { recursive: true });
});

function commonJs(name: string, source: string): string {
  const file = join(folder, name);
  writeFileSync(file, source);
  return file;
}

const ADD_ROUTE = `(app) => { app.get('/', (req, res) => res.text('hello')); }`;

const APPS: Readonly<Record<string, string | URL>> = {
  'a URL': appUrl('workbench'),
  'the text of a URL': appUrl('workbench').href,
  'an absolute path': fileURLToPath(appUrl('workbench')),
  'a path from the working directory': relative(process.cwd(), fileURLToPath(appUrl('workbench'))),
  'CommonJS, with the function as its exports': commonJs('plain.cjs', `module.exports = ${ADD_ROUTE};`),
  'CommonJS as compilers make it, with a default of a default': commonJs(
    'compiled.cjs',
    `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${ADD_ROUTE};`,
  ),
  'an async function': appUrl('async-app'),
};

for (const threads of [0, 1, 2]) {
  for (const [what, app] of Object.entries(APPS)) {
    test(`an app may be ${what}, with threads: ${String(threads)}`, async (t) => {
      const server = createServer(testOptions({ app, threads }));
      const where = await listenUntilEnd(t, server, { host: '127.0.0.1' });
      const client = await Client.connect(t, where);
      for (let i = 0; i < 10; i++) assert.equal((await client.ask(get('/'))).text, 'hello');
      assert.equal((await client.ask(get('/nowhere'))).status, 404);
      assert.equal(server.stats().threads.length, threads);
    });
  }
}

for (const threads of [0, 2]) {
  test(`an app may ask for the server's figures before it is ready, with threads: ${String(threads)}`, async (t) => {
    const { connect } = await startApp(t, 'asks-first', { threads });
    assert.equal((await (await connect()).ask(get('/'))).text, 'it did not listen');
  });
}

test('every thread gets requests, and none of them is that of the server', async (t) => {
  const { server, connect } = await startApp(t, 'workbench', { threads: 3 });
  const client = await connect();
  const seen = new Set<string>();
  while (seen.size < 3) seen.add((await client.ask(get('/thread'))).text);
  assert.ok(!seen.has('0'));
  const { threads } = server.stats();
  assert.deepEqual(
    threads.map(({ thread, state, restarts }) => ({ thread, state, restarts })),
    [0, 1, 2].map((thread) => ({ thread, state: 'running', restarts: 0 })),
  );
  for (const { taken, utilization } of threads) {
    assert.ok(taken > 0);
    assert.ok(utilization >= 0 && utilization <= 1, String(utilization));
  }
});

test('reply() works beside an app, 404 and 405 too', async (t) => {
  const { connect } = await startApp(t, 'workbench', {}, (server) =>
    server.reply('GET', '/healthz', { body: 'ok' }),
  );
  const client = await connect();
  assert.equal((await client.ask(get('/healthz'))).text, 'ok');
  assert.equal((await client.ask(get('/'))).text, 'hello');
  assert.equal((await client.ask(get('/none'))).status, 404);
  const refused = await client.ask('DELETE / HTTP/1.1\r\nHost: test\r\n\r\n');
  assert.deepEqual([refused.status, refused.headers['allow']], [405, 'GET, HEAD, OPTIONS']);
});

test('with threads: 0 the app runs in the thread of the server, once', async (t) => {
  const server = createServer(appOptions('workbench', { threads: 0 }));
  const where = await listenUntilEnd(t, server, { host: '127.0.0.1' });
  const client = await Client.connect(t, where);
  assert.equal((await client.ask(get('/thread'))).text, '0');
  await assert.rejects(server.restartThreads(), {
    code: 'ERR_MILLRACE_NO_THREADS',
    message: /createServer\(\{ app, threads \}\)/,
  });
});

test('two servers may have the same app, each with threads of its own', async (t) => {
  const servers = await Promise.all([startApp(t, 'workbench'), startApp(t, 'workbench')]);
  const ids = await Promise.all(
    servers.map(async ({ connect }) => (await (await connect()).ask(get('/thread'))).text),
  );
  assert.notEqual(ids[0], ids[1]);
  await servers[0].server.close();
  assert.equal((await (await servers[1].connect()).ask(get('/'))).text, 'hello');
});

test('there are as many I/O threads as reactors, whatever the number of handler threads', async (t) => {
  const { server } = await startApp(t, 'workbench', { threads: 4 });
  assert.equal(server.stats().reactors.length, TEST_REACTORS);
  assert.equal(server.stats().threads.length, 4);
});
