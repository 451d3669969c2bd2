// A server that listens keeps its process alive, unless it is told not to.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Client } from '../helpers/client.js';
import { get } from '../helpers/requests.js';
import { startChild } from './fixtures/child.js';
import type { Listens, Step } from './fixtures/references.js';

/** Far more than an end needs, far less than the fixture's own limit. */
const LONGEST_MS = 30_000;

const STAY: readonly (readonly Step[])[] = [
  ['listen'],
  ['ref', 'listen'],
  ['unref', 'ref', 'listen'],
  ['unref', 'listen', 'ref'],
  ['listen', 'unref', 'ref'],
  ['listen', 'unref', 'unref', 'ref'],
];

const LEAVE: readonly (readonly Step[])[] = [
  [],
  ['ref'],
  ['listen', 'unref'],
  ['unref', 'listen'],
  ['listen', 'ref', 'ref', 'unref'],
  ['close'],
  ['listen', 'close'],
  ['listen', 'unref', 'close'],
  ['listen', 'close', 'ref'],
];

describe('a process', { concurrency: 2 }, () => {
  for (const steps of STAY) {
    for (const end of ['unref', 'close']) {
      test(`stays after ${steps.join(', ')}, and ends with ${end}`, async (t) => {
        const child = startChild<Listens>(t, 'references', steps, { longestMs: LONGEST_MS });
        const { port } = await child.inbox.take('listens');
        const client = await Client.connect(t, { port });
        // Two answers, so that the loop has turned in between with nothing to do.
        for (let i = 0; i < 2; i++) assert.equal((await client.ask(get('/'))).text, 'alive');
        assert.equal((await client.ask(get(`/${end}`))).text, 'to end');
        const { code, signal, output } = await child.ended;
        assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: 'ran dry\n' });
      });
    }
  }

  for (const steps of LEAVE) {
    test(`ends by itself after ${steps.join(', ') || 'nothing but createServer()'}`, async (t) => {
      const child = startChild<Listens>(t, 'references', steps, { longestMs: LONGEST_MS });
      const { code, signal, output } = await child.ended;
      assert.deepEqual({ code, signal, output }, { code: 0, signal: null, output: 'ran dry\n' });
    });
  }
});
