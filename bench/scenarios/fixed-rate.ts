// fixed-rate.ts: how long answers take where the server is not saturated: requests come at a rate that node:http can bear.

import { measureUnderLoad, warmUp } from '../measure/load-run.js';
import { startLoad } from '../measure/load.js';
import type { Scenario } from '../scenario.js';
import { HELLO } from '../variants/applications.js';

const CONNECTIONS = 64;
const CAPACITY_SECONDS = 3;

export const rate50 = fixedRate('rate-50', 0.5);
export const rate80 = fixedRate('rate-80', 0.8);

/** The same rate for all servers: a share of what node:http answers in a closed loop. */
function fixedRate(name: string, share: number): Scenario {
  const percent = `${String(share * 100)} %`;
  let rate = Number.NaN;
  return {
    name,
    title: `64 connections, GET /, on schedule: ${percent} of what node:http can do`,
    servers: ['millrace', 'node-http', 'floor'],
    application: 'hello',
    probe: { path: '/', expected: HELLO },
    columns: ['requestsPerSecond', 'serverCpu', 'jsCpu', 'p50', 'p90', 'p99', 'p999'],
    claims: [],

    async prepare(start) {
      const server = await start('node-http');
      await warmUp(server, { connections: CONNECTIONS });
      const closed = startLoad(server.port, { connections: CONNECTIONS }, CAPACITY_SECONDS);
      const { requestsPerSecond } = await closed.result;
      await server.stop();
      rate = Math.round(share * requestsPerSecond);
      return `${String(rate)} requests a second: ${percent} of the ${String(Math.round(requestsPerSecond))} that node:http answers in a closed loop`;
    },

    async measure(server, { seconds }) {
      const load = { rate, connections: CONNECTIONS };
      await warmUp(server, load);
      return measureUnderLoad(server, load, seconds);
    },
  };
}
