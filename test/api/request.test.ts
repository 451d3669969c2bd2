import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import type { Handler, HttpRequest } from 'millrace';

import type { Client } from '../helpers/client.js';
import { get, head, post } from '../helpers/requests.js';
import { startHandler, startServer } from '../helpers/server.js';

/** What the handler gets for these bytes, by a route of this pattern or without one. */
async function requestOf(t: TestContext, bytes: string, pattern?: string): Promise<HttpRequest> {
  let seen: HttpRequest | undefined;
  const handler: Handler = (request, response) => {
    seen = request;
    response.end();
  };
  const { connect } = await startServer(
    t,
    {},
    (s) => pattern !== undefined && s.all(pattern, handler),
    handler,
  );
  await (await connect()).ask(bytes, { head: bytes.startsWith('HEAD') });
  return seen ?? assert.fail('the handler was not called');
}

type Seen = Partial<Pick<HttpRequest, 'method' | 'target' | 'path' | 'query' | 'authority' | 'httpVersion'>>;

const TARGETS: readonly { name: string; bytes: string; seen: Seen }[] = [
  {
    name: 'an origin-form target (RFC 9112 §3.2.1)',
    bytes: 'GET /a/b?c=d&e HTTP/1.1\r\nHost: x.test:81\r\n\r\n',
    seen: {
      method: 'GET',
      target: '/a/b?c=d&e',
      path: '/a/b',
      query: 'c=d&e',
      authority: 'x.test:81',
      httpVersion: '1.1',
    },
  },
  {
    name: 'a path that is not decoded',
    bytes: get('/%61%2F/./../b;c=~?%20%zz'),
    seen: { target: '/%61%2F/./../b;c=~?%20%zz', path: '/%61%2F/./../b;c=~', query: '%20%zz' },
  },
  { name: 'an empty query', bytes: get('/a?'), seen: { target: '/a?', path: '/a', query: '' } },
  { name: 'a query with further question marks', bytes: get('/?a?b?'), seen: { path: '/', query: 'a?b?' } },
  { name: 'double slashes', bytes: get('//a//b'), seen: { target: '//a//b', path: '//a//b' } },
  {
    name: 'an absolute-form target, whose authority counts (RFC 9112 §3.2.2)',
    bytes: 'GET http://a.test:8080/p?q HTTP/1.1\r\nHost: b.test\r\n\r\n',
    seen: { target: 'http://a.test:8080/p?q', path: '/p', query: 'q', authority: 'a.test:8080' },
  },
  {
    name: 'an absolute-form target without a path',
    bytes: 'GET http://a.test HTTP/1.1\r\nHost: b.test\r\n\r\n',
    seen: { target: 'http://a.test', path: '/', query: '', authority: 'a.test' },
  },
  {
    name: 'an absolute-form target with a query and no path',
    bytes: 'GET http://a.test?q HTTP/1.1\r\nHost: b.test\r\n\r\n',
    seen: { path: '/', query: 'q', authority: 'a.test' },
  },
  {
    name: 'OPTIONS of a server through a proxy (RFC 9112 §3.2.4)',
    bytes: 'OPTIONS http://a.test HTTP/1.1\r\nHost: b.test\r\n\r\n',
    seen: { target: 'http://a.test', path: '*', query: '', authority: 'a.test' },
  },
  {
    name: 'OPTIONS with an absolute-form target that has a query and no path',
    bytes: 'OPTIONS http://a.test?q HTTP/1.1\r\nHost: b.test\r\n\r\n',
    seen: { path: '/', query: 'q', authority: 'a.test' },
  },
  {
    name: 'an asterisk-form target (RFC 9112 §3.2.4)',
    bytes: head('OPTIONS', '*'),
    seen: { method: 'OPTIONS', target: '*', path: '*', query: '', authority: 'test' },
  },
  { name: 'a method that nobody has heard of', bytes: head('BREW', '/'), seen: { method: 'BREW' } },
  { name: 'a method in lower case', bytes: head('get', '/'), seen: { method: 'get' } },
  {
    name: 'HTTP/1.0 without Host',
    bytes: 'GET /a HTTP/1.0\r\n\r\n',
    seen: { httpVersion: '1.0', authority: '', target: '/a' },
  },
  {
    name: 'HTTP/1.0 with Host',
    bytes: 'GET /a HTTP/1.0\r\nHost: a.test\r\n\r\n',
    seen: { httpVersion: '1.0', authority: 'a.test' },
  },
  {
    name: 'an IPv6 address for a host',
    bytes: 'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
    seen: { authority: '[::1]:80' },
  },
  {
    name: 'the longest request line',
    bytes: get(`/${'a'.repeat(8000)}?b`),
    seen: { path: `/${'a'.repeat(8000)}`, query: 'b' },
  },
];

for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND']) {
  test(`a request says its method: ${method}`, async (t) => {
    const request = await requestOf(t, head(method, '/'));
    assert.equal(request.method, method);
  });
}

for (const { name, bytes, seen } of TARGETS) {
  test(`a request says what was asked for: ${name}`, async (t) => {
    const request = await requestOf(t, bytes);
    for (const [property, value] of Object.entries(seen)) {
      assert.equal(request[property as keyof Seen], value, property);
    }
    assert.equal(request.url, request.target);
    assert.equal(request.header('host'), request.authority === '' ? undefined : request.authority);
    assert.equal(request.headers.host, request.header('host'));
  });
}

