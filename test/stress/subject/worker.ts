// worker.ts: a server in a worker of the subject, which is there to be terminated.

import { parentPort, workerData } from 'node:worker_threads';

import { createServer } from 'millrace';

import { addRoutes, STRESSED } from './routes.js';

const server = createServer({ ...STRESSED, reactors: workerData as number });
addRoutes(server);
const { port } = await server.listen({ host: '127.0.0.1' });
parentPort!.postMessage(port);
