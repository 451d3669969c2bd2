// design-signals.test.ts: `npm run design` at Ctrl-C: the echo that npm sends is none, a second one ends at once.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { ADDRESS } from '../../bench/designs/command.js';
import { repository } from '../../bench/paths.js';
import { Client } from '../helpers/client.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';

/** What npm takes to pass a signal on. */
const ECHO_MS = 30;
/** Longer than what may be an echo. */
const DELIBERATE_MS = 700;

interface Runner {
  readonly client: Client;
  signal(name: NodeJS.Signals): void;
  /** Exit code, and what it has written to its standard error. */
  ended(): Promise<readonly [code: number | null, errors: string]>;
}

/** As `npm run design` starts it. */
async function startRunner(t: TestContext, design = 'node-http'): Promise<Runner> {
  const args = ['scripts/run.mjs', 'bench/designs/run', design, '--port', '0'];
  const child = spawn(process.execPath, args, { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  // Its design ends with it: a channel between the two tells.
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'close') as Promise<[number | null]>;
  await until('it serves', () => ADDRESS.test(output) || child.exitCode !== null);
  assert.match(output, ADDRESS, errors);
  const client = await Client.open({ port: Number(ADDRESS.exec(output)![1]) });
  t.after(() => {
    client.destroy();
  });
  return {
    client,
    signal: (name) => child.kill(name),
    ended: async () => [(await exit)[0], errors],
  };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} and its echo end a design in order`, async (t) => {
    const runner = await startRunner(t);
    runner.client.send(get('/') + get('/sleep?ms=500'));
    assert.equal((await runner.client.answer()).status, 200);
    runner.signal(signal);
    await delay(ECHO_MS);
    runner.signal(signal);
    assert.equal((await runner.client.answer()).text, 'slept 500');
    assert.deepEqual(await runner.ended(), [0, '']);
  });
}

// The first has one process, the second some that block in /sleep.
for (const design of ['node-http', 'node-cluster']) {
  test(`a second Ctrl-C ends ${design} at once`, async (t) => {
    const runner = await startRunner(t, design);
    runner.client.send(get('/') + get('/sleep?ms=10000'));
    assert.equal((await runner.client.answer()).status, 200);
    runner.signal('SIGINT');
    await delay(DELIBERATE_MS);
    runner.signal('SIGINT');
    assert.deepEqual(await runner.ended(), [1, `design: ${design} was ended by SIGKILL.\n`]);
    await runner.client.receive(Number.POSITIVE_INFINITY);
    assert.ok(!runner.client.unread.includes('slept'), 'nobody is left who answers');
  });
}
