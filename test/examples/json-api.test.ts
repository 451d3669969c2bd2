// json-api.test.ts: examples/json-api.ts, used as its comments say.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { Client } from '../helpers/client.js';
import { Example, ORDERLY } from '../helpers/example.js';
import { get, head } from '../helpers/requests.js';

interface Outcome {
  readonly status: number;
  readonly body: unknown;
  readonly location: string | null;
}

type Call = (method: string, path: string, body?: string) => Promise<Outcome>;

async function startApi(t: TestContext): Promise<{ api: Example; call: Call }> {
  const api = await Example.start(t, 'json-api');
  const call: Call = async (method, path, body) => {
    const response = await fetch(api.url + path, { method, ...(body !== undefined && { body }) });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      location: response.headers.get('location'),
    };
  };
  return { api, call };
}

test('the JSON API makes, lists, changes and deletes tasks', async (t) => {
  const { api, call } = await startApi(t);
  const task = { id: 1, title: 'Grease the axle', done: false };
  const made = await call('POST', '/tasks', '{"title":"Grease the axle"}');
  assert.deepEqual(made, { status: 201, body: task, location: '/tasks/1' });
  assert.deepEqual((await call('GET', made.location)).body, task);

  const changed = await call('PATCH', '/tasks/1', '{"done":true}');
  assert.deepEqual([changed.status, changed.body], [200, { ...task, done: true }]);
  assert.deepEqual((await call('GET', '/tasks?done=true')).body, [{ ...task, done: true }]);
  assert.deepEqual((await call('GET', '/tasks?done=false')).body, []);

  assert.equal((await call('DELETE', '/tasks/1')).status, 204);
  assert.deepEqual((await call('GET', '/tasks')).body, []);
  assert.deepEqual(await api.stop(), ORDERLY);
  assert.equal(api.errors, '');
});

const REFUSED = [
  ['POST', '/tasks', '{"title":', 400, 'the body is not JSON'],
  ['POST', '/tasks', '', 400, 'the body is not JSON'],
  ['POST', '/tasks', '5', 422, 'the body must be an object'],
  ['POST', '/tasks', '{}', 422, "'title' is missing"],
  ['POST', '/tasks', '{"title":""}', 422, "'title' must be a text"],
  ['POST', '/tasks', '{"title":"a","done":1}', 422, "'done' must be true or false"],
  ['POST', '/tasks', '{"title":"a","owner":"b"}', 422, "there is no field 'owner'"],
  ['GET', '/tasks/7', undefined, 404, 'there is no task 7'],
  ['PATCH', '/tasks/x', '{}', 404, 'there is no task x'],
  ['DELETE', '/tasks/7', undefined, 404, 'there is no task 7'],
] as const;

test('the JSON API says in JSON what is wrong with a request', async (t) => {
  const { api, call } = await startApi(t);
  for (const [method, path, body, status, error] of REFUSED) {
    const outcome = await call(method, path, body);
    const what = `${method} ${path} ${body ?? ''}`;
    assert.deepEqual([outcome.status, outcome.body], [status, { error }], what);
  }
  assert.equal(api.errors, '');
});

test('the JSON API leaves too large bodies and wrong methods to the server', async (t) => {
  const { api } = await startApi(t);
  const large = await fetch(`${api.url}/tasks`, { method: 'POST', body: 'x'.repeat(16 * 1024 + 1) });
  assert.equal(large.status, 413);
  const put = await fetch(`${api.url}/tasks/1`, { method: 'PUT', body: '{}' });
  assert.deepEqual([put.status, put.headers.get('allow')], [405, 'DELETE, GET, HEAD, OPTIONS, PATCH']);
});

test('the JSON API answers what it is being sent before it ends', async (t) => {
  const { api } = await startApi(t);
  const idle = await Client.connect(t, api);
  await idle.ask(get('/tasks'));
  const client = await Client.connect(t, api);
  client.send(head('POST', '/tasks', { 'Content-Length': '13', Expect: '100-continue' }));
  await client.readUntil('100 Continue\r\n\r\n');
  api.signal('SIGTERM');
  await idle.ended(); // so closing has begun
  const { status, headers } = await client.ask('{"title":"a"}');
  assert.deepEqual([status, headers['connection']], [201, 'close']);
  assert.deepEqual(await api.ended(), ORDERLY);
});
