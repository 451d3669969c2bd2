// fastify.ts: Fastify with its own plugin for compression, with the defaults.

import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { sourceFile } from '../paths.js';
import { serveControl } from './control.js';
import { JSON_TEXT } from './files.js';
import { LatenessWatch } from './lateness.js';

/** As much of it as is used here. */
interface Fastify {
  readonly server: { address(): unknown; closeAllConnections(): void };
  register(plugin: unknown): Promise<void>;
  get(
    path: string,
    handler: (req: unknown, reply: { type(type: string): { send(text: string): unknown } }) => unknown,
  ): void;
  listen(options: { port: number; host: string }): Promise<string>;
  close(): Promise<void>;
}

const require = createRequire(sourceFile('peers/package.json'));
const app = (require('fastify') as () => Fastify)();
await app.register(require('@fastify/compress'));
app.get('/', (_req, reply) => reply.type('application/json').send(JSON_TEXT));
await app.listen({ port: 0, host: '127.0.0.1' });

serveControl({
  port: (app.server.address() as AddressInfo).port,
  lateness: new LatenessWatch(),
  connectionsPerReactor: () => [],
  close: async () => {
    const closed = app.close();
    app.server.closeAllConnections();
    await closed;
  },
});
