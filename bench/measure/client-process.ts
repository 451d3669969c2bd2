// client-process.ts: one of the bench's own generators, in a process of its own: its timers do not wait for the bench.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { KillingOrder, KillingResult } from '../load/killing.js';
import type { OpenLoopOrder, OpenLoopResult } from '../load/open-loop.js';
import { builtFile } from '../paths.js';

/** The programs under load/, with what they are told and what they tell. */
interface Clients {
  'open-loop': { order: OpenLoopOrder; result: OpenLoopResult };
  killing: { order: KillingOrder; result: KillingResult };
}

export interface ClientRun<Result> {
  readonly pid: number;
  readonly result: Promise<Result>;
}

const running = new Set<ChildProcess>();

export function startClient<Name extends keyof Clients>(
  name: Name,
  order: Clients[Name]['order'],
): ClientRun<Clients[Name]['result']> {
  const child = fork(builtFile(`load/${name}.js`), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (child.pid === undefined) throw new Error(`the ${name} client could not be started`);
  child.send(order);
  return { pid: child.pid, result: resultOf(name, child) };
}

export function killClients(): void {
  for (const child of running) child.kill('SIGKILL');
}

async function resultOf<Name extends keyof Clients>(
  name: Name,
  child: ChildProcess,
): Promise<Clients[Name]['result']> {
  // Not `exit`, which may come before the last message has been read.
  const ended = once(child, 'disconnect').then(() => {
    throw new Error(`the ${name} client ended without a result`);
  });
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [Clients[Name]['result']];
  return result;
}
