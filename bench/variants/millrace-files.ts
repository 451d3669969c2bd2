// millrace-files.ts: the server of the files suite that is judged, with its defaults.

import { createServer } from 'millrace';
import { serveControl } from './control.js';
import { FILES_VARIABLE, JSON_TEXT } from './files.js';
import { LatenessWatch } from './lateness.js';

const compresses = process.argv[2] === 'gzip-json';
const server = createServer({ compression: compresses });
if (compresses) {
  server.get('/', (_req, res) => {
    res.header('Content-Type', 'application/json').end(JSON_TEXT);
  });
} else {
  server.static('/', process.env[FILES_VARIABLE] ?? '');
}

const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
serveControl({
  port,
  lateness: new LatenessWatch(),
  connectionsPerReactor: () => [],
  close: () => server.close({ graceMs: 0 }),
});
