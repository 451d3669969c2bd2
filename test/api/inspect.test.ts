// What console.log() shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { createServer } from 'millrace';

import { get } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';

test('a request and a response are shown with what they hold', async (t) => {
  const shown: string[] = [];
  const { connect } = await startServer(t, {}, (server) =>
    server.get('/users/:id', (req, res) => {
      res.status(201).header('X-B', '2').append('X-B', '3');
      shown.push(inspect(req), inspect(res), inspect({ deep: { req, res } }, { depth: 1 }));
      res.end();
      shown.push(inspect(res, { compact: 99, breakLength: Infinity }));
    }),
  );
  await (await connect()).ask(get('/users/7?full=1', { 'X-A': '1' }));
  const [request, response, deep, sent] = shown as [string, string, string, string];
  assert.match(request, /^HttpRequest \{\n {2}method: 'GET',\n {2}target: '\/users\/7\?full=1',/);
  assert.match(request, /params: \{ id: '7' \},\n {2}headers: \{ host: 'test', 'x-a': '1' \},/);
  assert.match(response, /^HttpResponse \{\n {2}statusCode: 201,\n {2}headers: \{ 'X-B': \[ '2', '3' \] \},/);
  assert.match(deep, /req: \[HttpRequest\], res: \[HttpResponse\]/);
  assert.match(sent, /headersSent: true, finished: true, aborted: false \}$/);
});

test('a server is shown with its state and where it listens', async () => {
  const server = createServer();
  assert.equal(inspect(server), "Server { state: 'new', address: null }");
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  assert.match(inspect(server), new RegExp(`state: 'listening',\\s+address: \\{.* port: ${String(port)},`));
  await server.close();
  assert.match(inspect(server), /^Server \{ state: 'closed'/);
});
