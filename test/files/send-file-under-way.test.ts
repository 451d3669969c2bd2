// res.sendFile(): many files at once, and what happens while one is looked for or sent.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { readdirSync, readlinkSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { AbortedError, type ServerOptions } from 'millrace';

import { SLOW_TEXT } from '../helpers/compressed.js';
import { numberedBytes, temporaryFolder, writeTree } from '../helpers/files.js';
import { deferred, until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { below, heldFirst, start, TREE } from '../helpers/sent-files.js';
import { startServer, type TestServer, untilRunning } from '../helpers/server.js';

test('a hundred at once on one connection come in their order, mixed with others', async (t) => {
  const folder = temporaryFolder(t);
  const tree: Record<string, Buffer> = {};
  for (let i = 0; i < 100; i++) tree[`${String(i)}.bin`] = numberedBytes(i * 999);
  writeTree(folder, tree);
  const { server, connect } = await startServer(t, { workers: 3 }, (s) => {
    s.reply('GET', '/canned', { body: 'canned' });
    s.static('/static', folder);
    s.get('/json/:n', (req, res) => {
      res.json(req.params['n']);
    });
    s.get('/late/:n', async (req, res) => {
      await delay(Number(req.params['n']) % 3);
      res.end(req.params['n']);
    });
    s.get('/file/:n', (req, res) => res.sendFile(`${req.params['n']!}.bin`, { root: folder }));
  });
  const client = await connect();
  const kinds = ['file', 'json', 'file', 'canned', 'file', 'late', 'static', 'file'];
  const requests = Array.from({ length: 100 }, (_, i) => [kinds[i % kinds.length]!, i] as const);
  client.send(
    requests
      .map(([kind, i]) =>
        get(
          kind === 'canned'
            ? '/canned'
            : kind === 'static'
              ? `/static/${String(i)}.bin`
              : `/${kind}/${String(i)}`,
        ),
      )
      .join(''),
  );
  for (const [kind, i] of requests) {
    const answer = await client.answer();
    assert.equal(answer.status, 200);
    if (kind === 'file' || kind === 'static')
      assert.ok(answer.body.equals(tree[`${String(i)}.bin`]!), String(i));
    else
      assert.equal(
        answer.text,
        kind === 'canned' ? 'canned' : kind === 'json' ? JSON.stringify(String(i)) : String(i),
      );
  }
  assert.equal(server.stats().requests.answered, 100);
});

test('more than limits.workerQueue are 503, and none is lost', async (t) => {
  const { server, connect } = await start(t, below(), { workers: 1, limits: { workerQueue: 1 } });
  server.on('error', () => undefined);
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
  const counts = new Map<number, number>();
  for (const client of clients) client.send(get('/a.txt').repeat(30));
  for (const client of clients) {
    for (const { status, text } of await client.answers(30)) {
      counts.set(status, (counts.get(status) ?? 0) + 1);
      assert.equal(text, status === 200 ? 'contents of a' : 'Service Unavailable');
    }
  }
  assert.deepEqual([...counts.keys()].toSorted(), [200, 503]);
  assert.equal(counts.get(503), server.stats().workers.rejected);
});

/** Keeps the one thread of the pool busy for some time, by compressing. */
async function keepBusy({ connect, server }: TestServer): Promise<void> {
  const busy = await connect();
  busy.send(get('/busy', { 'Accept-Encoding': 'gzip' }).repeat(6));
  await until(
    'the pool is busy',
    () => server.stats().workers.active === 1 && server.stats().workers.queued > 1,
  );
}

const SLOW_POOL: ServerOptions = { workers: 1, compression: { level: 9 } };

test('a client that vanishes meanwhile: an AbortedError, and nobody is told', async (t) => {
  const outcome = deferred<unknown>();
  const running = await start(
    t,
    async (folder, req, res) => {
      if (req.path === '/busy') {
        res.text(SLOW_TEXT);
        return;
      }
      if (req.path === '/left') {
        void res.sendFile('a.txt', { root: folder });
        return;
      }
      await res.sendFile('a.txt', { root: folder }).catch((error: unknown) => {
        outcome.resolve([error instanceof AbortedError, res.finished]);
        throw error;
      });
    },
    SLOW_POOL,
  );
  const errors: unknown[] = [];
  running.server.on('error', (error) => errors.push(error));
  await keepBusy(running);
  for (const target of ['/awaited', '/left']) {
    const { handled } = running.server.stats().requests;
    const client = await running.connect();
    client.send(get(target));
    await untilRunning(running.server, handled + 1);
    client.reset();
  }
  assert.deepEqual(await outcome.promise, [true, true]);
  await until('they are cancelled', () => running.server.stats().workers.cancelled >= 1);
  assert.deepEqual(errors, []);
});

test('handlerMs that expires meanwhile is 503, and an AbortedError', async (t) => {
  const outcome = deferred<unknown>();
  const running = await start(
    t,
    (folder, req, res) => {
      if (req.path === '/busy') {
        res.text(SLOW_TEXT);
        return;
      }
      res.sendFile('a.txt', { root: folder }).then(outcome.resolve, outcome.resolve);
    },
    { ...SLOW_POOL, timeouts: { handlerMs: 60 } },
  );
  await keepBusy(running);
  const client = await running.connect();
  assert.equal((await client.ask(get('/'))).status, 503);
  assert.ok((await outcome.promise) instanceof AbortedError);
  await until('the pool is through', () => running.server.stats().workers.active === 0);
  assert.equal(running.server.stats().requests.timedOut, 1);
});

test('a file that goes, comes, or changes between requests is answered as it is', async (t) => {
  const { server, folder, connect } = await start(t, below());
  server.on('error', () => undefined);
  const client = await connect();
  assert.equal((await client.ask(get('/a.txt'))).text, 'contents of a');
  rmSync(join(folder, 'a.txt'));
  assert.equal((await client.ask(get('/a.txt'))).status, 404);
  writeFileSync(join(folder, 'a.txt'), 'anew');
  assert.equal((await client.ask(get('/a.txt'))).text, 'anew');
  rmSync(folder, { recursive: true });
  assert.equal((await client.ask(get('/b.css'))).status, 404);
});

test('a file that is emptied while it is sent ends its connection', async (t) => {
  const HUGE = 48 * 1024 * 1024;
  const { server, folder, connect } = await start(t, below());
  writeFileSync(join(folder, 'huge.bin'), numberedBytes(HUGE));
  const client = await connect();
  client.socket.pause();
  client.send(get('/huge.bin'));
  await until('some is sent', () => server.stats().bytes.sent > 100_000);
  await delay(100);
  truncateSync(join(folder, 'huge.bin'), 0);
  client.socket.resume();
  await until('it has ended', () => client.isEnded);
  assert.ok(client.unreadBytes < HUGE);
});

test('the context of the request is kept behind the promise', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const seen: string[] = [];
  const { server, connect } = await start(t, (folder, req, res) =>
    storage.run(req.path, async () => {
      await res.sendFile(basename(req.path), { root: folder }).catch((error: unknown) => {
        seen.push(`${req.path} ${String(storage.getStore())}`);
        throw error;
      });
      seen.push(`${req.path} ${String(storage.getStore())}`);
    }),
  );
  server.on('error', () => undefined);
  const client = await connect();
  const targets = Array.from({ length: 20 }, (_, i) => `/${String(i)}/${i % 3 === 0 ? 'nothing' : 'a.txt'}`);
  client.send(targets.map((target) => get(target)).join(''));
  await client.answers(20);
  await until('all have ended', () => seen.length === 20);
  assert.deepEqual(seen.toSorted(), targets.map((target) => `${target} ${target}`).toSorted());
});

