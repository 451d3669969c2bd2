// native-handlers.ts: the options of server.native(), checked, and the handler that they name, loaded.

import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { binding, type HandlerProblem, type NativeHandlerRoute } from './binding.js';
import { NativeError, OptionError } from './errors.js';
import { readOptions } from './option-reader.js';
import { parseRouteOptions, type RouteOptions } from './options.js';
import type { RoutePattern } from './pattern.js';
import { showValue } from './show-value.js';

/** Which handler answers, and within which limits. */
export interface NativeOptions extends RouteOptions {
  /**
   * The shared library: a path, relative to the working directory now, or a `file:` URL. It is loaded at once, stays
   * loaded until the server has closed, and is the same one for all its routes.
   */
  library: string | URL;
  /** The name under which the library exports the handler: that of `MILLRACE_HANDLER()`. */
  symbol: string;
  /** What the handler's `init` gets, such as the path of a database. Without NUL. @defaultValue empty */
  data?: string | undefined;
}

/** Where a native handler is from. */
export interface NativeName {
  readonly library: string;
  readonly symbol: string;
}

const CALLER = 'native()';
const NAMES = ['library', 'symbol', 'data', 'bodyBytes', 'handlerMs'];

const CODES = {
  load: 'ERR_MILLRACE_NATIVE_LOAD',
  symbol: 'ERR_MILLRACE_NATIVE_SYMBOL',
  abi: 'ERR_MILLRACE_NATIVE_ABI',
} as const satisfies Record<HandlerProblem['problem'], string>;

/**
 * Checks what `server.native()` was given, and loads the handler.
 * @throws {@link OptionError}, {@link NativeError}, {@link PlatformError}
 */
export function loadNativeHandler(
  pattern: RoutePattern,
  options: unknown,
): { route: NativeHandlerRoute; name: NativeName } {
  const given = readOptions({ caller: CALLER, group: '', names: NAMES, allNames: NAMES }, options);
  const library = libraryPath(given.get('library'));
  const symbol = checkText('symbol', given.get('symbol'));
  const data = given.has('data') ? checkText('data', given.get('data'), true) : '';
  const { bodyBytes, handlerMs } = parseRouteOptions(
    Object.fromEntries(['bodyBytes', 'handlerMs'].map((name) => [name, given.get(name)])),
  );
  const handler = binding().loadHandler(library, symbol);
  if (handler.problem !== undefined) throw notLoaded(handler, { library, symbol });
  return {
    route: Object.freeze({
      handler,
      data,
      params: pattern.params,
      hasWildcard: pattern.wildcard,
      isAnyPath: pattern.wildcard && pattern.wildcardSegment < 0,
      wildcardSegment: Math.max(pattern.wildcardSegment, 0),
      bodyBytes,
      handlerMs,
    }),
    name: { library, symbol },
  };
}

/** Absolute: a name without a slash dlopen(3) would look for among the system's libraries. */
function libraryPath(library: unknown): string {
  let path = library;
  if (library instanceof URL) {
    try {
      path = fileURLToPath(library);
    } catch {
      path = undefined;
    }
  }
  const text = checkText('library', path, false, library);
  return isAbsolute(text) ? text : resolve(text);
}

const WANTED: Readonly<Record<string, string>> = {
  library: 'the path of a shared library or its file: URL',
  symbol: 'the name of a handler',
  data: 'a text without NUL',
};

function checkText(option: string, value: unknown, mayBeEmpty = false, given = value): string {
  if (typeof value === 'string' && !value.includes('\0') && (mayBeEmpty || value !== '')) return value;
  throw new OptionError(
    typeof value === 'string' ? 'ERR_MILLRACE_OPTION_RANGE' : 'ERR_MILLRACE_OPTION_TYPE',
    `${CALLER}: option '${option}' must be ${WANTED[option]!}, not ${showValue(given)}`,
    { option, value: given },
  );
}

function notLoaded({ problem, reason }: HandlerProblem, name: NativeName): NativeError {
  const what =
    problem === 'symbol'
      ? `there is no handler '${name.symbol}' in ${name.library}`
      : `cannot use ${name.library}`;
  return new NativeError(CODES[problem], `${CALLER}: ${what}: ${reason}`, name);
}
