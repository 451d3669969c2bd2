import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { createServer, type Server } from 'millrace';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { runScript } from '../helpers/script.js';
import { testOptions } from '../helpers/server.js';

/** A path for a socket, in a folder that goes with the test. */
function socketPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return join(folder, 'socket');
}

function newServer(t: TestContext): Server {
  const server = createServer(testOptions(), (req, res) => {
    res.json([req.remoteAddress, req.remotePort].map(String));
  });
  t.after(() => server.close({ graceMs: 0 }));
  return server;
}

async function answers(t: TestContext, path: string): Promise<void> {
  const client = await Client.connect(t, { path });
  assert.equal((await client.ask(get('/'))).text, '["undefined","undefined"]');
  client.destroy();
}

test('a server listens on a Unix socket, and removes the file when it closes', async (t) => {
  const path = socketPath(t);
  const server = newServer(t);
  const where = await server.listen({ path });
  assert.deepEqual({ ...where }, { path });
  assert.equal(server.address(), where);
  assert.ok(statSync(path).isSocket());
  await answers(t, path);
  await server.close();
  assert.equal(existsSync(path), false);
});

test('the file that a dead server left behind is replaced', async (t) => {
  const path = socketPath(t);
  const { signal } = await runScript(
    t,
    `import { createServer } from 'node:net';
     createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));`,
  );
  assert.equal(signal, 'SIGKILL');
  assert.ok(statSync(path).isSocket());
  await newServer(t).listen({ path });
  await answers(t, path);
});

test('a live socket is an error that names it, and stays', async (t) => {
  const path = socketPath(t);
  await newServer(t).listen({ path });
  const second = newServer(t);
  await assert.rejects(second.listen({ path }), (error: Record<string, unknown>) => {
    assert.deepEqual(
      [error['name'], error['code'], error['address'], error['port'], error['millraceCode']],
      ['ListenError', 'EADDRINUSE', path, undefined, 'ERR_MILLRACE_LISTEN'],
    );
    return true;
  });
  await answers(t, path);
  const elsewhere = `${path}2`;
  await second.listen({ path: elsewhere });
  await answers(t, elsewhere);
});

test('a socket of somebody else that lives is an error too, even if nobody accepts there', async (t) => {
  const path = socketPath(t);
  const other = createNetServer();
  await new Promise<void>((resolve) => other.listen(path, resolve));
  t.after(() => other.close());
  await assert.rejects(newServer(t).listen({ path }), { code: 'EADDRINUSE' });
  assert.ok(existsSync(path));
});

test('a file that is no socket is never removed', async (t) => {
  const path = socketPath(t);
  writeFileSync(path, 'precious');
  await assert.rejects(newServer(t).listen({ path }), { code: 'EADDRINUSE' });
  assert.equal(statSync(path).size, 8);
});

test('a folder that does not exist is an error with its code', async (t) => {
  await assert.rejects(newServer(t).listen({ path: join(socketPath(t), 'socket') }), {
    name: 'ListenError',
    code: 'ENOENT',
    syscall: 'bind',
  });
});

test('a path that is too long is refused before anything happens', async (t) => {
  await assert.rejects(newServer(t).listen({ path: `/tmp/${'a'.repeat(200)}` }), {
    code: 'ERR_MILLRACE_OPTION_RANGE',
    option: 'path',
  });
});

test('close() leaves a file alone that somebody has put in the place of its own', async (t) => {
  const path = socketPath(t);
  const server = newServer(t);
  await server.listen({ path });
  unlinkSync(path);
  const other = newServer(t);
  await other.listen({ path });
  await server.close();
  await answers(t, path);
  await other.close();
  assert.equal(existsSync(path), false);
});

test('close() does not mind that its file has gone', async (t) => {
  const path = socketPath(t);
  const server = newServer(t);
  await server.listen({ path });
  unlinkSync(path);
  assert.equal((await server.close()).aborted, 0);
});
