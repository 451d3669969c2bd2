// send-file.ts: what res.sendFile() is given, checked, and as the reactor takes it (native/http/send_file.h).

import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FileError, OptionError } from './errors.js';
import { readOptions } from './option-reader.js';
import { fieldsNamed, isGetRequest, isHeadRequest } from './request-record.js';
import { fieldLines, type ResponseField } from './response-fields.js';
import { NEWS_FILE_BROKEN, NEWS_FILE_MISSING, NEWS_FILE_UNAVAILABLE } from './ring-layout.js';
import { showValue } from './show-value.js';
import { FILE_NAMES, parseFileOptions, type FileConfig, type FileOptions } from './static-files.js';

/** The options of `res.sendFile()`. */
export interface SendFileOptions extends FileOptions {
  /**
   * The directory that the path is below, for paths that come from clients: none leads out of it.
   * @defaultValue none: the path is absolute, and the app's own
   */
  root?: string | URL | undefined;
}

/** A file to be sent, and how. */
export interface WantedFile {
  readonly directory: string;
  /** Below the directory. */
  readonly path: string;
  readonly hasDotfile: boolean;
  readonly config: FileConfig;
}

/** What the reactor is told. */
export interface SendFileMessage {
  /** Field lines of the answer: one byte for each character, as of all answers. */
  readonly lines: string;
  /** Everything else, with a NUL behind each text: paths in UTF-8, values of fields as in lines. */
  readonly texts: Uint8Array;
}

/** In the order in which the reactor reads them. */
const WISHES = [
  'if-match',
  'if-unmodified-since',
  'if-none-match',
  'if-modified-since',
  'if-range',
  'range',
  'accept-encoding',
];

const SEND_FILE = 'sendFile()';
const NAMES = [...FILE_NAMES, 'root'];

/**
 * Checks what `res.sendFile()` was given.
 * @param own - Fields that the handler has set: they count.
 * @throws {@link OptionError}, {@link InvalidHeaderError}
 */
export function parseSendFile(path: unknown, options: unknown, own: readonly ResponseField[]): WantedFile {
  const given = new Map(
    readOptions({ caller: SEND_FILE, group: '', names: NAMES, allNames: NAMES }, options),
  );
  const has = (name: string): boolean => own.some(({ field }) => field.lower === name);
  const config = parseFileOptions(SEND_FILE, given);
  const root = given.get('root');
  const below = root === undefined ? checkPath(path) : checkRelative(path);
  return {
    directory: root === undefined ? '/' : resolve(checkPath(root, 'root')),
    path: below.replace(/^\/+/, ''),
    hasDotfile: root !== undefined && below.split('/').some((name) => name !== '.' && name.startsWith('.')),
    config: {
      ...config,
      // A path of the app's own may lead anywhere.
      symlinks: root === undefined ? 'follow' : config.symlinks,
      etag: config.etag && !has('etag'),
      lastModified: config.lastModified && !has('last-modified'),
      precompressed: has('content-encoding') ? [] : config.precompressed,
      fields: without(own, config.fields),
    },
  };
}

/**
 * The message to the reactor. Conditions and ranges are for GET and HEAD (RFC 9110 §13.2.1, §14.2), and not for a file in
 * the place of another answer, such as a 404.
 */
export function sendFileMessage(
  wanted: WantedFile,
  status: number,
  own: readonly ResponseField[],
  records: string,
  start: number,
): SendFileMessage {
  const { config } = wanted;
  const isGet = isGetRequest(records, start);
  const isAsked = status === 200 && (isGet || isHeadRequest(records, start));
  const flags =
    (config.dotfiles ? 'd' : '') +
    (config.etag ? 'e' : '') +
    (config.lastModified ? 'm' : '') +
    (config.ranges && isAsked ? 'r' : '') +
    (wanted.hasDotfile ? 'h' : '') +
    { beneath: '', follow: 'f', refuse: 'n' }[config.symlinks as 'beneath' | 'follow' | 'refuse'];
  const codings = config.precompressed.map((coding) => ({ br: 'b', zstd: 'z', gzip: 'g' })[coding as 'br']);
  const asked = fieldsNamed(records, start, WISHES);
  const wishes = asked.map((value, index) => {
    const wish = WISHES[index];
    const counts = wish === 'accept-encoding' || (isAsked && (isGet || wish !== 'range'));
    return value !== undefined && counts ? `=${value}` : '';
  });
  const isType = ({ field }: ResponseField): boolean => field.kind === 'content-type';
  const type = own.find(isType)?.value;
  const { directory, path } = wanted;
  const texts = [flags, codings.join(''), type === undefined ? '' : `=${String(type)}`, ...wishes];
  return {
    lines: config.fields + fieldLines(own.filter((entry) => !isType(entry))),
    texts: Buffer.concat([
      Buffer.from(`${String(status)}\0${directory}\0${path}\0`),
      Buffer.from(`${texts.join('\0')}\0`, 'latin1'),
    ]),
  };
}

/** What the reactor's answer means to the handler; undefined: the file is on its way. */
export function fileErrorOf(news: number, path: string): FileError | undefined {
  switch (news) {
    case NEWS_FILE_MISSING:
      return new FileError('ERR_MILLRACE_FILE_MISSING', path);
    case NEWS_FILE_UNAVAILABLE:
      return new FileError('ERR_MILLRACE_FILE_UNAVAILABLE', path);
    case NEWS_FILE_BROKEN:
      return new FileError('ERR_MILLRACE_FILE_BROKEN', path);
    default:
      return undefined;
  }
}

/** The lines of `fields` whose names are not among those that the handler has set. */
function without(own: readonly ResponseField[], fields: string): string {
  if (own.length === 0) return fields;
  return fields.replace(/^([^:]+): [^\r]*\r\n/gm, (line, name: string) =>
    own.some(({ field }) => field.lower === name.toLowerCase()) ? '' : line,
  );
}

/** An absolute path, or what is made one. */
function checkPath(value: unknown, option = 'path'): string {
  let path = value;
  if (value instanceof URL) {
    try {
      path = fileURLToPath(value);
    } catch (cause) {
      throw badPath(option, value, "an absolute path or a 'file:' URL", cause);
    }
  }
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) {
    // What `..` in it means is the app's to say, and said once: behind a link it would mean something else.
    if (isAbsolute(path)) return resolve(path);
    if (option === 'root') return path;
    throw badPath(option, value, "absolute, or come with the option 'root'");
  }
  throw badPath(option, value, "an absolute path or a 'file:' URL");
}

/** Whatever a client has sent may be in it: what leads out of the root is not found. */
function checkRelative(value: unknown): string {
  if (typeof value !== 'string') throw badPath('path', value, 'a path below the root');
  if (value.includes('\0') || value.split('/').includes('..')) {
    throw new FileError('ERR_MILLRACE_FILE_MISSING', value);
  }
  return value;
}

function badPath(option: string, value: unknown, wanted: string, cause?: unknown): OptionError {
  return new OptionError(
    typeof value === 'string' ? 'ERR_MILLRACE_OPTION_RANGE' : 'ERR_MILLRACE_OPTION_TYPE',
    `${SEND_FILE}: ${option === 'path' ? 'the path' : `option '${option}'`} must be ${wanted}, not ${showValue(value)}`,
    { option, value, ...(cause === undefined ? {} : { cause }) },
  );
}
