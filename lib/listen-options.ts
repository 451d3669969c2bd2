// listen-options.ts: the options of server.listen() and server.close(), checked.

import { isIPv6 } from 'node:net';

import { OptionError } from './errors.js';
import { checkNumber, readOptions } from './option-reader.js';
import type { NumberRule } from './option-reader.js';
import { showValue } from './show-value.js';

/**
 * Where a server listens: on a TCP port, on a Unix socket (`path`) or on a descriptor that somebody else opened (`fd`).
 * Exactly one of the three; with none of them, on a TCP port that the system chooses.
 */
export interface ListenOptions {
  /**
   * TCP port; 0: any free one, which `listen()` tells.
   * @remarks 0–65535.
   * @defaultValue 0
   */
  port?: number | undefined;
  /**
   * IP address or host name of this machine, without brackets and port: `'127.0.0.1'`, `'::1'`, `'localhost'`.
   * @remarks The default is that of node:http: all interfaces, IPv6 and IPv4 through one socket, or IPv4 alone where
   * there is no IPv6. An empty string is an error: an unset variable must not open a server to the world.
   */
  host?: string | undefined;
  /**
   * Path of a Unix socket. A stale one is replaced, a live one is an error, and the file is removed on close.
   * @remarks At most 107 bytes in UTF-8 (`sun_path` of unix(7)), no NUL: abstract sockets are not supported.
   */
  path?: string | undefined;
  /**
   * A descriptor that listens already, for example one that systemd passed.
   * @remarks 0–2147483647.
   */
  fd?: number | undefined;
  /**
   * Connections that the kernel holds until they are accepted; it uses `net.core.somaxconn` where that is less.
   * @remarks 1–65535. Not together with `fd`, whose owner has chosen it.
   * @defaultValue 511
   */
  backlog?: number | undefined;
  /**
   * Lets other processes listen on the same port; the kernel spreads the connections (SO_REUSEPORT, socket(7)).
   * @remarks TCP only.
   * @defaultValue false
   */
  reusePort?: boolean | undefined;
}

/** The options of `server.close()`. */
export interface CloseOptions {
  /**
   * How long requests in progress may take; then their connections are closed.
   * @remarks Milliseconds, 0–86400000; 0: at once.
   * @defaultValue 10000
   */
  graceMs?: number | undefined;
}

/** Where to listen, checked and complete. Frozen. */
export interface ListenConfig {
  readonly port: number;
  /** Empty: all interfaces. */
  readonly host: string;
  /** Empty: not a Unix socket. */
  readonly path: string;
  /** −1: no inherited descriptor. */
  readonly fd: number;
  readonly backlog: number;
  readonly reusePort: boolean;
}

/** How to close, checked and complete. Frozen. */
export interface GraceConfig {
  readonly graceMs: number;
}

const PORT: NumberRule = { min: 0, max: 65_535, preset: 0, unit: '' };
const BACKLOG: NumberRule = { min: 1, max: 65_535, preset: 511, unit: 'connections' };
const FD: NumberRule = { min: 0, max: 2 ** 31 - 1, preset: -1, unit: '' };
const GRACE_MS: NumberRule = { min: 0, max: 86_400_000, preset: 10_000, unit: 'milliseconds' };

/** sun_path of unix(7) has 108 bytes, the last of which is NUL. */
const MAX_PATH_BYTES = 107;

/** RFC 1035 §2.3.4. */
const MAX_HOST_LENGTH = 255;

export const LISTEN = 'listen()';
export const LISTEN_NAMES = ['port', 'host', 'path', 'fd', 'backlog', 'reusePort'];

/** Options that make no sense together, with the reason. The first of a pair is the one that the error names. */
const CONFLICTS: readonly (readonly [string, string, string])[] = [
  ['port', 'path', 'a server listens on a TCP port or on a Unix socket'],
  ['port', 'fd', 'the descriptor has a port already'],
  ['path', 'fd', 'the descriptor has an address already'],
  ['host', 'path', 'a Unix socket has no host'],
  ['host', 'fd', 'the descriptor has an address already'],
  ['reusePort', 'path', 'SO_REUSEPORT is for TCP ports'],
  ['reusePort', 'fd', 'the descriptor is bound already'],
  ['backlog', 'fd', 'the descriptor listens already'],
];

/**
 * Checks the arguments of `server.listen()`.
 *
 * A bare number is taken as the port, because `listen(8080)` is what everybody's fingers write; nothing at all means
 * a port that the system chooses, as in node:http. All else that node:http takes besides (a callback, a host as the
 * second argument, a path as a string) is an error that says what to write: `listen()` returns a promise, and
 * a callback that is never called would be a riddle.
 * @throws {@link OptionError}
 */
