// A server gives back everything it took, and hands none of it to child processes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import { createServer, type ListenOptions } from 'millrace';

import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';
import { startHandler, TEST_NATIVE_THREADS, testOptions } from '../helpers/server.js';
import { startChild } from './fixtures/child.js';
import type { Holdings } from './fixtures/cycles.js';
import { descriptors, isCloseOnExec, nativeThreads } from './fixtures/proc.js';

/** What 200 cycles may add to the memory: noise of the heap. A buffer that each of them leaked would be more. */
const NOISE_BYTES = 6 * 1024 * 1024;

/** Makes glibc, or AddressSanitizer in its place, give memory back at once, and so the noise small. */
const QUIET_MALLOC = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  ...(process.env['ASAN_OPTIONS'] !== undefined && {
    ASAN_OPTIONS: `${process.env['ASAN_OPTIONS']}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0`,
  }),
};

const FAILED_LISTENS = 20;

test('after 200 times listen() and close() the process holds what it held before', async (t) => {
  const child = startChild<Holdings>(t, 'cycles', [], { execArgv: ['--expose-gc'], env: QUIET_MALLOC });
  const before = await child.inbox.take('holdings');
  const after = await child.inbox.take('holdings');
  assert.deepEqual(after.descriptors, before.descriptors);
  assert.equal(after.threads, before.threads);
  const grown = after.residentBytes - before.residentBytes;
  t.diagnostic(`resident memory: ${(grown / 2 ** 20).toFixed(1)} MiB more`);
  assert.ok(grown < NOISE_BYTES, `${String(grown)} bytes more`);
  const { code, signal, output } = await child.ended;
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, output);
});

test('every descriptor is closed in child processes', async (t) => {
  const before = descriptors();
  const { server, connect } = await startHandler(t, (_request, response) => {
    response.end();
  });
  const unix = createServer(testOptions());
  await unix.listen({ path: join(temporaryFolder(t), 'socket') });
  t.after(() => unix.close({ graceMs: 0 }));
  for (let i = 0; i < 4; i++) assert.equal((await (await connect()).ask(get('/'))).status, 200);
  assert.equal(server.stats().connections.open, 4);

  const ours = [...descriptors()].filter(([fd, target]) => before.get(fd) !== target);
  // Two listeners, two reactors or more with an epoll and an eventfd each, four connections with both their ends.
  assert.ok(ours.length >= 14, `${String(ours.length)} descriptors`);
  assert.deepEqual(
    ours.filter(([fd]) => !isCloseOnExec(fd)),
    [],
  );
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'readlink /proc/self/fd/*; true']);
  const targets = new Set(ours.map(([, target]) => target).filter((target) => target.startsWith('socket:')));
  assert.ok(targets.size >= 10, `${String(targets.size)} sockets`);
  assert.deepEqual(
    stdout.split('\n').filter((target) => targets.has(target)),
    [],
  );
});

/** What cannot be listened on, for one reason or another. */
interface Taken {
  readonly port: number;
  readonly path: string;
  readonly fd: number;
}

const FAILURES: readonly { name: string; code: string; where: (at: Taken) => ListenOptions }[] = [
  { name: 'a port that is taken', code: 'EADDRINUSE', where: ({ port }) => ({ host: '127.0.0.1', port }) },
  { name: 'an address of another machine', code: 'EADDRNOTAVAIL', where: () => ({ host: '192.0.2.1' }) },
  {
    name: 'a path that does not exist',
    code: 'ENOENT',
    where: () => ({ path: '/nonexistent/millrace/socket' }),
  },
  { name: 'a path that is no socket', code: 'EADDRINUSE', where: ({ path }) => ({ path }) },
  { name: 'a descriptor that is none', code: 'EBADF', where: () => ({ fd: 1_000_000 }) },
  { name: 'a descriptor that is no socket', code: 'ENOTSOCK', where: ({ fd }) => ({ fd }) },
];

for (const { name, code, where } of FAILURES) {
  test(`listen() on ${name} fails with ${code} and leaves nothing open`, async (t) => {
    const { port } = await startHandler(t, () => undefined);
    await until('its threads have their names', () => nativeThreads().length === TEST_NATIVE_THREADS);
    const server = createServer(testOptions());
    const path = join(temporaryFolder(t), 'file');
    writeFileSync(path, '');
    const fd = openSync(path, 'r');
    t.after(() => {
      closeSync(fd);
    });
    const before = { descriptors: [...descriptors().values()], threads: nativeThreads().length };
    for (let i = 0; i < FAILED_LISTENS; i++)
      await assert.rejects(server.listen(where({ port, path, fd })), { code });
    const after = { descriptors: [...descriptors().values()], threads: nativeThreads().length };
    assert.deepEqual(after, before);
    assert.equal(server.address(), null);
    // It has not been spoiled by that.
    await server.listen({ host: '127.0.0.1' });
    await server.close();
  });
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}
