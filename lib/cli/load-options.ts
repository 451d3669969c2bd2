// load-options.ts: what the flags of `millrace load` mean.

import { parseDuration } from '../duration.js';
import type { NativeLoadPlan } from '../binding.js';
import { quoted, UsageError } from './command.js';
import { numberFlag, type Flag, type ParsedFlags } from './flags.js';
import { buildRequest, readBytes } from './load-request.js';
import { readUrl } from './load-target.js';

export const LOAD_FLAGS: Readonly<Record<string, Flag>> = {
  connections: { value: 'N', short: 'c', help: 'connections open at a time (default 64)' },
  threads: { value: 'N', short: 't', help: 'threads that send and read (default 1)' },
  duration: { value: 'TIME', short: 'd', help: 'how long: 10s, 500ms, 1m, or seconds (default 10s)' },
  requests: { value: 'N', short: 'n', help: 'how many requests, instead of or besides how long' },
  rate: {
    value: 'N',
    short: 'r',
    help: 'requests a second, whatever the answers do; latency counts from when each was due',
  },
  pipeline: { value: 'N', help: 'requests sent together on a connection (default 1)' },
  method: { value: 'NAME', short: 'X', help: 'default GET, or POST with a body' },
  header: { value: "'NAME: VALUE'", short: 'H', help: 'a header field; may be repeated' },
  body: { value: 'TEXT', mayBeEmpty: true, help: 'body of each request' },
  'body-file': { value: 'FILE', help: 'the same, from a file' },
  'no-keep-alive': { help: 'a connection for each request' },
  storm: { help: 'no requests: open connections and close them, as fast as they are accepted' },
  timeout: { value: 'TIME', help: 'longest wait for an answer, and for a connection (default 5s)' },
  'expect-status': { value: 'LIST', help: 'which are right: 200,404,2xx (default 2xx,3xx)' },
  'expect-body': { value: 'TEXT', mayBeEmpty: true, help: 'the whole body that each answer must have' },
  'expect-body-file': { value: 'FILE', help: 'the same, from a file' },
  unix: { value: 'PATH', help: 'connect to this Unix socket; the URL gives Host and path' },
  json: { help: 'print the result as JSON' },
  help: { short: 'h', help: 'this text' },
  version: { help: 'the version' },
};

/** Flags that say something about requests, of which a storm has none. */
const OF_REQUESTS: readonly string[] = [
  'pipeline',
  'method',
  'header',
  'body',
  'body-file',
  'no-keep-alive',
  'expect-status',
  'expect-body',
  'expect-body-file',
];

const LIMITS = {
  connections: { min: 1, max: 100_000 },
  threads: { min: 1, max: 64 },
  requests: { min: 1, max: 1e12 },
  rate: { min: 1, max: 100_000_000 },
  pipeline: { min: 1, max: 1024 },
} as const;

const DAY_MS = 86_400_000;
const DEFAULT = { connections: 64, durationMs: 10_000, timeoutMs: 5000 } as const;
const LONGEST_TIMEOUT_MS = 3_600_000;

/** All of the native plan that does not depend on the machine. */
export type WantedLoad = Omit<NativeLoadPlan, 'host' | 'port' | 'path'> & {
  readonly url: URL;
  readonly unixPath: string | undefined;
  readonly method: string;
};

/** @throws {@link UsageError} */
export function readLoadFlags(flags: ParsedFlags): WantedLoad {
  const url = readUrl(flags.positionals);
  const number = (name: keyof typeof LIMITS): number | undefined => numberFlag(flags, name, LIMITS[name]);
  const isStorm = flags.on.has('storm');
  const isClosing = flags.on.has('no-keep-alive');
  const given = OF_REQUESTS.find((name) => flags.on.has(name) || flags.values.has(name));
  if (isStorm && given !== undefined) {
    throw new UsageError(`--storm sends no requests, so --${given} means nothing beside it`);
  }
  const pipeline = number('pipeline') ?? 1;
  if (isClosing && pipeline > 1) {
    throw new UsageError('--no-keep-alive and --pipeline exclude each other: a connection has one request');
  }
  const count = number('requests');
  // More would have nothing to do.
  const most = Math.ceil((count ?? Infinity) / pipeline);
  const threads = Math.min(number('threads') ?? 1, most);
  const wanted = number('connections');
  if (wanted !== undefined && wanted < threads) {
    throw new UsageError(
      `each thread needs a connection: ${threads} threads, and --connections is ${wanted}`,
    );
  }
  const connections = Math.min(wanted ?? Math.max(DEFAULT.connections, threads), most);
  const durationMs = readTime(flags, 'duration', DAY_MS, 'a day');
  const { method, bytes } = buildRequest(flags, url);
  return {
    url,
    unixPath: readUnixPath(flags),
    method,
    request: bytes,
    toHead: method === 'HEAD',
    mode: isStorm ? 'connections' : isClosing ? 'one-request' : 'keep-alive',
    connections,
    threads,
    pipeline,
    count,
    durationMs: durationMs ?? (count === undefined ? DEFAULT.durationMs : undefined),
    rate: number('rate') ?? 0,
    timeoutMs: readTime(flags, 'timeout', LONGEST_TIMEOUT_MS, 'an hour') ?? DEFAULT.timeoutMs,
    expectedStatuses: readStatuses(flags.values.get('expect-status') ?? '2xx,3xx'),
    expectedBody: readBytes(flags, 'expect-body'),
  };
}

/** A plain number is seconds. */
function readTime(flags: ParsedFlags, name: string, longestMs: number, longest: string): number | undefined {
  const text = flags.values.get(name);
  if (text === undefined) return undefined;
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms !== undefined && ms >= 1 && ms <= longestMs) return Math.round(ms);
  throw new UsageError(
    `--${name} must be a time such as 10s or 500ms, or seconds, ${longest} at most, not ${quoted(text)}`,
  );
}

function readStatuses(list: string): number[] {
  const codes = new Set<number>();
  for (const part of list.split(',')) {
    const text = part.trim();
    const isClass = /^[2-9]xx$/i.test(text);
    if (!isClass && !/^[2-9]\d\d$/.test(text)) {
      throw new UsageError(
        `--expect-status must list final codes or classes such as 200,404,2xx, not ${quoted(list)}`,
      );
    }
    const first = isClass ? Number(text[0]) * 100 : Number(text);
    for (let code = first; code < first + (isClass ? 100 : 1); code++) codes.add(code);
  }
  return [...codes];
}

/** As much as a socket's address holds, without the zero behind it (unix(7)). */
const LONGEST_UNIX_PATH = 107;

function readUnixPath(flags: ParsedFlags): string | undefined {
  const path = flags.values.get('unix');
  if (path === undefined) return undefined;
  if (Buffer.byteLength(path) <= LONGEST_UNIX_PATH && !path.includes('\0')) return path;
  throw new UsageError(`--unix must be a path of at most ${LONGEST_UNIX_PATH} bytes, not ${quoted(path)}`);
}
