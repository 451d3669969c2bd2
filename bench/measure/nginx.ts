// nginx.ts: starts an nginx of its own, from the system's package, for a directory.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, untilListening } from './free-port.js';
import { OWN_SESSION } from './own-session.js';

/** One process that serves: what one worker is, without the master that watches it. */
function configuration(directory: string, place: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off; master_process off; worker_processes 1;
pid ${place}/pid; error_log ${place}/errors;
events { worker_connections 4096; }
http {
  types { text/plain txt; }
  access_log off; sendfile on; keepalive_timeout 65; keepalive_requests 100000000;
  open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s; open_file_cache_min_uses 1;
  ${temporary.map((name) => `${name}_temp_path ${place}/${name};`).join(' ')}
  server { listen 127.0.0.1:${port}; root ${directory}; }
}
`;
}

export function nginxIsInstalled(): boolean {
  return spawnSync('nginx', ['-v']).error === undefined;
}

export async function spawnNginx(directory: string): Promise<{ child: ChildProcess; port: number }> {
  const place = mkdtempSync(join(tmpdir(), 'millrace-nginx-'));
  const port = await freePort();
  const file = join(place, 'nginx.conf');
  writeFileSync(file, configuration(directory, place, port));
  const child = spawn('nginx', ['-c', file, '-e', join(place, 'errors')], {
    ...OWN_SESSION,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child.once('exit', () => {
    rmSync(place, { recursive: true, force: true });
  });
  try {
    await untilListening(port, () => child.exitCode === null);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { child, port };
}
