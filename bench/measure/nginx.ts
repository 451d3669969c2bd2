// nginx.ts: starts an nginx of its own, from the system's package, for a directory.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 5_000;

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
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child.once('exit', () => {
    rmSync(place, { recursive: true, force: true });
  });
  await answers(port, child);
  return { child, port };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end && child.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(20);
    } finally {
      socket.destroy();
    }
  }
  child.kill('SIGKILL');
  throw new Error('nginx did not listen');
}
