// computing-server.ts: node:http with a handler that computes for as many milliseconds as the argument says. It prints its
// port, and ends when whoever has started it does.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HELLO } from '../variants/applications.js';
import { compute } from '../variants/work.js';

const computeMs = Number(process.argv[2]);

const server = createServer((_req, res) => {
  compute(computeMs);
  res.setHeader('Content-Type', 'text/plain').end(HELLO);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
