// order.ts: a request with a body: 1 KB of JSON, parsed by the handler, answered with JSON.

import { type Order, receiptOf } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

const BODY_BYTES = 1_024;
const ITEMS = 15;
const PATH = '/orders';
const HEADERS = { 'Content-Type': 'application/json' };

const ORDER = {
  customer: 'augusta.king@example.org',
  placed: '1843-10-18T09:30:00Z',
  express: false,
  items: Array.from({ length: ITEMS }, (_, i) => ({
    sku: `GEAR-${100 + i}`,
    quantity: i + 1,
    cents: 1_895 - 100 * i,
  })),
} satisfies Order & Record<string, unknown>;
const BODY = paddedTo(BODY_BYTES, ORDER);

export const order = loadScenario({
  name: 'order',
  title: '64 connections, POST /orders, 1 KB of JSON, parsed and answered',
  servers: ['millrace', 'node-http', 'uwebsockets'],
  application: 'order',
  probe: {
    method: 'POST',
    path: PATH,
    headers: HEADERS,
    body: BODY,
    expected: JSON.stringify(receiptOf(ORDER)),
  },
  load: { connections: 64, path: PATH, headers: HEADERS, body: BODY },
  claims: [
    {
      label: 'POST of 1 KB of JSON: server CPU / node:http',
      metric: 'serverCpu',
      reference: 'node-http',
      must: 'be at most',
      bound: 1 / 2,
    },
    {
      label: 'POST of 1 KB of JSON: JS-thread CPU / node:http',
      metric: 'jsCpu',
      reference: 'node-http',
      must: 'be at most',
      bound: 1 / 4,
    },
  ],
});

/** JSON of the object and a note that makes it as long as it is to be. */
function paddedTo(bytes: number, object: object): string {
  const missing = bytes - JSON.stringify({ ...object, note: '' }).length;
  return JSON.stringify({ ...object, note: '-'.repeat(missing) });
}
