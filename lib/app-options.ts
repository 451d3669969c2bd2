// app-options.ts: checks the options of createServer() that are about the app's module and the threads that run it.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SHARE_ENV, type WorkerOptions } from 'node:worker_threads';

import { OptionError, type OptionErrorCode } from './errors.js';
import { isPlainObject } from './option-reader.js';
import { showValue } from './show-value.js';

/** The options that go to `new Worker()` as they are. */
export const WORKER_NAMES = ['workerData', 'env', 'execArgv', 'resourceLimits'] as const;

export interface AppConfig {
  /** URL of the app's module. */
  readonly app: string | undefined;
  /** What the user wants the handler threads' workers to have. */
  readonly worker: Readonly<Pick<WorkerOptions, (typeof WORKER_NAMES)[number]>>;
}

/**
 * Checks `app`, and what is given for its threads. Values for the worker are checked as far as `new Worker()` would throw
 * for them: that would be late, and say nothing of us.
 * @throws {@link OptionError}
 */
export function parseAppOptions(
  caller: string,
  threads: number,
  given: ReadonlyMap<string, unknown>,
): AppConfig {
  const fail = (code: OptionErrorCode, option: string, what: string): OptionError =>
    new OptionError(code, `${caller}: ${what}`, { option, value: given.get(option) });
  const app = given.has('app') ? urlOf(given.get('app'), fail) : undefined;
  if (threads > 0 && app === undefined) {
    const what = `option 'threads' needs 'app', the module whose default export adds the handlers in each thread`;
    throw fail('ERR_MILLRACE_OPTION_CONFLICT', 'threads', what);
  }
  const worker: Record<string, unknown> = {};
  for (const name of WORKER_NAMES) {
    if (!given.has(name)) continue;
    if (threads === 0) {
      const what = `option '${name}' is for handler threads, and there are none: set 'threads'`;
      throw fail('ERR_MILLRACE_OPTION_CONFLICT', name, what);
    }
    const wanted = WANTED[name];
    if (!wanted.isRight(given.get(name))) {
      const what = `option '${name}' must be ${wanted.what}, not ${showValue(given.get(name))}`;
      throw fail('ERR_MILLRACE_OPTION_TYPE', name, what);
    }
    worker[name] = given.get(name);
  }
  return { app, worker };
}

const WANTED: Readonly<
  Record<(typeof WORKER_NAMES)[number], { what: string; isRight(value: unknown): boolean }>
> = {
  workerData: { what: 'a value', isRight: () => true },
  env: {
    what: 'an object, or SHARE_ENV of node:worker_threads',
    isRight: (value) => value === SHARE_ENV || (typeof value === 'object' && value !== null),
  },
  execArgv: {
    what: 'an array of strings',
    isRight: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  },
  resourceLimits: {
    what: 'an object of numbers',
    isRight: (value) => isPlainObject(value) && Object.values(value).every(Number.isFinite),
  },
};

function urlOf(
  value: unknown,
  fail: (code: OptionErrorCode, option: string, what: string) => OptionError,
): string {
  const isUrl = value instanceof URL;
  if (!isUrl && (typeof value !== 'string' || value === '')) {
    const what = `option 'app' must be a URL or a path, such as new URL('./app.js', import.meta.url), not ${showValue(value)}`;
    throw fail('ERR_MILLRACE_OPTION_TYPE', 'app', what);
  }
  const isFileUrl = /^file:/i.test(String(value));
  if (isUrl && !isFileUrl) {
    throw fail('ERR_MILLRACE_OPTION_RANGE', 'app', `option 'app' must be a file: URL, not ${value.protocol}`);
  }
  return isFileUrl ? new URL(value).href : pathToFileURL(resolve(value as string)).href;
}
