// fixed-rate.ts: how long answers take where the server is not saturated: requests come at a share of a capacity, which is
// node:http's for all servers, so that latencies can be compared, or each server's own: how steady it is near its limit.

import { measureUnderLoad, warmUp } from '../measure/load-run.js';
import { withLoopDelay } from '../measure/loop-delay.js';
import { startLoad } from '../measure/load.js';
import type { ServerProcess } from '../measure/server-process.js';
import type { Scenario } from '../scenario.js';
import { HELLO } from '../variants/applications.js';

const CONNECTIONS = 64;
const CLOSED_LOOP = { connections: CONNECTIONS };
const CAPACITY_SECONDS = 3;
/** Once for each server and round. */
const OWN_CAPACITY_SECONDS = 2;

/** What both kinds have in common. */
const COMMON = {
  servers: ['millrace', 'node-http', 'floor'],
  application: 'hello',
  probe: { path: '/', expected: HELLO },
  claims: [],
  isPaced: true,
} as const satisfies Partial<Scenario>;
const COLUMNS = [
  'requestsPerSecond',
  'serverCpu',
  'jsCpu',
  'loopDelay',
  'p50',
  'p90',
  'p99',
  'p999',
] as const;

export const rate50 = fixedRate('rate-50', 0.5);
export const rate80 = fixedRate('rate-80', 0.8);
export const ownRate50 = ownRate('own-rate-50', 0.5);
export const ownRate80 = ownRate('own-rate-80', 0.8);

/** The same rate for all servers: a share of what node:http answers in a closed loop. */
function fixedRate(name: string, share: number): Scenario {
  const percent = `${String(share * 100)} %`;
  let rate = Number.NaN;
  return {
    ...COMMON,
    name,
    title: `64 connections, GET /, on schedule: ${percent} of what node:http can do`,
    columns: COLUMNS,

    async prepare(start) {
      const server = await start('node-http');
      await warmUp(server, CLOSED_LOOP);
      const requestsPerSecond = await capacityOf(server, CAPACITY_SECONDS);
      await server.stop();
      rate = Math.round(share * requestsPerSecond);
      return `${String(rate)} requests a second: ${percent} of the ${String(Math.round(requestsPerSecond))} that node:http answers in a closed loop`;
    },

    async measure(server, { seconds }) {
      const load = { rate, connections: CONNECTIONS };
      await warmUp(server, load);
      return withLoopDelay(server, () => measureUnderLoad(server, load, seconds));
    },
  };
}

/** A rate for each server and round: a share of what this very process has just answered in a closed loop. */
function ownRate(name: string, share: number): Scenario {
  return {
    ...COMMON,
    name,
    title: `64 connections, GET /, on schedule: ${String(share * 100)} % of what each server can do itself`,
    columns: ['capacity', ...COLUMNS],

    async measure(server, { seconds }) {
      await warmUp(server, CLOSED_LOOP);
      const capacity = await capacityOf(server, OWN_CAPACITY_SECONDS);
      const load = { rate: Math.round(share * capacity), connections: CONNECTIONS };
      const sample = await withLoopDelay(server, () => measureUnderLoad(server, load, seconds));
      return { ...sample, values: { ...sample.values, capacity } };
    },
  };
}

/** Answers a second when each connection sends again as soon as it has its answer. The server must be warm. */
async function capacityOf({ port }: ServerProcess, seconds: number): Promise<number> {
  const { requestsPerSecond, problem } = await startLoad(port, CLOSED_LOOP, seconds).result;
  if (problem !== null) throw new Error(`had in a closed loop, for its capacity: ${problem}`);
  return requestsPerSecond;
}
