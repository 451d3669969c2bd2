// static-files.ts: the options of server.static(), checked, and a root of files as the native side takes it.

import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { NativeFileRoot } from './binding.js';
import { parseDuration } from './duration.js';
import { OptionError, RouteError } from './errors.js';
import type { FieldValueInput } from './field-validation.js';
import { checkChoice, checkFlag, readOptions } from './option-reader.js';
import { checkedFields, fieldLines, type ResponseField } from './response-fields.js';
import { showValue } from './show-value.js';

/** A content coding of which a file may have a sibling that is compressed already. */
export type PrecompressedCoding = 'br' | 'gzip' | 'zstd';

/** How a file is served: the options that `server.static()` and `res.sendFile()` have in common. */
export interface FileOptions {
  /**
   * How long clients may keep a file without asking again: `Cache-Control: public, max-age=…`.
   * @remarks Milliseconds, or a text such as `'90s'`, `'1h'`, `'7 days'`; at most a year.
   * @defaultValue 0: they ask each time, and mostly get a 304
   */
  maxAge?: number | string | undefined;
  /**
   * Whether clients need not ask even on reload, for files whose names change with their contents: adds `immutable` to
   * `Cache-Control` (RFC 8246). Needs a `maxAge`.
   * @defaultValue false
   */
  immutable?: boolean | undefined;
  /** Whether `Cache-Control` is sent at all. @defaultValue true */
  cacheControl?: boolean | undefined;
  /** Whether files have an `ETag`, made of time and size (RFC 9110 §8.8.3). @defaultValue true */
  etag?: boolean | undefined;
  /** Whether files have `Last-Modified` (RFC 9110 §8.8.2). @defaultValue true */
  lastModified?: boolean | undefined;
  /** Whether parts of files can be asked for with `Range` (RFC 9110 §14). @defaultValue true */
  acceptRanges?: boolean | undefined;
  /**
   * Files and directories whose names begin with a dot: `'ignore'` answers as if they were not there.
   * @defaultValue `'ignore'`
   */
  dotfiles?: 'ignore' | 'allow' | undefined;
  /**
   * Symbolic links below the directory: `'beneath'` follows them as long as they stay inside it (an absolute one leaves
   * it), `'follow'` follows them anywhere, `'refuse'` answers as if they were not there.
   * @defaultValue `'beneath'`
   */
  symlinks?: 'beneath' | 'follow' | 'refuse' | undefined;
  /**
   * Whether a sibling is sent that is compressed already, to clients that accept it: `app.js.br`, `app.js.zst` or
   * `app.js.gz` for `app.js`. True: all three, and clients that like them alike get them in this order.
   * @defaultValue false
   */
  precompressed?: boolean | readonly PrecompressedCoding[] | undefined;
  /**
   * Further header fields of every answer with a file; of 301, 412 and 416 those that are not about the file.
   * @defaultValue none
   */
  headers?: Readonly<Record<string, FieldValueInput>> | undefined;
}

/** The options of `server.static()`. */
export interface StaticOptions extends FileOptions {
  /**
   * What a directory is answered with: the first of these files that it has. False: nothing.
   * @defaultValue `'index.html'`
   */
  index?: string | readonly string[] | false | undefined;
  /**
   * Whether a directory that is asked for without the slash behind it is redirected there; beside a `fallback` only one that
   * has an index.
   * @defaultValue true
   */
  redirect?: boolean | undefined;
  /**
   * Whether what is no file goes to the routes that are less specific, and to the handler of `createServer()`; else it is
   * answered 404.
   * @defaultValue true
   */
  fallthrough?: boolean | undefined;
  /** Extensions to try behind names that are no file: `['html']` finds `/about` in `about.html`. @defaultValue none */
  extensions?: readonly string[] | false | undefined;
  /**
   * A file below the directory that is sent, with 200, in place of what is no file: `'index.html'` for applications that
   * route in the browser.
   * @defaultValue none
   */
  fallback?: string | undefined;
}

export const FILE_NAMES = [
  'maxAge',
  'immutable',
  'cacheControl',
  'etag',
  'lastModified',
  'acceptRanges',
  'dotfiles',
  'symlinks',
  'precompressed',
  'headers',
];
const STATIC_NAMES = [...FILE_NAMES, 'index', 'redirect', 'fallthrough', 'extensions', 'fallback'];
const CODINGS: readonly PrecompressedCoding[] = ['br', 'zstd', 'gzip'];
const YEAR_MS = 31_557_600_000;
const MOST_NAMES = 16;

