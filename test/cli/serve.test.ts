// `millrace serve`: what each flag does, and how it ends.

import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { Client } from '../helpers/client.js';
import { folderWith, startCommand, startServe } from './cli.js';

const LONG_TEXT = 'millrace '.repeat(1000);
const SITE = {
  'index.html': '<h1>home</h1>\n',
  'app.js': `// ${LONG_TEXT}\n`,
  'data.json.br': 'not really brotli',
  'data.json': '{}\n',
  'docs/a.txt': 'a\n',
  '.secret': 's\n',
};

test('serves files, index.html of directories, and 404 else', async (t) => {
  const { get, printed } = await startServe(t, folderWith(t, SITE));
  const home = await get('/');
  assert.equal(await home.text(), '<h1>home</h1>\n');
  assert.equal(home.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(home.headers.get('cache-control'), 'public, max-age=0');
  assert.equal(home.headers.get('access-control-allow-origin'), null);
  assert.equal(await (await get('/docs/a.txt')).text(), 'a\n');
  for (const path of ['/nothing', '/docs/', '/.secret', '/%00']) {
    assert.equal((await get(path)).status, 404, path);
  }
  const redirected = await get('/docs?q=1');
  assert.deepEqual([redirected.status, redirected.headers.get('location')], [301, '/docs/?q=1']);
  const posted = await get('/app.js', { method: 'POST', body: 'x' });
  assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
  await printed(/ 127\.0\.0\.1 405 POST \/app\.js 19 B \d+\.\d{3} ms\n/);
});

test('without a directory it serves the working directory', async (t) => {
  const folder = folderWith(t, SITE);
  const running = startCommand(t, ['serve', '-p', '0'], { cwd: folder });
  const [, url] = await running.printed(/ (http:\S+)\n/);
  assert.equal(await (await fetch(`${url!}docs/a.txt`)).text(), 'a\n');
});

test('a path that begins with two slashes is redirected within the site', async (t) => {
  const { port } = await startServe(t, folderWith(t, { 'evil.example/a': '' }));
  const client = await Client.connect(t, { port });
  const answer = await client.ask('GET //evil.example HTTP/1.1\r\nHost: h\r\n\r\n');
  assert.equal(answer.status, 301);
  assert.equal(answer.headers['location'], '/evil.example/');
});

test('--compression compresses, and prefers what is compressed already', async (t) => {
  const folder = folderWith(t, SITE);
  const fields = { 'Accept-Encoding': 'gzip, br' };
  const plain = await startServe(t, folder);
  assert.equal((await plain.get('/app.js', { headers: fields })).headers.get('content-encoding'), null);
  const { port } = await startServe(t, folder, ['--compression']);
  const client = await Client.connect(t, { port });
  const ready = await client.ask('GET /data.json HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip, br\r\n\r\n');
  assert.deepEqual([ready.headers['content-encoding'], ready.text], ['br', 'not really brotli']);
});

test('--spa answers what is no file with index.html', async (t) => {
  const { get } = await startServe(t, folderWith(t, { ...SITE, 'with-index/index.html': 'own\n' }), [
    '--spa',
  ]);
  for (const path of ['/users/7', '/docs/', '/docs', '/']) {
    const answer = await get(path);
    assert.deepEqual([answer.status, await answer.text()], [200, '<h1>home</h1>\n'], path);
  }
  assert.equal(await (await get('/docs/a.txt')).text(), 'a\n');
  const redirected = await get('/with-index');
  assert.deepEqual([redirected.status, redirected.headers.get('location')], [301, '/with-index/']);
  assert.equal(await (await get('/with-index/')).text(), 'own\n');
  assert.equal((await get('/users/7', { method: 'DELETE' })).status, 405);
});

for (const [value, seconds] of [
  ['1h', 3600],
  ['7 days', 604_800],
  ['90', 90],
  [' 90 ', 90],
  ['0', 0],
] as const) {
  test(`--max-age '${value}' is ${String(seconds)} s`, async (t) => {
    const { get } = await startServe(t, folderWith(t, SITE), ['--max-age', value]);
    assert.equal((await get('/')).headers.get('cache-control'), `public, max-age=${String(seconds)}`);
  });
}

test('--dotfiles serves what is hidden', async (t) => {
  const { get } = await startServe(t, folderWith(t, SITE), ['--dotfiles']);
  assert.equal(await (await get('/.secret')).text(), 's\n');
});

test('--cors: every answer may be read by other origins, and preflights are answered', async (t) => {
  const { get } = await startServe(t, folderWith(t, SITE), ['--cors', '--listing']);
  for (const [path, status] of [
    ['/app.js', 200],
    ['/docs', 301],
    ['/docs/', 200],
    ['/nothing', 404],
  ] as const) {
    const answer = await get(path);
    assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [status, '*'], path);
  }
  for (const [fields, status] of [
    [{ Range: 'bytes=9999-' }, 416],
    [{ 'If-Match': '"x"' }, 412],
  ] as const) {
    const answer = await get('/app.js', { headers: fields });
    assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [status, '*']);
  }
  const preflight = await get('/app.js', { method: 'OPTIONS' });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD');
});

