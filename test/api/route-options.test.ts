import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createServer, type Handler, type HttpResponse } from 'millrace';

import { get, head, post, postChunked } from '../helpers/requests.js';
import { startServer, untilRunning } from '../helpers/server.js';

const lengthOf: Handler = async (req, res) => {
  res.end(String((await req.buffer()).length));
};

test('bodyBytes of a route is less than that of the server, or more', async (t) => {
  const { connect } = await startServer(t, { limits: { bodyBytes: 100 } }, (server) => {
    server.post('/small', { bodyBytes: 10 }, lengthOf);
    server.post('/large', { bodyBytes: 100_000 }, lengthOf);
    server.post('/none', { bodyBytes: 0 }, lengthOf);
    server.post('/usual', {}, lengthOf);
  });
  const cases = [
    ['/small', 10, 11],
    ['/large', 100_000, 100_001],
    ['/none', 0, 1],
    ['/usual', 100, 101],
  ] as const;
  for (const [path, most, tooMuch] of cases) {
    const client = await connect();
    for (const request of [
      post(path, 'x'.repeat(most)),
      postChunked(path, most > 0 ? ['x'.repeat(most)] : []),
    ]) {
      assert.equal((await client.ask(request)).text, String(most), path);
    }
    for (const request of [
      head('POST', path, { 'Content-Length': String(tooMuch) }),
      postChunked(path, ['x'.repeat(tooMuch)]),
      head('POST', path, { 'Content-Length': String(tooMuch), Expect: '100-continue' }),
    ]) {
      const refused = await connect();
      const answer = await refused.ask(request);
      assert.equal(answer.status, 413, path);
      assert.equal(answer.headers['connection'], 'close');
      assert.deepEqual(answer.interim, []);
      assert.equal(await refused.ended(), 'fin');
    }
  }
});

test('handlerMs of a route replaces that of the server', async (t) => {
  const held = new Map<string, HttpResponse>();
  const hold: Handler = (req, res) => held.set(req.path, res);
  const { server, connect } = await startServer(t, { timeouts: { handlerMs: 100 } }, (server) => {
    server.get('/usual', hold);
    server.get('/longer', { handlerMs: 500 }, hold);
    server.get('/never', { handlerMs: 0 }, hold);
  });
  const patient = await connect();
  patient.send(get('/never'));
  await untilRunning(server);
  for (const path of ['/usual', '/longer']) {
    const client = await connect();
    const started = performance.now();
    const answer = await client.ask(get(path));
    assert.equal(answer.status, 503);
    if (path === '/longer') assert.ok(performance.now() - started > 400);
  }
  assert.equal(patient.unread.toString(), '');
  held.get('/never')!.end('at last');
  assert.equal((await patient.answer()).text, 'at last');
});

test('handlerMs of a route may be shorter than that of the server', async (t) => {
  const { connect } = await startServer(t, { timeouts: { handlerMs: 3_600_000 } }, (server) => {
    server.get('/', { handlerMs: 50 }, () => undefined);
  });
  assert.equal((await (await connect()).ask(get('/'))).status, 503);
});

test('handlerMs of a route counts where the server has none', async (t) => {
  const { connect } = await startServer(t, {}, (server) => {
    server.get('/', { handlerMs: 50 }, () => undefined);
  });
  const client = await connect();
  client.send(get('/') + get('/'));
  assert.deepEqual(
    (await client.answers(2)).map(({ status }) => status),
    [503, 503],
  );
});

test('every way to add a route takes options', async (t) => {
  const ways = ['get', 'post', 'put', 'patch', 'delete', 'options', 'all'] as const;
  const { connect } = await startServer(t, {}, (server) => {
    for (const way of ways) server[way](`/${way}`, { bodyBytes: 3 }, lengthOf);
    server.route('BREW', '/brew', { bodyBytes: 3 }, lengthOf);
    server.head('/head', { bodyBytes: 3 }, (_req, res) => {
      res.end();
    });
  });
  for (const way of [...ways, 'brew', 'head']) {
    const method = way.toUpperCase().replace('ALL', 'PUT');
    const client = await connect();
    const request = (length: number): string => head(method, `/${way}`, { 'Content-Length': String(length) });
    assert.equal((await client.ask(`${request(3)}abc`, { head: method === 'HEAD' })).status, 200, way);
    assert.equal((await client.ask(request(4), { head: method === 'HEAD' })).status, 413, way);
  }
});

for (const [options, code, option] of [
  [{ bodyByte: 1 }, 'ERR_MILLRACE_OPTION_UNKNOWN', 'bodyByte'],
  [{ bodyBytes: '1' }, 'ERR_MILLRACE_OPTION_TYPE', 'bodyBytes'],
  [{ bodyBytes: -1 }, 'ERR_MILLRACE_OPTION_RANGE', 'bodyBytes'],
  [{ handlerMs: 1.5 }, 'ERR_MILLRACE_OPTION_RANGE', 'handlerMs'],
  [{ headerMs: 10 }, 'ERR_MILLRACE_OPTION_UNKNOWN', 'headerMs'],
] as const) {
  test(`the options ${JSON.stringify(options)} of a route are refused`, () => {
    const server = createServer();
    assert.throws(() => server.get('/', options as object, () => undefined), {
      name: 'OptionError',
      code,
      option,
    });
    server.get('/', () => undefined);
  });
}
