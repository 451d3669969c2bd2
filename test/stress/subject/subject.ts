// subject.ts REACTORS: the process under stress, with all its servers. Needs --expose-gc.

import { setTimeout as delay } from 'node:timers/promises';

import { createServer, type Server, type ServerOptions } from 'millrace';

import type { Asked, Told } from './questions.js';
import { RollingServer } from './rolling-server.js';
import { addRoutes, STRESSED } from './routes.js';
import { Workers } from './workers.js';

/** Soon, and still long after what a client sends at once has come, on any machine. */
const SOON_MS = 1_000;
const IMPATIENT: ServerOptions = {
  ...STRESSED,
  timeouts: { headerMs: SOON_MS, bodyMs: SOON_MS, keepAliveMs: SOON_MS, writeMs: SOON_MS },
};

/** What a first collection makes unreachable through finalizers goes with the next. */
const COLLECTIONS = 4;

/** Between two of them: work of other threads that they have begun. */
const COLLECTION_MS = 50;

const reactors = Number(process.argv[2]);
const errors: string[] = [];
const main = await listen(STRESSED);
const impatient = await listen(IMPATIENT);
const rolling = await RollingServer.start(reactors);
const workers = new Workers(reactors);

process.on('message', (asked: Asked) => void reply(asked));
// Who started it has gone without a word: nobody else would end this process.
process.once('disconnect', () => process.exit());
tell({
  is: 'listening',
  ports: { main: portOf(main), impatient: portOf(impatient), rolling: rolling.port },
});

async function listen(options: ServerOptions): Promise<Server> {
  const server = createServer({ ...options, reactors });
  addRoutes(server);
  server.on('error', (error, { path }) => {
    errors.push(`the handler of ${path}: ${String(error)}`);
  });
  await server.listen({ host: '127.0.0.1', backlog: 4096 });
  return server;
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

async function reply({ id, question, with: argument }: Asked): Promise<void> {
  try {
    tell({ is: 'answer', id, answer: await answerTo(question, argument) });
  } catch (error) {
    tell({ is: 'failure', id, message: String(error) });
  }
}

async function answerTo(question: Asked['question'], argument: number | undefined): Promise<unknown> {
  switch (question) {
    case 'figures':
      return {
        main: main.stats(),
        impatient: impatient.stats(),
        errors: [...errors, ...workers.errors],
      };
    case 'collect':
      return collect();
    case 'start a worker':
      return workers.start();
    case 'terminate a worker':
      await workers.terminate(argument!);
      return 'terminated';
    case 'restart':
      return rolling.restart();
  }
}

async function collect(): Promise<'collected'> {
  for (let i = 0; i < COLLECTIONS; i++) {
    (globalThis as { gc?: () => void }).gc!();
    await delay(COLLECTION_MS);
  }
  return 'collected';
}

function tell(told: Told): void {
  process.send!(told);
}
