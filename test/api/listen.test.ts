import assert from 'node:assert/strict';
import { createServer as createNetServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';

import { createServer, type Server } from 'millrace';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { runScript } from '../helpers/script.js';
import { listenUntilEnd, startHandler, testOptions } from '../helpers/server.js';

const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');

/** Answers with the client's address. */
function newServer(): Server {
  return createServer(testOptions(), (req, res) => {
    res.end(String(req.remoteAddress));
  });
}

test('port 0 is one that the system chooses, and listen() tells it', async (t) => {
  const server = newServer();
  assert.equal(server.address(), null);
  const where = await listenUntilEnd(t, server, { port: 0, host: '127.0.0.1' });
  assert.ok(where.port > 0);
  assert.deepEqual({ ...where }, { port: where.port, address: '127.0.0.1', family: 'IPv4' });
  assert.equal(server.address(), where);
  assert.ok(Object.isFrozen(where));
  const client = await Client.connect(t, where);
  assert.equal((await client.ask(get('/'))).text, '127.0.0.1');
});

test('a port that is given is the one', async (t) => {
  const probe = newServer();
  const { port } = await probe.listen({ host: '127.0.0.1' });
  await probe.close();
  const again = await listenUntilEnd(t, newServer(), { port, host: '127.0.0.1' });
  assert.equal(again.port, port);
});

test('a bare number is a port', async (t) => {
  const server = newServer();
  t.after(() => server.close());
  const { port } = await server.listen(0);
  assert.equal((await (await Client.connect(t, { port })).ask(get('/'))).status, 200);
});

test('without a host a server listens on all interfaces, as node:http does', async (t) => {
  const where = await listenUntilEnd(t, newServer(), {});
  const netServer = createNetServer();
  await new Promise<void>((resolve) => netServer.listen(0, resolve));
  const theirs = netServer.address() as AddressInfo;
  netServer.close();
  assert.deepEqual([where.address, where.family], [theirs.address, theirs.family]);
  const client = await Client.connect(t, { port: where.port, address: '127.0.0.1' });
  assert.equal((await client.ask(get('/'))).text, HAS_IPV6 ? '::ffff:127.0.0.1' : '127.0.0.1');
});

test('a server listens on IPv6', { skip: !HAS_IPV6 }, async (t) => {
  const where = await listenUntilEnd(t, newServer(), { host: '::1' });
  assert.deepEqual([where.address, where.family], ['::1', 'IPv6']);
  assert.equal((await (await Client.connect(t, where)).ask(get('/'))).text, '::1');
});

test('a host name is looked up', async (t) => {
  const where = await listenUntilEnd(t, newServer(), { host: 'localhost' });
  assert.match(where.address, /^(127\.0\.0\.1|::1)$/);
  assert.equal((await (await Client.connect(t, where)).ask(get('/'))).status, 200);
});

test('reusePort lets two servers listen on one port, and both get connections', async (t) => {
  const [first, second] = [newServer(), newServer()];
  const { port } = await listenUntilEnd(t, first, { host: '127.0.0.1', reusePort: true });
  await listenUntilEnd(t, second, { host: '127.0.0.1', port, reusePort: true });
  for (let n = 0; n < 60; n++) {
    const client = await Client.connect(t, { port });
    await client.ask(get('/'));
    client.destroy();
  }
  const [mine, theirs] = [first.stats().connections.total, second.stats().connections.total];
  assert.equal(mine + theirs, 60);
  assert.ok(mine > 0 && theirs > 0, `${String(mine)} and ${String(theirs)}`);
});

test('a port that is taken is an error like that of node:net, and listen() can be tried again', async (t) => {
  const { port } = await startHandler(t, () => undefined);
  const theirs = await new Promise<NodeJS.ErrnoException>((resolve) => {
    createNetServer().once('error', resolve).listen(port, '127.0.0.1');
  });
  const server = newServer();
  const ours = await server.listen({ port, host: '127.0.0.1' }).then(
    () => assert.fail('it listens'),
    (error: unknown) =>
      error as NodeJS.ErrnoException & { address: string; port: number; millraceCode: string },
  );
  assert.equal(ours.name, 'ListenError');
  assert.ok(ours instanceof Error);
  assert.deepEqual(
    [ours.code, ours.errno, ours.address, ours.port],
    [theirs.code, theirs.errno, '127.0.0.1', port],
  );
  assert.equal(ours.millraceCode, 'ERR_MILLRACE_LISTEN');
  assert.equal(ours.syscall, 'bind');
  assert.match(
    ours.message,
    new RegExp(`^bind EADDRINUSE: address already in use 127\\.0\\.0\\.1:${String(port)}$`),
  );
  assert.equal(server.address(), null);
  const where = await listenUntilEnd(t, server, { host: '127.0.0.1' });
  assert.equal((await (await Client.connect(t, where)).ask(get('/'))).status, 200);
});

const ELSEWHERE: readonly { name: string; host: string; code: RegExp; syscall: string }[] = [
  {
    name: 'an address of another machine',
    host: '192.0.2.1',
    code: /^EADDRNOTAVAIL$/,
    syscall: 'bind',
  },
  {
    name: 'a name that nobody has',
    host: 'no-such-host.invalid',
    code: /^(ENOTFOUND|EAI_AGAIN)$/,
    syscall: 'getaddrinfo',
  },
];

for (const { name, host, code, syscall } of ELSEWHERE) {
  test(`listening on ${name} is an error that names it`, async () => {
    await assert.rejects(
      newServer().listen({ port: 0, host }),
      (error: NodeJS.ErrnoException & { address: string }) => {
        assert.equal(error.name, 'ListenError');
        assert.match(error.code!, code);
        assert.equal(error.syscall, syscall);
        assert.equal(error.address, host);
        assert.ok(error.errno! < 0);
        return true;
      },
    );
  });
}

test('a second listen() is refused, and the first goes on', async (t) => {
  const { server, connect } = await startHandler(t, (_req, res) => {
    res.end();
  });
  await assert.rejects(server.listen({ host: '127.0.0.1' }), {
    name: 'StateError',
    code: 'ERR_MILLRACE_ALREADY_LISTENING',
  });
  assert.equal((await (await connect()).ask(get('/'))).status, 200);
});

test('of two listen() in one moment the second is refused', async (t) => {
  const server = newServer();
  const first = listenUntilEnd(t, server, { host: 'localhost' });
  await assert.rejects(server.listen({ host: '127.0.0.1' }), { code: 'ERR_MILLRACE_ALREADY_LISTENING' });
  assert.ok((await first).port > 0);
});

test('listen() after close() is refused', async () => {
  const server = newServer();
  await server.listen({ host: '127.0.0.1' });
  await server.close();
  await assert.rejects(server.listen(), { name: 'StateError', code: 'ERR_MILLRACE_SERVER_CLOSED' });
});

test('a listen() that close() overtakes is refused, and nothing listens', async () => {
  const server = newServer();
  const listening = server.listen({ host: 'localhost' });
  const closed = server.close();
  await assert.rejects(listening, { code: 'ERR_MILLRACE_SERVER_CLOSED' });
  assert.equal((await closed).aborted, 0);
  assert.equal(server.address(), null);
});

test('wrong options are a rejection, not an exception, and spoil nothing', async (t) => {
  const server = newServer();
  const wrong = server.listen({ port: 70_000 });
  await assert.rejects(wrong, { name: 'OptionError', code: 'ERR_MILLRACE_OPTION_RANGE', option: 'port' });
  assert.ok((await listenUntilEnd(t, server, { host: '127.0.0.1' })).port > 0);
});

test('a descriptor that a parent process passes is listened on, and left to its owner', async (t) => {
  const owner: NetServer = createNetServer();
  await new Promise<void>((resolve) => owner.listen(0, '127.0.0.1', resolve));
  const { port } = owner.address() as AddressInfo;
  const ended = runScript(
    t,
    `import { fstatSync } from 'node:fs';
     import { createServer } from 'millrace';
     const server = createServer();
     server.get('/', (req, res) => res.end('from the child'));
     server.get('/close', (req, res) => { res.end(); server.close().then(() => {
       console.log(fstatSync(3).isSocket() ? 'still open' : 'something else');
     }); });
     const { port, address } = await server.listen({ fd: 3 });
     console.log(address, port);`,
    { more: [(owner as unknown as { _handle: unknown })._handle] },
  );
  // The child has its own copy; this process must not take the connections.
  owner.close();
  const client = await Client.connect(t, { port });
  assert.equal((await client.ask(get('/'))).text, 'from the child');
  await client.ask(get('/close'));
  const { code, stdout, stderr } = await ended;
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout, `127.0.0.1 ${String(port)}\nstill open\n`);
});