/** Fields that the server writes for each file, or connection. */
const OWN_FIELDS = new Set([
  'content-length',
  'content-type',
  'content-range',
  'content-encoding',
  'etag',
  'date',
  'connection',
]);

/**
 * Checks what `server.static()` was given.
 * @throws {@link OptionError}; {@link RouteError} `ERR_MILLRACE_STATIC_DIRECTORY`; {@link InvalidHeaderError}
 */
export function parseStaticOptions(prefix: string, directory: unknown, options?: unknown): NativeFileRoot {
  const caller = 'static()';
  const given = readOptions({ caller, group: '', names: STATIC_NAMES, allNames: STATIC_NAMES }, options);
  const flag = (name: string, preset: boolean): boolean => flagOf(caller, name, given.get(name), preset);
  return Object.freeze({
    prefix,
    directory: checkDirectory(directory),
    ...parseFileOptions(caller, given),
    index: namesOf(caller, 'index', given.get('index') ?? 'index.html', checkRelativePath),
    redirect: flag('redirect', true),
    fallthrough: flag('fallthrough', true),
    extensions: namesOf(caller, 'extensions', given.get('extensions') ?? false, checkExtension),
    fallback: given.has('fallback') ? checkRelativePath(caller, 'fallback', given.get('fallback')) : '',
  });
}

/** How a file is served, checked. */
export type FileConfig = Omit<
  NativeFileRoot,
  'prefix' | 'directory' | 'index' | 'redirect' | 'fallthrough' | 'extensions' | 'fallback'
>;

/**
 * Checks the options that both have.
 * @throws {@link OptionError}, {@link InvalidHeaderError}
 */
export function parseFileOptions(caller: string, given: ReadonlyMap<string, unknown>): FileConfig {
  const flag = (name: string, preset: boolean): boolean => flagOf(caller, name, given.get(name), preset);
  const choice = (name: string, choices: readonly string[]): string =>
    checkChoice(caller, name, { choices, preset: choices[0]! }, given.get(name) ?? choices[0]);
  return {
    etag: flag('etag', true),
    lastModified: flag('lastModified', true),
    ranges: flag('acceptRanges', true),
    dotfiles: choice('dotfiles', ['ignore', 'allow']) === 'allow',
    symlinks: choice('symlinks', ['beneath', 'follow', 'refuse']),
    precompressed: codingsOf(caller, given.get('precompressed') ?? false),
    fields: ownFieldLines(caller, given),
  };
}

function ownFieldLines(caller: string, given: ReadonlyMap<string, unknown>): string {
  const headers = checkedFields(caller, 'headers', (given.get('headers') ?? {}) as Record<string, string>);
  const isDated = flagOf(caller, 'lastModified', given.get('lastModified'), true);
  for (const { field } of headers) {
    if (OWN_FIELDS.has(field.lower)) throw ownField(caller, field.lower, 'the server writes it');
    if (field.lower === 'last-modified' && isDated)
      throw ownField(caller, field.lower, "without 'lastModified: false' it is the time of each file");
  }
  const cacheControl = cacheControlOf(caller, given, headers);
  return (cacheControl === '' ? '' : `Cache-Control: ${cacheControl}\r\n`) + fieldLines(headers);
}

function ownField(caller: string, name: string, why: string): OptionError {
  return new OptionError(
    'ERR_MILLRACE_OPTION_CONFLICT',
    `${caller}: '${name}' cannot be among the 'headers': ${why}`,
    { option: 'headers', value: name },
  );
}

