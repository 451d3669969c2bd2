// canned.ts: answers that need no JavaScript: while its thread is busy with something else, and on several reactors.

import type { Metric } from '../scenario.js';
import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

/** Without the event loop's delay: no JavaScript answers here. */
const COLUMNS: readonly Metric[] = ['requestsPerSecond', 'serverCpu', 'jsCpu', 'p50', 'p99', 'memory'];
const COMMON = { probe: { path: '/', expected: HELLO }, columns: COLUMNS, claims: [] } as const;

export const cannedBlocked = loadScenario({
  ...COMMON,
  name: 'canned-blocked',
  title: '64 connections, reply() for GET /, while the JavaScript thread is blocked for 50 of each 100 ms',
  servers: ['millrace', 'node-http'],
  application: 'canned-blocked',
  load: { connections: 64 },
});

export const twoReactors = loadScenario({
  ...COMMON,
  name: 'two-reactors',
  title: '256 connections, reply() for GET /: one reactor and two',
  servers: ['two-reactors', 'millrace'],
  application: 'canned',
  load: { connections: 256 },
});