test('rawHeaders has the Host field as it was sent, also where the target names another', async (t) => {
  const request = await requestOf(t, 'GET http://a.test/ HTTP/1.1\r\nhOST:   b.test  \r\nX-A:\r\n\r\n');
  assert.deepEqual(request.rawHeaders, ['hOST', 'b.test', 'X-A', '']);
  assert.equal(request.header('Host'), 'a.test');
});

const QUERIES: readonly (readonly [query: string, pairs: [string, string][]])[] = [
  ['', []],
  [
    'a=1&b=2&a=3',
    [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ],
  ],
  [
    'a+b=%C3%A9&=x&y',
    [
      ['a b', 'é'],
      ['', 'x'],
      ['y', ''],
    ],
  ],
  ['a=%zz', [['a', '%zz']]],
];

for (const [query, pairs] of QUERIES) {
  test(`searchParams takes '${query}' apart`, async (t) => {
    const request = await requestOf(t, get(`/?${query}`));
    assert.deepEqual([...request.searchParams], pairs);
    assert.equal(request.searchParams, request.searchParams, 'one object for a request');
  });
}

const PARAMS: readonly { pattern: string; target: string; params: object }[] = [
  { pattern: '/a', target: '/a', params: {} },
  { pattern: '/:a', target: '/x', params: { a: 'x' } },
  { pattern: '/:a/b/:c', target: '/x/b/y?z', params: { a: 'x', c: 'y' } },
  { pattern: '/:a', target: '/caf%C3%A9%2Fb', params: { a: 'café/b' } },
  { pattern: '/:a/:b', target: '/%FF/%C3%A9', params: { a: '%FF', b: 'é' } },
  { pattern: '/:__proto__', target: '/x', params: { ['__proto__']: 'x' } },
  { pattern: '/f/*', target: '/f/', params: { '*': '' } },
  { pattern: '/f/*', target: '/f/a/b%20c', params: { '*': 'a/b c' } },
  { pattern: '/:a/*', target: '/x/y/z', params: { a: 'x', '*': 'y/z' } },
  { pattern: '*', target: '/x/y', params: { '*': '/x/y' } },
];

for (const { pattern, target, params } of PARAMS) {
  test(`params of ${target} by the pattern ${pattern}`, async (t) => {
    const request = await requestOf(t, get(target), pattern);
    assert.deepEqual(Object.entries(request.params), Object.entries(params));
    assert.equal(Object.getPrototypeOf(request.params), null);
    assert.equal(request.params, request.params, 'one object for a request');
  });
}

test('a request without a route has no params', async (t) => {
  const { params } = await requestOf(t, get('/a'));
  assert.deepEqual(Object.keys(params), []);
});

test('remoteAddress and remotePort are those of the client', async (t) => {
  let seen: readonly unknown[] = [];
  const { connect } = await startHandler(t, (req, res) => {
    seen = [req.remoteAddress, req.remotePort];
    res.end();
  });
  const client = await connect();
  await client.ask(get('/'));
  assert.deepEqual(seen, ['127.0.0.1', client.socket.localPort]);
});

test('a request stays as it was, for as long as somebody holds it', async (t) => {
  const held: HttpRequest[] = [];
  const { connect } = await startServer(t, {}, (server) => {
    server.get('/kept/:n', (req, res) => {
      held.push(req);
      res.end();
    });
    server.post('/kept/:n', (req, res) => {
      held.push(req);
      res.end();
    });
    server.get('/other', (_req, res) => {
      res.end();
    });
  });
  const client = await connect();
  const KEPT = 200;
  for (let n = 0; n < KEPT; n++) {
    client.send(
      n % 2 === 0
        ? get(`/kept/${String(n)}?q=${String(n)}`, { 'X-N': `n${String(n)}` })
        : post(`/kept/${String(n)}?q=${String(n)}`, `body ${String(n)}`, { 'X-N': `n${String(n)}` }),
    );
    await client.answer();
  }
  // Far more than the ring and its arena hold.
  await flood(client, 3000);
  client.destroy();
  await turn();
  assert.equal(held.length, KEPT);
  for (const [index, request] of held.entries()) {
    const n = String(index);
    assert.equal(request.method, index % 2 === 0 ? 'GET' : 'POST');
    assert.equal(request.target, `/kept/${n}?q=${n}`);
    assert.equal(request.params['n'], n);
    assert.equal(request.searchParams.get('q'), n);
    assert.equal(request.header('x-n'), `n${n}`);
    assert.equal(request.headers['x-n'], `n${n}`);
    assert.equal(request.authority, 'test');
    assert.equal(request.remoteAddress, '127.0.0.1');
    assert.equal(await request.text(), index % 2 === 0 ? '' : `body ${n}`);
  }
});

async function flood(client: Client, requests: number): Promise<void> {
  const request = get('/other', { 'X-Filler': '#'.repeat(2000) });
  const BATCH = 50;
  for (let sent = 0; sent < requests; sent += BATCH) {
    client.send(request.repeat(BATCH));
    await client.answers(BATCH);
  }
}