test('no descriptor stays open behind it', async (t) => {
  const { connect } = await start(t, below());
  const open = (): number => readdirSync('/proc/self/fd').length;
  const client = await connect();
  await client.ask(get('/large.bin'));
  const before = open();
  for (let i = 0; i < 50; i++) await client.ask(get(i % 2 === 0 ? '/large.bin' : '/sub%2Fc.html'));
  await until('they are closed', () => open() <= before + 1);
});

/** Descriptors of this process that are of this file. */
function descriptorsOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}

/** As native/base/limits.h has it. */
const FILES_PER_CONNECTION = 8;

test('behind a handler that takes its time few files are open, and all are sent in their order', async (t) => {
  const { entered, release, handler } = heldFirst();
  const { server, folder, connect } = await start(t, handler);
  const large = realpathSync(join(folder, 'large.bin'));
  const [client, other] = [await connect(), await connect()];
  const targets = Array.from({ length: 40 }, (_, i) =>
    i % 10 === 9 ? '/nothing' : i % 2 === 0 ? '/large.bin' : '/a.txt',
  );
  client.send(get('/slow') + targets.map((target) => get(target)).join(''));
  await until('all handlers have begun', () => entered() === targets.length + 1);
  await until('there is nothing left to look for', () => server.stats().workers.queued === 0);
  // Whoever asks now is behind all lookups that may have been asked for.
  for (let i = 0; i < 20; i++) await other.ask(get('/a.txt'));
  assert.ok(descriptorsOf(large) <= FILES_PER_CONNECTION, String(descriptorsOf(large)));
  release();
  assert.equal((await client.answer()).text, 'slow');
  for (const target of targets) {
    const answer = await client.answer();
    assert.equal(answer.status, target === '/nothing' ? 404 : 200);
    if (target === '/a.txt') assert.equal(answer.text, 'contents of a');
    if (target === '/large.bin') assert.equal(answer.body.length, 3_000_000);
  }
  await until('all are closed', () => descriptorsOf(large) === 0);
});

