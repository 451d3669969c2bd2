// Processes with handler threads: what keeps them alive, and how they end.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { ServerOptions } from 'millrace';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { startChild, type Child } from '../lifecycle/fixtures/child.js';
import type { Listens, Step } from './fixtures/app-process.js';

/** Far more than an end needs. */
const LONGEST_MS = 30_000;

function start(
  t: TestContext,
  app: string,
  steps: readonly Step[],
  options: ServerOptions = {},
): Child<Listens> {
  const fixture = '../../threads/fixtures/app-process';
  return startChild<Listens>(t, fixture, [app, JSON.stringify(options), ...steps], { longestMs: LONGEST_MS });
}

const LEAVE: readonly (readonly Step[])[] = [
  ['listen', 'close'],
  ['listen', 'unref'],
  ['unref', 'listen'],
  ['unref', 'listen', 'restart'],
  ['listen', 'restart', 'unref'],
  ['listen', 'unref', 'restart', 'close'],
  ['listen', 'ref', 'unref'],
  ['listen', 'unref', 'close'],
];

for (const steps of LEAVE) {
  for (const app of ['workbench', 'mirror']) {
    test(`a process ends by itself after ${steps.join(', ')}, with ${app}`, async (t) => {
      const child = start(t, app, steps, { threads: 2 });
      const { code, signal, output } = await child.ended;
      const left = steps.includes('close') ? 0 : 1;
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, output);
      assert.match(output, left === 0 ? /^ran dry, 0 I\/O threads\n$/ : /^ran dry, \d I\/O threads\n$/);
    });
  }
}

for (const steps of [['listen'], ['unref', 'listen', 'ref'], ['listen', 'restart']] as const) {
  test(`a process stays after ${steps.join(', ')}, and ends when the server closes`, async (t) => {
    const child = start(t, 'mirror', steps, { threads: 2 });
    const { port } = await child.inbox.take('listens');
    const client = await Client.connect(t, { port });
    for (let i = 0; i < 2; i++) assert.equal((await client.ask(get('/env'))).status, 200);
    child.tell('close');
    const { code, signal, output } = await child.ended;
    assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: 'ran dry, 0 I/O threads\n' });
  });
}

for (const path of ['/sleep?ms=60000', '/loop', '/later?ms=60000']) {
  test(`process.exit() ends a process whose threads are busy with ${path}, with its code`, async (t) => {
    const child = start(t, 'workbench', ['listen'], { threads: 2 });
    const { port } = await child.inbox.take('listens');
    const clients = await Promise.all([1, 2].map(() => Client.connect(t, { port })));
    for (const client of clients) client.send(get(path));
    const third = await Client.connect(t, { port });
    if (path.startsWith('/later')) await third.ask(get('/'));
    else third.send(get('/'));
    child.tell('7');
    const { code, signal, output } = await child.ended;
    assert.deepEqual({ code, signal, output }, { code: 7, signal: null, output: '' });
  });

  test(`SIGTERM ends a process whose threads are busy with ${path}`, async (t) => {
    const child = start(t, 'workbench', ['listen'], { threads: 2 });
    const { port } = await child.inbox.take('listens');
    const client = await Client.connect(t, { port });
    client.send(get(path));
    await (await Client.connect(t, { port })).ask(get('/'));
    child.process.kill('SIGTERM');
    const { code, signal, output } = await child.ended;
    assert.deepEqual({ code, signal, output }, { code: null, signal: 'SIGTERM', output: '' });
  });
}

test('what threads print reaches the output of the process', async (t) => {
  const child = start(t, 'mirror', ['listen'], { threads: 2 });
  const { port } = await child.inbox.take('listens');
  const client = await Client.connect(t, { port });
  assert.equal((await client.ask(get('/print'))).status, 200);
  child.tell('close');
  const { code, output } = await child.ended;
  assert.equal(code, 0);
  assert.match(output, /^printed by a handler thread$/m);
  assert.match(output, /^complained by a handler thread$/m);
});

test('without a listener, errors of handlers are written to stderr', async (t) => {
  const child = start(t, 'thrower', ['listen'], { threads: 2 });
  const { port } = await child.inbox.take('listens');
  const client = await Client.connect(t, { port });
  assert.equal((await client.ask(get('/throw/own'))).status, 500);
  child.tell('close');
  const { code, output } = await child.ended;
  assert.equal(code, 0);
  assert.match(output, /^millrace: the handler of GET \/throw\/own failed: .*not today$/m);
  assert.match(output, /thrower/, 'with the stack of where it was thrown');
});

test('routes that an app adds too late are refused', async (t) => {
  for (const threads of [1, 2]) {
    const options = { threads, workerData: { way: 'adds routes too late' } };
    const child = start(t, 'broken-app', ['listen'], options);
    await child.inbox.take('listens');
    child.tell('close');
    const { code, output } = await child.ended;
    assert.equal(code, 0);
    const lines = output.split('\n').filter((line) => line.startsWith('late'));
    assert.deepEqual(lines, Array<string>(2 * threads).fill('late: ERR_MILLRACE_ROUTES_FROZEN'));
  }
});
