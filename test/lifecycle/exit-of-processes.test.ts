// A process with a server may end at any moment, in any way: by its own doing with its own exit code, and never by a
// signal that nobody sent.

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { startChild } from './fixtures/child.js';
import { EXIT_NAMES, EXITS, type Exit, type ExitName } from './fixtures/exits.js';
import { drive, isPossible, STAGES, type Report, type Stage } from './fixtures/stages.js';

/** Below the grace time of a subject that closes: an exit does not wait for it. */
const NO_HANG_MS = 25_000;

for (const stage of STAGES) {
  describe(`a process with a server ${stage}`, { concurrency: 2 }, () => {
    for (const name of EXIT_NAMES) {
      const exit: Exit = EXITS[name];
      if (!exit.of.includes('process') || !isPossible(stage, exit)) continue;
      test(`ends by ${name}`, (t) => endsAsItShould(t, stage, name));
    }
  });
}

async function endsAsItShould(t: TestContext, stage: Stage, name: ExitName): Promise<void> {
  const exit: Exit = EXITS[name];
  const child = startChild<Report>(t, 'subject', [stage, name], { longestMs: NO_HANG_MS });
  const clients = await drive(
    {
      report: (is) => child.inbox.take(is),
      tell: child.tell,
      end: () => child.process.kill(exit.signal),
    },
    stage,
    exit,
  );
  t.after(() => {
    for (const client of clients) client.destroy();
  });
  const { code, signal, output } = await child.ended;
  assert.deepEqual({ code, signal }, { code: exit.code, signal: exit.signal ?? null }, output);
  if (exit.code === 1) assert.match(output, /thrown on purpose/);
  // A signal leaves no time to say it.
  if (exit.code !== null && stage !== 'created') assert.match(output, /^0 native threads left$/m);
}
