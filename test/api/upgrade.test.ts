// Connections that are handed over (RFC 9110 §7.8): by hand, and to `ws`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import { createServer, type HttpRequest, type Server, type UpgradeSocket } from 'millrace';
import { WebSocket, WebSocketServer } from 'ws';

import { deferred, until } from '../helpers/promises.js';
import { get, head, post } from '../helpers/requests.js';
import { startServer } from '../helpers/server.js';

const FIELDS = { Connection: 'Upgrade', Upgrade: 'echo' };
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const MIB = 1024 * 1024;

function echo(_request: HttpRequest, socket: Duplex): void {
  socket.on('error', () => undefined); // clients of these tests go when they are done
  socket.write(SWITCH);
  socket.pipe(socket);
}

test('the handler gets the connection: bytes go both ways as they are, until both sides have ended', async (t) => {
  const { server, connect } = await startServer(t, {}, (s) => s.upgrade('/raw/:name', echo));
  const client = await connect({ allowHalfOpen: true });
  client.send(`${head('GET', '/raw/x', FIELDS)}early`);
  await client.readUntil('\r\n\r\n');
  await client.readUntil('early');
  for (const text of ['GET / HTTP/1.1\r\n\r\n', '\0\x7f', 'x'.repeat(300_000), '0\r\n\r\n']) {
    client.send(`${text}|`);
    assert.ok((await client.readUntil('|')) === `${text}|`);
  }
  client.send('last').finish();
  await client.readUntil('last');
  assert.equal(await client.ended(), 'fin');
  await until('it has gone', () => server.stats().connections.open === 0);
});

test('CONNECT is refused, also where it asks for another protocol (RFC 9110 §9.3.6)', async (t) => {
  const { connect } = await startServer(t, {}, (s) => s.upgrade('/', echo).upgrade('*', echo));
  const client = await connect();
  const { status } = await client.ask(head('CONNECT', 'test:443', { Host: 'test:443', ...FIELDS }));
  assert.equal(status, 501);
  assert.equal(await client.ended(), 'fin');
});

test('the request is all there, and the head is empty', async (t) => {
  const seen = deferred<unknown[]>();
  const peer = deferred<UpgradeSocket>();
  const { connect } = await startServer(t, {}, (s) =>
    s.upgrade('/:a', (req, socket, first) => {
      seen.resolve([req.method, req.url, req.params['a'], req.header('upgrade'), first.length]);
      peer.resolve(socket);
      socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n');
    }),
  );
  const client = await connect();
  client.send(head('GET', '/x?y', FIELDS));
  assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1.1 426 /);
  assert.equal(await client.ended(), 'fin');
  assert.deepEqual(await seen.promise, ['GET', '/x?y', 'x', 'echo', 0]);
  const { remoteAddress, remotePort } = await peer.promise;
  assert.deepEqual([remoteAddress, remotePort], ['127.0.0.1', client.socket.localPort]);
});

const PLAIN: Readonly<Record<string, string>> = {
  'without Connection: upgrade': head('GET', '/both', { Upgrade: 'echo' }),
  'without an Upgrade field': head('GET', '/both', { Connection: 'upgrade' }),
  'of HTTP/1.0': 'GET /both HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
  'with a body': post('/both', 'x', FIELDS),
  'for another path': head('GET', '/other', FIELDS),
};

for (const [what, request] of Object.entries(PLAIN)) {
  test(`a request ${what} goes to the routes`, async (t) => {
    const { connect } = await startServer(t, {}, (s) => {
      s.upgrade('/both', () => assert.fail('not an upgrade'));
      s.all('*', (_req, res) => {
        res.end('plain');
      });
    });
    assert.equal((await (await connect()).ask(request)).text, 'plain');
  });
}

for (const [fields, status] of [
  [{ Connection: 'Upgrade', Upgrade: '' }, 200],
  [{ Connection: 'Upgrade', Upgrade: ' , ' }, 200],
  [{ ...FIELDS, Expect: 'something' }, 417],
] as const) {
  test(`no upgrade: ${JSON.stringify(fields)} is answered ${String(status)} (RFC 9110 §7.8, §10.1.1)`, async (t) => {
    const { connect } = await startServer(t, {}, (s) => {
      s.upgrade('/', echo);
      s.get('/', (_req, res) => {
        res.end('no upgrade');
      });
    });
    assert.equal((await (await connect()).ask(head('GET', '/', fields))).status, status);
  });
}

test('an upgrade waits for the answers to the requests before it', async (t) => {
  const go = deferred();
  const { connect } = await startServer(t, {}, (s) => {
    s.upgrade('/raw', echo);
    s.get('/', async (_req, res) => {
      await go.promise;
      res.end('answer');
    });
  });
  const client = await connect();
  client.send(`${get('/')}${head('GET', '/raw', FIELDS)}bytes`);
  await delay(20);
  assert.equal(client.unreadBytes, 0);
  go.resolve();
  assert.equal((await client.answer()).text, 'answer');
  await client.readUntil(`${SWITCH}bytes`);
});

