import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Server } from 'millrace';

import type { Answer } from '../helpers/answer-reader.js';
import { head } from '../helpers/requests.js';
import { startHandler, startServer } from '../helpers/server.js';

/** `METHOD pattern`, as the app adds it; ALL is `all()`. Each answers with its own text. */
function addRoutes(server: Server, routes: readonly string[]): void {
  for (const route of routes) {
    const [method = '', pattern = ''] = route.split(' ');
    if (method === 'ALL')
      server.all(pattern, (_req, res) => {
        res.end(route);
      });
    else
      server.route(method, pattern, (_req, res) => {
        res.end(route);
      });
  }
}

interface FoundCase {
  readonly name: string;
  readonly routes: readonly string[];
  /** Method and target of each request, and the route that answers it; a number is the status instead. */
  readonly finds: readonly (readonly [request: string, route: string | number])[];
}

const FOUND: readonly FoundCase[] = [
  {
    name: 'a literal pattern matches its path and no other',
    routes: ['GET /', 'GET /a', 'GET /a/b'],
    finds: [
      ['GET /', 'GET /'],
      ['GET /a', 'GET /a'],
      ['GET /a/b', 'GET /a/b'],
      ['GET /A', 404],
      ['GET /a/', 404],
      ['GET //a', 404],
      ['GET /a/b/c', 404],
      ['GET /ab', 404],
    ],
  },
  {
    name: 'a route is found by the path without the query',
    routes: ['GET /a'],
    finds: [
      ['GET /a?b=/c', 'GET /a'],
      ['GET /a?', 'GET /a'],
      ['GET /?/a', 404],
    ],
  },
  {
    name: 'a parameter matches one segment that is not empty',
    routes: ['GET /users/:id', 'GET /users/:id/posts/:post'],
    finds: [
      ['GET /users/7', 'GET /users/:id'],
      ['GET /users/%2F', 'GET /users/:id'],
      ['GET /users/', 404],
      ['GET /users', 404],
      ['GET /users/7/', 404],
      ['GET /users/7/posts/8', 'GET /users/:id/posts/:post'],
      ['GET /users//posts/8', 404],
    ],
  },
  {
    name: 'a trailing * matches everything below, also nothing',
    routes: ['GET /files/*'],
    finds: [
      ['GET /files/', 'GET /files/*'],
      ['GET /files/a', 'GET /files/*'],
      ['GET /files/a/b/', 'GET /files/*'],
      ['GET /files', 404],
      ['GET /filesystem', 404],
    ],
  },
  {
    name: 'literal wins over parameter, parameter over *, segment by segment from the left',
    routes: ['GET /*', 'GET /:x', 'GET /a', 'GET /:x/b', 'GET /a/*', 'GET /a/:y', 'GET /a/b'],
    finds: [
      ['GET /a', 'GET /a'],
      ['GET /q', 'GET /:x'],
      ['GET /a/b', 'GET /a/b'],
      ['GET /a/c', 'GET /a/:y'],
      ['GET /a/c/d', 'GET /a/*'],
      ['GET /q/b', 'GET /:x/b'],
      ['GET /q/c', 'GET /*'],
      ['GET /', 'GET /*'],
    ],
  },
  {
    name: 'the order in which routes are added does not matter',
    routes: ['GET /a', 'GET /:x', 'GET /*', 'GET *'],
    finds: [
      ['GET /a', 'GET /a'],
      ['GET /b', 'GET /:x'],
      ['GET /b/c', 'GET /*'],
    ],
  },
  {
    name: 'a less specific pattern answers the methods that the more specific one does not',
    routes: ['GET /a', 'POST /:x', 'ALL *'],
    finds: [
      ['GET /a', 'GET /a'],
      ['POST /a', 'POST /:x'],
      ['DELETE /a', 'ALL *'],
      ['GET /elsewhere/b', 'ALL *'],
    ],
  },
  {
    name: 'all() answers every method that has no route of its own on the pattern',
    routes: ['ALL /a', 'GET /a'],
    finds: [
      ['GET /a', 'GET /a'],
      ['POST /a', 'ALL /a'],
      ['OPTIONS /a', 'ALL /a'],
      ['TRACE /a', 'ALL /a'],
      ['PURGE /a', 'ALL /a'],
    ],
  },
  {
    name: 'methods are case-sensitive, and any token is one (RFC 9110 §9.1)',
    routes: ['PURGE /a', 'get /a', 'M-SEARCH /a', "!#$%&'*+-.^_`|~ /a"],
    finds: [
      ['PURGE /a', 'PURGE /a'],
      ['get /a', 'get /a'],
      ['M-SEARCH /a', 'M-SEARCH /a'],
      ["!#$%&'*+-.^_`|~ /a", "!#$%&'*+-.^_`|~ /a"],
      ['GET /a', 405],
      ['purge /a', 405],
    ],
  },
  {
    name: 'a pattern that has to be percent-encoded is found as clients send it',
    routes: ['GET /caf\u00e9', 'GET /a%20b'],
    finds: [
      ['GET /caf%C3%A9', 'GET /caf\u00e9'],
      ['GET /a%20b', 'GET /a%20b'],
    ],
  },
  {
    name: 'options() answers in place of the server, also for the whole server (RFC 9110 §9.3.7)',
    routes: ['OPTIONS *', 'GET /a'],
    finds: [
      ['OPTIONS *', 'OPTIONS *'],
      ['OPTIONS /a', 'OPTIONS *'],
      ['OPTIONS /b', 'OPTIONS *'],
    ],
  },
  {
    name: 'the path of an absolute-form target finds the route (RFC 9112 §3.2.2)',
    routes: ['GET /', 'GET /a'],
    finds: [
      ['GET http://test/a?b', 'GET /a'],
      ['GET http://test', 'GET /'],
      ['GET http://test?b', 'GET /'],
      ['GET http://test/b', 404],
    ],
  },
];

