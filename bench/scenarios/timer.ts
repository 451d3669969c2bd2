// timer.ts: whether the application's timers still come while requests come as fast as they can.

import { measureUnderLoad, warmUp } from '../measure/load-run.js';
import type { Scenario } from '../scenario.js';
import { HELLO } from '../variants/applications.js';

const LOAD = { connections: 64 };

export const timer: Scenario = {
  name: 'timer',
  title: '64 connections, and a 1 ms timer in the same thread',
  servers: ['millrace', 'node-http'],
  application: 'timer',
  probe: { path: '/', expected: HELLO },
  columns: ['timerLateness', 'requestsPerSecond', 'serverCpu', 'jsCpu', 'p99'],
  claims: [
    {
      label: '1 ms timer under saturation: late by, at most',
      metric: 'timerLateness',
      must: 'be at most',
      bound: 20,
      judge: 'worst',
      control: 'node-http',
    },
  ],

  async measure(server, { seconds }) {
    await warmUp(server, LOAD);
    await server.ask('lateness'); // forgets what starting and warming up did
    const sample = await measureUnderLoad(server, LOAD, seconds);
    return { ...sample, values: { ...sample.values, timerLateness: await server.ask('lateness') } };
  },
};
