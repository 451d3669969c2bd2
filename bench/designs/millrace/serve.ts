// serve.ts: listening and an orderly end of the designs with millrace.

import type { Server } from 'millrace';
import type { OptionValues } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';

export async function serveMillrace(server: Server, options: OptionValues): Promise<void> {
  const { port } = await server.listen({ port: options.port, host: '127.0.0.1' });
  serveUntilStopped(port, () => server.close({ graceMs: options['grace-ms'] }));
}