for (const { name, routes, finds } of FOUND) {
  test(name, async (t) => {
    const { connect } = await startServer(t, {}, (server) => {
      addRoutes(server, routes);
    });
    const client = await connect();
    for (const [request, route] of finds) {
      const [method = '', target = ''] = request.split(' ');
      const { status, text } = await client.ask(head(method, target));
      assert.equal(status === 200 ? text : status, route, request);
    }
  });
}

test('every method has its own way to add a route', async (t) => {
  const methods = ['get', 'post', 'put', 'patch', 'delete', 'options'] as const;
  const { connect } = await startServer(t, {}, (server) => {
    for (const method of methods)
      server[method]('/', (_req, res) => {
        res.end(method);
      });
    server.head('/', (_req, res) => {
      res.header('X-Route', 'head').end();
    });
  });
  const client = await connect();
  for (const method of methods)
    assert.equal((await client.ask(head(method.toUpperCase(), '/'))).text, method);
  const answer = await client.ask(head('HEAD', '/'), { head: true });
  assert.equal(answer.headers['x-route'], 'head');
  assert.equal(answer.headers['content-length'], undefined, 'that of GET is not known here (RFC 9110 §8.6)');
});

test('HEAD runs the GET route and gets the fields of its answer without the body (RFC 9110 §9.3.2)', async (t) => {
  const seen: string[] = [];
  const { connect } = await startServer(t, {}, (server) =>
    server.get('/', (req, res) => {
      seen.push(req.method);
      res.header('X-A', 'b').text('hello');
    }),
  );
  const client = await connect();
  const toHead = await client.ask(head('HEAD', '/'), { head: true });
  const toGet = await client.stillServes(head('GET', '/'));
  const undated = ({ headers }: Answer): object => ({ ...headers, date: '' });
  assert.deepEqual(undated(toHead), undated(toGet));
  assert.equal(toHead.headers['content-length'], '5');
  assert.equal(toHead.status, 200);
  assert.deepEqual(seen, ['HEAD', 'GET']);
});

interface RefusedCase {
  readonly name: string;
  readonly routes: readonly string[];
  readonly request: string;
  readonly status: number;
  readonly allow: string;
}

