// four-reactors.ts: whether four reactors get their fair share of 1,000 connections, idle and busy.

import { setTimeout as sleep } from 'node:timers/promises';
import { openConnections } from '../measure/connections.js';
import { startLoad } from '../measure/load.js';
import type { ServerProcess } from '../measure/server-process.js';
import type { Claim, Scenario } from '../scenario.js';
import { HELLO } from '../variants/applications.js';

const CONNECTIONS = 1_000;
/** Keeps every reactor at work while the connections arrive. Its own connections are counted with them. */
const LOAD = { connections: 64 };
/** Until the client is at full speed; until the server has seen that connections are gone. */
const SETTLE_MS = 500;

const imbalance = { must: 'be at most', bound: 1.3, judge: 'worst' } as const satisfies Partial<Claim>;

export const fourReactors: Scenario = {
  name: 'four-reactors',
  title: '4 reactors, 1,000 connections: the fullest reactor to the emptiest',
  servers: ['millrace'],
  application: 'four-reactors',
  probe: { path: '/', expected: HELLO },
  columns: ['idleImbalance', 'busyImbalance'],
  claims: [
    { label: '4 reactors, 1,000 connections, idle: max/min', metric: 'idleImbalance', ...imbalance },
    { label: '4 reactors, 1,000 connections, busy: max/min', metric: 'busyImbalance', ...imbalance },
  ],

  async measure(server, { seconds }) {
    const idleImbalance = await imbalanceOfNew(server);
    await sleep(SETTLE_MS);
    const run = startLoad(server.port, LOAD, seconds);
    await sleep(SETTLE_MS);
    const busyImbalance = await imbalanceOfNew(server);
    await run.result;
    return { values: { idleImbalance, busyImbalance } };
  },
};

async function imbalanceOfNew(server: ServerProcess): Promise<number> {
  const connections = await openConnections(server.port, CONNECTIONS);
  const counts = await server.ask('reactors');
  connections.close();
  return Math.max(...counts) / Math.min(...counts);
}