test('back-pressure reaches both sides', async (t) => {
  const SIZE = 32 * MIB;
  const socketOf = deferred<Duplex>();
  const { server, connect } = await startServer(t, {}, (s) =>
    s.upgrade('/', (_req, socket) => {
      socketOf.resolve(socket);
    }),
  );
  const client = await connect();
  client.socket.pause();
  client.send(head('GET', '/', FIELDS)).send(Buffer.alloc(SIZE, 'u'));
  const socket = await socketOf.promise;
  let written = 0;
  while (socket.write(Buffer.alloc(65_536, 'd')) && written < SIZE) {
    written += 65_536;
    await delay(0);
  }
  assert.ok(written < SIZE, 'nobody holds the handler back');
  let received = -1;
  for (let now = 0; now !== received; now = server.stats().bytes.received) {
    received = now;
    await delay(100);
  }
  assert.ok(received < 2 * MIB, `${String(received)} bytes have been taken`);
  client.socket.resume();
  let bytes = 0;
  for await (const chunk of socket) {
    bytes += (chunk as Buffer).length;
    if (bytes === SIZE) break;
  }
});

test('a client that goes is an error of the socket; close() cuts off what is left after the grace time', async (t) => {
  const sockets: Duplex[] = [];
  const { server, connect } = await startServer(t, {}, (s) =>
    s.upgrade('/', (_req, socket) => {
      socket.write(SWITCH);
      sockets.push(socket);
    }),
  );
  const open = async (): Promise<readonly [Awaited<ReturnType<typeof connect>>, Promise<unknown[]>]> => {
    const client = await connect();
    client.send(head('GET', '/', FIELDS));
    await client.readUntil('\r\n\r\n');
    return [client, once(sockets.at(-1)!, 'error')];
  };
  const [client, failed] = await open();
  client.reset();
  assert.equal(((await failed)[0] as { code: string }).code, 'ERR_MILLRACE_ABORTED');
  const [, cutOff] = await open();
  cutOff.catch(() => undefined);
  assert.equal((await server.close({ graceMs: 100 })).aborted, 1);
});

test('destroy() ends the connection, and a handler that throws does', async (t) => {
  const { server, connect } = await startServer(t, {}, (s) => {
    s.upgrade('/destroy', (_req, socket) => socket.destroy());
    s.upgrade('/throw', () => {
      throw new Error('of the handler');
    });
  });
  const errors: unknown[] = [];
  server.on('error', (error) => errors.push((error as Error).message));
  for (const path of ['/destroy', '/throw']) {
    const client = await connect();
    client.send(head('GET', path, FIELDS));
    await client.ended();
    assert.equal(client.unreadBytes, 0);
  }
  assert.deepEqual(errors, ['of the handler']);
});

test('a second upgrade handler for a pattern, or none, is a RouteError', () => {
  const server = createServer();
  server.upgrade('/a/:b', echo).get('/a/:b', () => undefined);
  assert.throws(() => server.upgrade('/a/:c', echo), { code: 'ERR_MILLRACE_ROUTE_DUPLICATE' });
  assert.throws(() => server.upgrade('/d', undefined as never), { code: 'ERR_MILLRACE_ROUTE_HANDLER' });
});

// --- ws

async function startWebSockets(t: TestContext): Promise<{ server: Server; url: string }> {
  const sockets = new WebSocketServer({ noServer: true });
  const { server } = await startServer(t, {}, (s) =>
    s.upgrade('/ws', (req, socket, first) => {
      sockets.handleUpgrade(req as never, socket, first, (ws) => {
        ws.on('message', (data, isBinary) => {
          ws.send(data, { binary: isBinary });
        });
      });
    }),
  );
  return { server, url: `ws://127.0.0.1:${String(server.address()!.port)}/ws` };
}

test('ws runs on it: messages of all sizes, pings, and an orderly close from either side', async (t) => {
  const { server, url } = await startWebSockets(t);
  const clients = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const client = new WebSocket(url);
      await once(client, 'open');
      return client;
    }),
  );
  for (const client of clients) {
    for (const size of [0, 1, 125, 126, 65_535, 65_536, MIB]) {
      const text = 'm'.repeat(size);
      client.send(text);
      const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
      assert.ok(data.toString() === text && !isBinary);
    }
    client.ping('p');
    assert.equal(String((await once(client, 'pong'))[0]), 'p');
    client.close(1000, 'bye');
    assert.equal((await once(client, 'close'))[0], 1000);
  }
  await until('all have gone', () => server.stats().connections.open === 0);
});

test('a client of ws that vanishes leaves nothing behind', async (t) => {
  const { server, url } = await startWebSockets(t);
  for (let n = 0; n < 20; n++) {
    const client = new WebSocket(url);
    await once(client, 'open');
    client.send('x'.repeat(100_000));
    client.terminate();
  }
  await until('all have gone', () => server.stats().connections.open === 0);
  assert.equal(server.stats().bytes.buffered, 0);
});
