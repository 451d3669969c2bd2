// load-target.ts: where `millrace load` sends its requests.

import { lookup } from 'node:dns/promises';
import { connect, isIP, isIPv6 } from 'node:net';

import { quoted, UsageError } from './command.js';

/** A numeric address and a port, or the path of a Unix socket. */
export interface LoadTarget {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string | undefined;
  /** For people. */
  readonly shown: string;
}

/** @throws {@link UsageError} */
export function readUrl(positionals: readonly string[]): URL {
  const [text, ...others] = positionals;
  if (text === undefined) {
    throw new UsageError('which URL? For example: millrace load http://127.0.0.1:8080/');
  }
  if (others.length > 0) {
    const shown = positionals.map((name) => quoted(name)).join(' ');
    throw new UsageError(`requests go to one URL, not ${positionals.length}: ${shown}`);
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') {
    throw new UsageError('https: is not supported: there is no TLS here; name the http: port behind it');
  }
  if (url === undefined && /^http:/i.test(text)) {
    throw new UsageError(
      `${quoted(text)} is no URL, as http://127.0.0.1:8080/ is: its host or its port cannot be one`,
    );
  }
  // `localhost:8080/` is a URL, of the scheme `localhost:`.
  if (url?.protocol !== 'http:') {
    throw new UsageError(
      `the URL must begin with http://, such as http://127.0.0.1:8080/, not ${quoted(text)}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError("the URL has a user name in it; send one as --header 'Authorization: Basic …'");
  }
  return url;
}

/** How long one of several addresses has to accept a connection. */
const PROBE_MS = 2000;

/**
 * Resolves the name, once. Of several addresses the first that accepts a connection is taken: `localhost` is ::1 and
 * 127.0.0.1, and most servers listen on one of them.
 * @throws what `dns.lookup` throws
 */
export async function findTarget(url: URL, unixPath: string | undefined): Promise<LoadTarget> {
  if (unixPath !== undefined) {
    return { host: undefined, port: undefined, path: unixPath, shown: unixPath };
  }
  const port = url.port === '' ? 80 : Number(url.port);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const host = isIP(name) > 0 ? name : await firstThatAccepts(name, port);
  return { host, port, path: undefined, shown: `${isIPv6(host) ? `[${host}]` : host}:${port}` };
}

async function firstThatAccepts(name: string, port: number): Promise<string> {
  const found = (await lookup(name, { all: true })).map(({ address }) => address);
  const [first = name, ...others] = [...new Set(found)];
  if (others.length === 0) return first;
  for (const address of [first, ...others]) {
    if (await accepts(address, port)) return address;
  }
  return first;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PROBE_MS });
    const end = (result: boolean) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
