// addresses.ts: where browsers find a server that listens.

import { networkInterfaces } from 'node:os';
import { isIPv6 } from 'node:net';

import type { TcpAddress } from '../server-address.js';

/** `::` takes IPv4 too. */
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  '0.0.0.0': ['IPv4'],
  '::': ['IPv4', 'IPv6'],
};

/** URLs at which it can be reached, the machine's own first; `host` is what was asked for. */
export function addressesOf(host: string, { address, port }: TcpAddress): string[] {
  const families = EVERYWHERE[address];
  if (families === undefined) return [urlOf(/^[\da-f:.]+$/i.test(host) ? address : host, port)];
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return found
    .filter(({ family, address }) => families.includes(family) && !isLinkLocal(address))
    .toSorted((a, b) => Number(b.internal) - Number(a.internal))
    .map((found) => urlOf(found.address, port));
}

/** They need the name of an interface, which URLs have no place for. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

function urlOf(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}/`;
}