export function parseListenOptions(options?: unknown, ...extra: readonly unknown[]): ListenConfig {
  rejectOtherForms(options, extra);
  const scope = { caller: LISTEN, group: '', names: LISTEN_NAMES, allNames: LISTEN_NAMES };
  const given = readOptions(scope, typeof options === 'number' ? { port: options } : options);
  const config = {
    port: numberOr(PORT, 'port', given.get('port')),
    host: given.has('host') ? checkHost(given.get('host')) : '',
    path: given.has('path') ? checkPath(given.get('path')) : '',
    fd: numberOr(FD, 'fd', given.get('fd')),
    backlog: numberOr(BACKLOG, 'backlog', given.get('backlog')),
    reusePort: given.has('reusePort') && checkBoolean('reusePort', given.get('reusePort')),
  };
  rejectConflicts(given);
  return Object.freeze(config);
}

/**
 * Checks the options of `server.close()` and `server.restartThreads()`, whichever `caller` is.
 * @throws {@link OptionError}
 */
export function parseGraceOptions(caller: string, options?: unknown): GraceConfig {
  if (typeof options === 'function') {
    throw new OptionError(
      'ERR_MILLRACE_OPTION_TYPE',
      `${caller} takes no callback: write await server.${caller}`,
      { option: 'options', value: options },
    );
  }
  const names = ['graceMs'];
  const graceMs = readOptions({ caller, group: '', names, allNames: names }, options).get('graceMs');
  return Object.freeze({
    graceMs: graceMs === undefined ? GRACE_MS.preset : checkNumber(caller, 'graceMs', GRACE_MS, graceMs),
  });
}

function rejectOtherForms(options: unknown, extra: readonly unknown[]): void {
  const surplus = typeof options === 'function' ? options : extra.find((value) => value !== undefined);
  if (typeof surplus === 'function') {
    throw typeError('options', surplus, 'takes no callback: write await server.listen({ port: 8080 })');
  }
  if (surplus !== undefined) {
    throw typeError(
      'options',
      surplus,
      "takes one object: write server.listen({ port: 8080, host: '127.0.0.1' })",
    );
  }
  if (typeof options !== 'string') return;
  const isPort = /^\d+$/.test(options);
  throw typeError(
    isPort ? 'port' : 'path',
    options,
    `takes an object, not ${showValue(options)}: write ` +
      (isPort ? `server.listen({ port: ${String(Number(options))} })` : "server.listen({ path: '…' })"),
  );
}

function rejectConflicts(given: ReadonlyMap<string, unknown>): void {
  for (const [option, other, reason] of CONFLICTS) {
    if (!given.has(option) || !given.has(other) || given.get(option) === false) continue;
    throw new OptionError(
      'ERR_MILLRACE_OPTION_CONFLICT',
      `${LISTEN}: options '${option}' (${showValue(given.get(option))}) and '${other}' ` +
        `(${showValue(given.get(other))}) exclude each other: ${reason}`,
      { option, value: given.get(option) },
    );
  }
}

function checkHost(value: unknown): string {
  const host = checkText('host', value);
  if (host.length > MAX_HOST_LENGTH) {
    throw formError('host', value, `at most ${String(MAX_HOST_LENGTH)} characters long`);
  }
  if (/[\s/\\?#@]|\p{Cc}/u.test(host)) throw formError('host', value, 'an IP address or a host name alone');
  if (/[[\]]/.test(host)) throw formError('host', value, "without brackets, such as '::1'");
  if (host.includes(':') && !isIPv6(host)) {
    throw formError('host', value, 'an IP address or a host name (the port has its own option)');
  }
  return host;
}

function checkPath(value: unknown): string {
  const path = checkText('path', value);
  if (path.includes('\0')) {
    throw formError('path', value, 'free of NUL characters (abstract sockets are not supported)');
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw formError(
      'path',
      value,
      `at most ${String(MAX_PATH_BYTES)} bytes long (unix(7); it has ${String(bytes)})`,
    );
  }
  return path;
}

function checkText(option: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw typeError(option, value, `option '${option}' must be a string, not ${showValue(value)}`);
  }
  if (value === '') throw formError(option, value, 'non-empty (leave it out for the default)');
  return value;
}

function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw typeError(option, value, `option '${option}' must be true or false, not ${showValue(value)}`);
}

function numberOr(rule: NumberRule, option: string, value: unknown): number {
  return value === undefined ? rule.preset : checkNumber(LISTEN, option, rule, value);
}

function typeError(option: string, value: unknown, what: string): OptionError {
  return new OptionError('ERR_MILLRACE_OPTION_TYPE', `${LISTEN}: ${what}`, { option, value });
}

function formError(option: string, value: unknown, form: string): OptionError {
  const message = `${LISTEN}: option '${option}' must be ${form}, not ${showValue(value)}`;
  return new OptionError('ERR_MILLRACE_OPTION_RANGE', message, { option, value });
}