const NATIVE: readonly RefusedCase[] = [
  {
    name: '405 names the methods of the path, HEAD with GET, and OPTIONS',
    routes: ['GET /a', 'DELETE /a', 'PUT /b'],
    request: 'POST /a',
    status: 405,
    allow: 'DELETE, GET, HEAD, OPTIONS',
  },
  {
    name: '405 names the methods of all patterns that match the path',
    routes: ['POST /:x', 'PURGE /a', 'PUT /*', 'GET /b'],
    request: 'GET /a',
    status: 405,
    allow: 'OPTIONS, POST, PURGE, PUT',
  },
  {
    name: 'HEAD without GET is 405',
    routes: ['POST /a'],
    request: 'HEAD /a',
    status: 405,
    allow: 'OPTIONS, POST',
  },
  {
    name: 'an unknown method on a path that exists is 405',
    routes: ['GET /a'],
    request: 'BREW /a',
    status: 405,
    allow: 'GET, HEAD, OPTIONS',
  },
  {
    name: 'OPTIONS on a path with routes is 204',
    routes: ['GET /a', 'POST /a'],
    request: 'OPTIONS /a',
    status: 204,
    allow: 'GET, HEAD, OPTIONS, POST',
  },
  {
    name: 'OPTIONS * tells of all routes',
    routes: ['GET /a', 'PATCH /b/:c'],
    request: 'OPTIONS *',
    status: 204,
    allow: 'GET, HEAD, OPTIONS, PATCH',
  },
];

for (const { name, routes, request, status, allow } of NATIVE) {
  test(`without JavaScript: ${name}`, async (t) => {
    const { server, connect } = await startServer(t, {}, (s) => {
      addRoutes(s, routes);
    });
    const [method = '', target = ''] = request.split(' ');
    const client = await connect();
    const answer = await client.ask(head(method, target), { head: method === 'HEAD' });
    assert.equal(answer.status, status);
    assert.equal(answer.headers['allow'], allow);
    assert.equal(server.stats().requests.handled, 0);
    assert.equal(server.stats().requests.native, 1);
  });
}

test('without JavaScript: answers to HEAD have no body, whatever they say', async (t) => {
  const { connect } = await startServer(t, {}, (server) => {
    addRoutes(server, ['POST /a']);
    server.reply('GET', '/b', { body: 'hello' });
  });
  const client = await connect();
  for (const [path, status] of [
    ['/a', 405],
    ['/b', 200],
    ['/c', 404],
  ] as const) {
    const answer = await client.ask(head('HEAD', path), { head: true });
    assert.equal(answer.status, status);
    assert.notEqual(answer.headers['content-length'], '0');
    assert.equal((await client.stillServes(head('GET', '/b'))).text, 'hello');
  }
});

test('without JavaScript: OPTIONS on a path without routes is 404', async (t) => {
  const { connect } = await startServer(t, {}, (server) => {
    addRoutes(server, ['GET /a']);
  });
  const answer = await (await connect()).ask(head('OPTIONS', '/b'));
  assert.equal(answer.status, 404);
  assert.equal(answer.headers['allow'], undefined);
});

test('the handler of createServer answers whatever no route matches', async (t) => {
  const { server, connect } = await startHandler(t, (req, res) => {
    res.end(`${req.method} ${req.path}`);
  });
  const client = await connect();
  for (const method of ['GET', 'POST', 'OPTIONS', 'BREW']) {
    assert.equal((await client.ask(head(method, '/some/where?x'))).text, `${method} /some/where`);
  }
  assert.equal((await client.ask(head('OPTIONS', '*'))).text, 'OPTIONS *');
  assert.equal(server.stats().requests.native, 0);
});

test('a route is preferred to the handler of createServer, which also gets the other methods of its path', async (t) => {
  const { server, connect } = await startServer(
    t,
    {},
    (s) =>
      s.get('/a', (_req, res) => {
        res.end('route');
      }),
    (_req, res) => {
      res.end('fallback');
    },
  );
  const client = await connect();
  assert.equal((await client.ask(head('GET', '/a'))).text, 'route');
  assert.equal((await client.ask(head('POST', '/a'))).text, 'fallback');
  assert.equal((await client.ask(head('GET', '/b'))).text, 'fallback');
  assert.equal(server.stats().requests.native, 0);
});