function cacheControlOf(
  caller: string,
  given: ReadonlyMap<string, unknown>,
  headers: readonly ResponseField[],
): string {
  const maxAge = checkMaxAge(caller, given.get('maxAge') ?? 0);
  const isImmutable = flagOf(caller, 'immutable', given.get('immutable'), false);
  const isSent = flagOf(caller, 'cacheControl', given.get('cacheControl'), true);
  const isOwn = headers.some(({ field }) => field.lower === 'cache-control');
  for (const name of ['maxAge', 'immutable']) {
    if (given.has(name) && (isOwn || !isSent)) {
      throw new OptionError(
        'ERR_MILLRACE_OPTION_CONFLICT',
        `${caller}: '${name}' is part of Cache-Control, which ${isOwn ? "'headers' has already" : "'cacheControl: false' leaves out"}`,
        { option: name, value: given.get(name) },
      );
    }
  }
  if (isImmutable && maxAge === 0) {
    throw new OptionError(
      'ERR_MILLRACE_OPTION_CONFLICT',
      `${caller}: 'immutable' needs a 'maxAge': clients ask again after it`,
      { option: 'immutable', value: true },
    );
  }
  if (isOwn || !isSent) return '';
  return `public, max-age=${String(Math.floor(maxAge / 1000))}${isImmutable ? ', immutable' : ''}`;
}

function checkMaxAge(caller: string, value: unknown): number {
  const maxAge = parseDuration(value);
  if (maxAge !== undefined && maxAge <= YEAR_MS) return maxAge;
  throw new OptionError(
    typeof value === 'number' || typeof value === 'string'
      ? 'ERR_MILLRACE_OPTION_RANGE'
      : 'ERR_MILLRACE_OPTION_TYPE',
    `${caller}: option 'maxAge' must be milliseconds or a text such as '1h' or '7 days', a year at most, ` +
      `not ${showValue(value)}`,
    { option: 'maxAge', value },
  );
}

function checkDirectory(directory: unknown): string {
  const path = directory instanceof URL ? fileUrlPath(directory) : directory;
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new RouteError(
      'ERR_MILLRACE_STATIC_DIRECTORY',
      `static(): the second argument must be the path of a directory or its file: URL, not ${showValue(directory)}`,
    );
  }
  // Absolute from now on: the process may change its working directory. A link stays one, so that it may be changed.
  const absolute = isAbsolute(path) ? path : resolve(path);
  let reason = 'it is not a directory';
  try {
    if (statSync(absolute).isDirectory()) return absolute;
  } catch (error) {
    reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : String(error);
  }
  throw new RouteError(
    'ERR_MILLRACE_STATIC_DIRECTORY',
    `static(): cannot serve ${showValue(absolute)}: ${reason}`,
  );
}

function fileUrlPath(url: URL): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function codingsOf(caller: string, value: unknown): readonly PrecompressedCoding[] {
  if (typeof value === 'boolean') return value ? CODINGS : [];
  if (!Array.isArray(value)) checkFlag(caller, 'precompressed', value);
  const rule = { choices: CODINGS, preset: CODINGS[0]! };
  const asked = (value as unknown[]).map((coding) => checkChoice(caller, 'precompressed', rule, coding));
  return CODINGS.filter((coding) => asked.includes(coding));
}

function namesOf(
  caller: string,
  option: string,
  value: unknown,
  check: (caller: string, option: string, value: unknown) => string,
): readonly string[] {
  if (value === false) return [];
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (names.length <= MOST_NAMES) return names.map((name) => check(caller, option, name));
  throw new OptionError(
    'ERR_MILLRACE_OPTION_RANGE',
    `${caller}: option '${option}' has ${String(names.length)} names; ${String(MOST_NAMES)} is the most, since each is looked for`,
    { option, value },
  );
}

function checkExtension(caller: string, option: string, value: unknown): string {
  const name = typeof value === 'string' ? value.replace(/^\./, '') : '';
  if (name !== '' && !/[/\0]/.test(name)) return name;
  throw badName(caller, option, value, "an extension such as 'html'");
}

function checkRelativePath(caller: string, option: string, value: unknown): string {
  const isPath = typeof value === 'string' && value !== '' && !value.includes('\0') && !isAbsolute(value);
  if (isPath && !value.split('/').some((segment) => segment === '..' || segment === '')) return value;
  throw badName(caller, option, value, "the path of a file below the directory, such as 'index.html'");
}

function badName(caller: string, option: string, value: unknown, wanted: string): OptionError {
  return new OptionError(
    typeof value === 'string' ? 'ERR_MILLRACE_OPTION_RANGE' : 'ERR_MILLRACE_OPTION_TYPE',
    `${caller}: option '${option}' must be ${wanted}, not ${showValue(value)}`,
    { option, value },
  );
}

function flagOf(caller: string, option: string, value: unknown, preset: boolean): boolean {
  return value === undefined ? preset : checkFlag(caller, option, value);
}
