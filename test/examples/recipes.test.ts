// recipes.test.ts: the programs of docs/recipes.md do what the page says of them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import { Example, ORDERLY } from '../helpers/example.js';
import { programsOf } from '../helpers/programs.js';

const PROGRAMS = programsOf('docs/recipes.md');

function start(t: TestContext, name: string): Promise<Example> {
  return Example.startFile(t, PROGRAMS.get(name)!);
}

test('all programs of docs/recipes.md are tried here', () => {
  assert.deepEqual(
    [...PROGRAMS.keys()],
    ['around.mjs', 'sessions.mjs', 'form.mjs', 'cors.mjs', 'app.test.mjs', 'spans.mjs'],
  );
});

test('a function around handlers turns problems into JSON, also where no route matches', async (t) => {
  const example = await start(t, 'around.mjs');
  const ask = async (path: string, init?: RequestInit): Promise<unknown[]> => {
    const response = await fetch(example.url + path, init);
    return [response.status, await response.json()];
  };
  const post = (body: string): Promise<unknown[]> => ask('/users', { method: 'POST', body });
  assert.deepEqual(await post('{"name":"Ada"}'), [201, { name: 'Ada' }]);
  assert.deepEqual(await post('{'), [400, { error: 'the body must be JSON' }]);
  assert.deepEqual(await post('null'), [422, { error: "'name' must be a text" }]);
  assert.deepEqual(await ask('/nowhere'), [404, { error: 'there is no /nowhere' }]);
  assert.deepEqual(await ask('/users'), [404, { error: 'there is no /users' }]);
  assert.deepEqual(await example.stop(), ORDERLY);
  assert.equal(example.errors, '');
});

test('a cookie leads to the session that was begun with it', async (t) => {
  const example = await start(t, 'sessions.mjs');
  const me = (cookie?: string): Promise<Response> =>
    fetch(`${example.url}/me`, { headers: cookie === undefined ? {} : { cookie } });
  const body = new URLSearchParams({ name: 'Ada' });
  const login = await fetch(`${example.url}/login`, { method: 'POST', body, redirect: 'manual' });
  assert.equal(login.status, 303);
  const cookies = login.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  assert.equal(cookies.length, 2);
  assert.deepEqual(await (await me(cookies.reverse().join('; '))).json(), { name: 'Ada' });
  assert.equal((await me()).status, 401);
  assert.equal((await me('session=another; theme=dark')).status, 401);
  assert.deepEqual(await example.stop(), ORDERLY);
  assert.equal(example.errors, '');
});

test('a form with a file is read, and what is none is refused', async (t) => {
  const example = await start(t, 'form.mjs');
  const send = (body: string | FormData | URLSearchParams): Promise<Response> =>
    fetch(`${example.url}/photos`, { method: 'POST', body });
  const form = new FormData();
  form.append('title', 'a mill');
  form.append('photo', new Blob([new Uint8Array(100_000)]), 'mill.jpg');
  assert.deepEqual(await (await send(form)).json(), { title: 'a mill', file: 'mill.jpg', bytes: 100_000 });
  form.set('photo', 'no file');
  for (const other of [form, 'no form', new URLSearchParams({ photo: 'x' })]) {
    assert.equal((await send(other)).status, 422);
  }
  assert.deepEqual(await example.stop(), ORDERLY);
  assert.equal(example.errors, '');
});

test('other origins are told that they may ask, on each path, and get 404 where nothing is', async (t) => {
  const example = await start(t, 'cors.mjs');
  for (const [method, path, status] of [
    ['GET', '/prices', 200],
    ['OPTIONS', '/prices', 204],
    ['OPTIONS', '/nowhere', 204],
    ['GET', '/nowhere', 404],
    ['POST', '/prices', 404],
  ] as const) {
    const response = await fetch(example.url + path, { method });
    await response.text();
    assert.equal(response.status, status, `${method} ${path}`);
    assert.equal(response.headers.get('access-control-allow-origin'), 'https://shop.example');
  }
  assert.deepEqual(await example.stop(), ORDERLY);
  assert.equal(example.errors, '');
});

test('the test of a server passes, and its process ends', async () => {
  // Without it the process believes itself to be part of this run.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const args = ['--test-reporter=tap', PROGRAMS.get('app.test.mjs')!];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 60_000 });
  assert.match(stdout, /^# pass 1$/m);
  assert.match(stdout, /^# fail 0$/m);
});

test('a span is told for each request', async (t) => {
  const example = await start(t, 'spans.mjs');
  const response = await fetch(`${example.url}/users/7`, { headers: { traceparent: '00-1-2-01' } });
  assert.deepEqual(await response.json(), { id: '7' });
  assert.deepEqual(await example.stop(), ORDERLY);
  assert.match(example.errors, /^GET \/users\/:id ok \d+\.\d ms, parent 00-1-2-01\n$/);
});