test('--reactors and --workers are taken', async (t) => {
  const { get } = await startServe(t, folderWith(t, SITE), ['--reactors', '2', '--workers', '1']);
  assert.equal((await get('/')).status, 200);
});

test('--quiet: no line for a request', async (t) => {
  const { get, process, ended } = await startServe(t, folderWith(t, SITE), ['--quiet']);
  await get('/');
  process.kill('SIGTERM');
  const { code, stdout } = await ended;
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /GET/);
});

test('prints every address of the machine for 0.0.0.0, and no colours into a pipe', async (t) => {
  const { printed, process, ended } = await startServe(t, folderWith(t, SITE), ['--host', '0.0.0.0']);
  await printed(/\n\n/);
  process.kill('SIGTERM');
  const { stdout } = await ended;
  const own = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  for (const { address } of own.filter(({ family }) => family === 'IPv4')) {
    assert.ok(stdout.includes(`  http://${address}:`), `${address} in ${stdout}`);
  }
  assert.ok(!stdout.includes('\u001b'), stdout);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} answers what is being answered, and ends with 0`, async (t) => {
    const folder = folderWith(t, { 'large.bin': 'x'.repeat(8 * 1024 * 1024) });
    const { port, process, ended, get } = await startServe(t, folder);
    const idle = await Client.connect(t, { port });
    const slow = await get('/large.bin');
    process.kill(signal);
    assert.equal(await idle.ended(), 'fin'); // closing
    assert.equal((await slow.arrayBuffer()).byteLength, 8 * 1024 * 1024);
    const { code, signal: by, stdout } = await ended;
    assert.deepEqual([code, by], [0, null]);
    assert.match(stdout, / 200 GET \/large\.bin 8388608 B /); // written although it has ended
  });
}

test('a second signal ends it at once', async (t) => {
  const folder = folderWith(t, { 'large.bin': 'x'.repeat(64 * 1024 * 1024) });
  const { port, process, ended } = await startServe(t, folder);
  const idle = await Client.connect(t, { port });
  const stuck = await Client.connect(t, { port });
  stuck.socket.pause();
  stuck.send('GET /large.bin HTTP/1.1\r\nHost: h\r\n\r\n');
  await delay(300);
  process.kill('SIGTERM');
  assert.equal(await idle.ended(), 'fin');
  process.kill('SIGINT');
  const { code, stdout } = await ended;
  assert.equal(code, 130);
  assert.match(stdout, / 200 GET \/large\.bin \d+ B /);
});

test('links that lead out of the directory lead nowhere', async (t) => {
  const outside = folderWith(t, { 'secret.txt': 'secret', 'sub/secret.txt': 'secret' });
  const folder = folderWith(t, { 'inside/a.txt': 'a' });
  symlinkSync(outside, join(folder, 'out'));
  symlinkSync(join('..', outside.split('/').at(-1)!), join(folder, 'beside'));
  symlinkSync(join(outside, 'secret.txt'), join(folder, 'secret.txt'));
  symlinkSync('inside', join(folder, 'link'));
  const { get } = await startServe(t, folder, ['--listing']);
  for (const path of ['/out/', '/out', '/out/sub/', '/beside/', '/secret.txt', '/out/secret.txt']) {
    assert.equal((await get(path)).status, 404, path);
  }
  const page = await (await get('/')).text();
  assert.doesNotMatch(page, /secret|out|beside/);
  assert.match(page, /href="\.\/link\/"/);
  assert.match(await (await get('/link/')).text(), /href="\.\/a\.txt"/);
});
