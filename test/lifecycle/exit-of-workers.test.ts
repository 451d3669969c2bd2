// A worker with a server may end at any moment, in any way, and the process lives on with nothing left of it.

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { startChild } from './fixtures/child.js';
import { EXIT_NAMES, EXITS, type Exit, type ExitName } from './fixtures/exits.js';
import { isPossible, STAGES, type Stage } from './fixtures/stages.js';
import type { WorkerEnd } from './fixtures/worker-host.js';

/** Below the grace time of a subject that closes: an exit does not wait for it. */
const NO_HANG_MS = 25_000;

for (const stage of STAGES) {
  describe(`a worker with a server ${stage}`, { concurrency: 2 }, () => {
    for (const name of EXIT_NAMES) {
      const exit: Exit = EXITS[name];
      if (!exit.of.includes('worker') || !isPossible(stage, exit)) continue;
      test(`ends by ${name}`, (t) => endsAsItShould(t, stage, name));
    }
  });
}

async function endsAsItShould(t: TestContext, stage: Stage, name: ExitName): Promise<void> {
  const exit: Exit = EXITS[name];
  // In a process of its own, which alone would die of a crash.
  const child = startChild<WorkerEnd>(t, 'worker-host', [stage, name], { longestMs: NO_HANG_MS });
  const end = await child.inbox.take('worker ended');
  assert.equal(end.code, exit.code);
  if (exit.code === 1 && exit.by !== 'driver') assert.match(end.error ?? 'no error', /thrown on purpose/);
  else assert.equal(end.error, null);
  assert.equal(end.nativeThreads, 0, 'native threads left');
  assert.deepEqual(end.descriptors, [], 'descriptors left');
  const { code, signal, output } = await child.ended;
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, output);
}
