// nginx.ts: nginx in a process of its own, with / and nothing else: a configuration neither waits nor echoes.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HELLO } from '../limits.js';
import { ownOptions } from '../options.js';
import { serveUntilStopped } from '../orderly-end.js';
import { freePort, untilListening } from '../../measure/free-port.js';

const options = ownOptions();
const place = mkdtempSync(join(tmpdir(), 'millrace-design-'));
process.on('exit', () => {
  rmSync(place, { recursive: true, force: true });
});
const port = options.port === 0 ? await freePort() : options.port;
const file = join(place, 'nginx.conf');
writeFileSync(file, configuration());
const child = spawn('nginx', ['-c', file, '-e', join(place, 'errors')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const ended = once(child, 'exit');
process.on('exit', () => child.kill('SIGKILL'));
await untilListening(port, () => child.exitCode === null);
serveUntilStopped(port, async () => {
  child.kill('SIGQUIT'); // what nginx calls a graceful shutdown
  const late = setTimeout(() => child.kill('SIGKILL'), options['grace-ms']);
  await ended;
  clearTimeout(late);
});

/** One process that serves: what one worker is, without the master that watches it. */
function configuration(): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off; master_process off; worker_processes 1;
pid ${place}/pid; error_log ${place}/errors;
events { worker_connections 4096; }
http {
  default_type text/plain;
  access_log off; keepalive_timeout 65; keepalive_requests 100000000;
  ${temporary.map((name) => `${name}_temp_path ${place}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    location = / { return 200 "${HELLO}"; }
    location / { return 404; }
  }
}
`;
}