test('and for a client that does not read', async (t) => {
  const { folder, connect } = await start(t, below());
  const huge = 48 * 1024 * 1024;
  writeFileSync(join(folder, 'huge.bin'), '');
  truncateSync(join(folder, 'huge.bin'), huge);
  const large = realpathSync(join(folder, 'large.bin'));
  const [client, other] = [await connect(), await connect()];
  client.socket.pause();
  client.send(get('/huge.bin') + get('/large.bin').repeat(40));
  for (let i = 0; i < 50; i++) await other.ask(get('/a.txt'));
  assert.ok(descriptorsOf(large) < FILES_PER_CONNECTION, String(descriptorsOf(large)));
  client.socket.resume();
  for (let i = 0; i < 41; i++) {
    assert.equal((await client.answer()).body.length, i === 0 ? huge : 3_000_000);
  }
});

test('Connection: close and HTTP/1.0 end the connection behind the file', async (t) => {
  const { connect } = await start(
    t,
    below({}, (res) => res.header('Connection', 'close')),
  );
  const closing = await connect();
  const answer = await closing.ask(get('/large.bin'));
  assert.equal(answer.headers['connection'], 'close');
  await closing.ended();
  const plain = await start(t, below());
  const old = await plain.connect();
  assert.equal((await old.ask('GET /a.txt HTTP/1.0\r\n\r\n')).text, 'contents of a');
  await old.ended();
});

test('the request’s signal may be looked at meanwhile, and the promise settles', async (t) => {
  const running = await start(t, async (folder, req, res) => {
    const path = req.path === '/there' ? 'a.txt' : 'nothing';
    const sent = res.sendFile(join(folder, path));
    assert.equal(req.signal.aborted, false);
    await sent;
  });
  assert.equal((await (await running.connect()).ask(get('/there'))).text, TREE['a.txt']);
  assert.equal((await (await running.connect()).ask(get('/not'))).status, 404);
});

test('a handler that fails while the file is looked for is answered for', async (t) => {
  const running = await start(t, (folder, _req, res) =>
    Promise.all([res.sendFile(join(folder, 'nothing')), Promise.reject(new Error('meanwhile'))]),
  );
  running.server.on('error', () => undefined);
  assert.equal((await (await running.connect()).ask(get('/'))).status, 404);
});
