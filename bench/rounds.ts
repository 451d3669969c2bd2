// rounds.ts: A B A B: every round measures every server once, each time in a fresh process.

import { CannotRun } from './cannot-run.js';
import type { Plan, Sample, Scenario, ServerName } from './scenario.js';
import { checkAnswer } from './measure/probe.js';
import { ServerProcess } from './measure/server-process.js';
import { killClients } from './measure/client-process.js';
import { killLoads } from './measure/load.js';
import type { Rounds } from './verdict.js';

export type Progress = (round: number, server: ServerName) => void;

/** What the scenario has to say of it; null where it needs no preparation. */
export async function prepare(scenario: Scenario, plan: Plan): Promise<string | null> {
  if (!scenario.prepare) return null;
  const servers: ServerProcess[] = [];
  try {
    return await scenario.prepare(async (name) => {
      const server = await ServerProcess.start(name, scenario.application);
      servers.push(server);
      return server;
    }, plan);
  } catch (error) {
    for (const server of servers) server.kill();
    throw error;
  }
}

/**
 * Interleaved, so that a machine that grows slower meanwhile slows all of them; fresh, so that the spread contains what
 * differs between two starts of the same program.
 */
export async function runRounds(scenario: Scenario, plan: Plan, progress: Progress): Promise<Rounds> {
  const rounds: Partial<Record<ServerName, Sample[]>> = {};
  for (let round = 1; round <= plan.rounds; round++) {
    for (const name of scenario.servers) {
      progress(round, name);
      (rounds[name] ??= []).push(await measureOnce(name, scenario, plan, round));
    }
  }
  return rounds;
}

async function measureOnce(name: ServerName, scenario: Scenario, plan: Plan, round: number): Promise<Sample> {
  let server: ServerProcess | null = null;
  try {
    server = await ServerProcess.start(name, scenario.application);
    await checkAnswer(server.port, scenario.probe);
    const sample = await scenario.measure(server, plan, round);
    await server.stop();
    return sample;
  } catch (error) {
    if (error instanceof CannotRun) throw error;
    // Where the server has crashed, what the measuring ran into is only a consequence.
    const reason = server?.ended ? `ended with ${server.ended}` : (error as Error).message;
    server?.kill();
    killLoads();
    killClients();
    throw new Error(`${scenario.name}: ${name} ${reason}`, { cause: error });
  }
}
