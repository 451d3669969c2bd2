// What of the options and of Node.js reaches the code in a handler thread.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SHARE_ENV } from 'node:worker_threads';

import type { ServerOptions } from 'millrace';

import { get } from '../helpers/requests.js';
import { startApp } from './fixtures/app-server.js';

const MARK = 'MILLRACE_TEST_MARK';

async function shown(t: TestContext, path: string, options: ServerOptions): Promise<unknown> {
  const { connect } = await startApp(t, 'mirror', options);
  return JSON.parse((await (await connect()).ask(get(path))).text);
}

for (const workerData of [undefined, null, 0, 'text', [1, { a: 'b' }]]) {
  test(`workerData ${workerData === undefined ? 'that is not given' : JSON.stringify(workerData)} is that of the threads`, async (t) => {
    assert.deepEqual(await shown(t, '/worker-data', { workerData }), workerData ?? null);
  });
}

test('env: their own copy of ours, another one, or ours', async (t) => {
  process.env[MARK] = 'ours';
  t.after(() => Reflect.deleteProperty(process.env, MARK));
  for (const [env, seen, afterwards] of [
    [undefined, { mark: 'ours', path: true }, 'ours'],
    [{ [MARK]: 'theirs' }, { mark: 'theirs', path: false }, 'ours'],
    [SHARE_ENV, { mark: 'ours', path: true }, 'set by the thread'],
  ] as const) {
    const { connect } = await startApp(t, 'mirror', { threads: 1, env });
    const client = await connect();
    assert.deepEqual(JSON.parse((await client.ask(get('/env'))).text), seen);
    await client.ask(get('/set-env'));
    assert.equal(process.env[MARK], afterwards);
  }
});

test('execArgv: ours, or their own', async (t) => {
  assert.deepEqual(await shown(t, '/arguments', {}), process.execArgv);
  assert.deepEqual(await shown(t, '/arguments', { execArgv: ['--no-warnings'] }), ['--no-warnings']);
});

test('resourceLimits', async (t) => {
  const limits = (await shown(t, '/limits', {
    resourceLimits: { maxOldGenerationSizeMb: 77, stackSizeMb: 3 },
  })) as Record<string, number>;
  assert.deepEqual([limits['maxOldGenerationSizeMb'], limits['stackSizeMb']], [77, 3]);
});

test("parentPort is the app's: nobody else listens to it", async (t) => {
  assert.deepEqual(await shown(t, '/port', {}), { isMainThread: false, listeners: 0, now: 0 });
});

test("'exit' listeners run when the server closes, and when threads are restarted", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-exit-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const log = join(folder, 'log');
  const { server } = await startApp(t, 'mirror', { threads: 2, workerData: { log } });
  await server.restartThreads();
  assert.equal(readFileSync(log, 'utf8'), 'exit 0\n'.repeat(2));
  await server.close();
  assert.equal(readFileSync(log, 'utf8'), 'exit 0\n'.repeat(4));
});

test('AsyncLocalStorage keeps requests of one thread apart', async (t) => {
  const { connect } = await startApp(t, 'mirror', { threads: 1 });
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect()));
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(
      clients.map((client, n) => client.send(get(`/context/${String(n)}`).repeat(2)).answers(2)),
    );
    for (const [n, pair] of answers.entries()) {
      for (const { text } of pair) assert.deepEqual(JSON.parse(text), [null, String(n)]);
    }
  }
});
