// installed.ts: whether a server that is not this project's can be measured here.

import { whyPackagesMissing } from '../designs/availability.js';
import type { ServerName } from '../scenario.js';
import { nginxIsInstalled } from './nginx.js';
import { installPeers } from './peers.js';

/** Asked once: fetching what cannot be fetched takes its time. */
const known = new Map<ServerName, string | null>();

/** Why it cannot be, and what would help; null where it can, which may mean that it has been installed now. */
export function whyMissing(name: ServerName): string | null {
  const reason = known.has(name) ? (known.get(name) ?? null) : lookFor(name);
  known.set(name, reason);
  return reason;
}

function lookFor(name: ServerName): string | null {
  if (name === 'nginx') return nginxIsInstalled() ? null : 'nginx is not installed (apt-get install nginx)';
  if (name === 'uwebsockets') return whyPackagesMissing(['uWebSockets.js']);
  if (name !== 'express' && name !== 'fastify') return null;
  return installPeers() ? null : `${name} could not be fetched (npm ci --prefix bench/peers)`;
}
