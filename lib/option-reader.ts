// option-reader.ts: takes an options object apart, so that nothing in it is ignored and nothing of it is read twice.

import { OptionError } from './errors.js';
import { nearestName } from './near-miss.js';
import { escapeText, showValue } from './show-value.js';

/** What a numeric option may be: an integer from `min` to `max`; `preset` where none is given. */
export interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly preset: number;
  /** Plural noun for messages; empty for plain counts. */
  readonly unit: string;
}

/** What an option may be that is one of a few words; `preset` where none is given. */
export interface ChoiceRule {
  readonly choices: readonly string[];
  readonly preset: string;
}

/** Where options are being read. */
export interface OptionScope {
  /** The function they were passed to, for messages: `createServer()`. */
  readonly caller: string;
  /** Name of the option that holds them, `limits`; empty at the top. */
  readonly group: string;
  /** The names that are right here. */
  readonly names: readonly string[];
  /** Full names of all options of the caller: where hints come from. */
  readonly allNames: readonly string[];
  /** Options of another function, which they are taken for those of: nobody means one that is like them. */
  readonly others?: { readonly caller: string; readonly names: readonly string[] };
  /** Whoever reads them takes true and false in their place, so those would have been right, too. */
  readonly mayBeFlag?: true;
}

/** Full name of an option, safe to print: `limits.bodyBytes`. */
function optionName(scope: OptionScope, key: string | symbol): string {
  const name = typeof key === 'string' ? escapeText(key) : '[symbol]';
  return scope.group === '' ? name : `${scope.group}.${name}`;
}

/**
 * Reads every own property of an options object, once.
 *
 * An option that is undefined counts as not given, as everywhere in JavaScript. Inherited properties do not count:
 * a polluted `Object.prototype` must not configure a server.
 * @throws {@link OptionError} if it is not a plain object, has an unknown name, or a getter throws.
 */
export function readOptions(scope: OptionScope, options: unknown): ReadonlyMap<string, unknown> {
  const given = new Map<string, unknown>();
  if (options === undefined) return given;
  for (const key of keysOf(scope, options)) {
    const value = readProperty(scope, options as object, key);
    if (typeof key === 'symbol' || !scope.names.includes(key)) throw unknownOption(scope, key, value);
    if (value !== undefined) given.set(key, value);
  }
  return given;
}

/**
 * Checks a numeric option.
 * @throws {@link OptionError} `ERR_MILLRACE_OPTION_TYPE` or `ERR_MILLRACE_OPTION_RANGE`
 */
export function checkNumber(caller: string, option: string, rule: NumberRule, value: unknown): number {
  const { min, max, unit } = rule;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value + 0; // turns -0 into 0
  }
  const wanted = `an integer from ${String(min)} to ${String(max)}${unit === '' ? '' : ` (${unit})`}`;
  const isNumeral = typeof value === 'string' && /^\d{1,15}$/.test(value);
  const hint = isNumeral ? `: write ${value} without quotes, or convert it with Number()` : '';
  throw new OptionError(
    typeof value === 'number' ? 'ERR_MILLRACE_OPTION_RANGE' : 'ERR_MILLRACE_OPTION_TYPE',
    `${caller}: option '${option}' must be ${wanted}, not ${showValue(value)}${hint}`,
    { option, value },
  );
}

/**
 * Checks an option that is one of a few words.
 * @throws {@link OptionError} `ERR_MILLRACE_OPTION_TYPE` or `ERR_MILLRACE_OPTION_RANGE`
 */
export function checkChoice(caller: string, option: string, rule: ChoiceRule, value: unknown): string {
  const chosen = rule.choices.find((choice) => choice === value);
  if (chosen !== undefined) return chosen;
  throw new OptionError(
    typeof value === 'string' ? 'ERR_MILLRACE_OPTION_RANGE' : 'ERR_MILLRACE_OPTION_TYPE',
    `${caller}: option '${option}' must be ${rule.choices.map((choice) => `'${choice}'`).join(' or ')}, ` +
      `not ${showValue(value)}`,
    { option, value },
  );
}

/**
 * Checks an option that is true or false.
 * @throws {@link OptionError} `ERR_MILLRACE_OPTION_TYPE`
 */
export function checkFlag(caller: string, option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new OptionError(
    'ERR_MILLRACE_OPTION_TYPE',
    `${caller}: option '${option}' must be true or false, not ${showValue(value)}`,
    { option, value },
  );
}

/**
 * True for what `{…}`, `JSON.parse`, `Object.create(null)` and module namespaces give, in this realm and others (test
 * runners make their own). Not for a Map, a Promise that nobody awaited or a class with getters, whose
 * settings would be overlooked in silence.
 */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** All own keys, hidden ones and symbols too: whatever somebody took the trouble to set must mean something. */
function keysOf(scope: OptionScope, options: unknown): readonly (string | symbol)[] {
  const option = scope.group === '' ? 'options' : scope.group;
  try {
    if (isPlainObject(options)) return Reflect.ownKeys(options);
  } catch (cause) {
    throw unreadable(scope, option, options, cause); // a proxy
  }
  throw new OptionError(
    'ERR_MILLRACE_OPTION_TYPE',
    `${scope.caller}: ${scope.group === '' ? 'options' : `option '${option}'`} must be ` +
      `${scope.mayBeFlag === true ? 'true, false or ' : ''}a plain object, ` +
      `not ${showValue(options)}`,
    { option, value: options },
  );
}

function readProperty(scope: OptionScope, options: object, key: string | symbol): unknown {
  try {
    return Reflect.get(options, key);
  } catch (cause) {
    throw unreadable(scope, optionName(scope, key), undefined, cause); // a getter
  }
}

function unreadable(scope: OptionScope, option: string, value: unknown, cause: unknown): OptionError {
  return new OptionError('ERR_MILLRACE_OPTION_TYPE', `${scope.caller}: reading '${option}' threw`, {
    option,
    value,
    cause,
  });
}

function unknownOption(scope: OptionScope, key: string | symbol, value: unknown): OptionError {
  const option = optionName(scope, key);
  if (scope.others?.names.includes(option) === true) {
    return new OptionError(
      'ERR_MILLRACE_OPTION_UNKNOWN',
      `${scope.caller}: unknown option '${option}' (${showValue(value)}); it is an option of ${scope.others.caller}`,
      { option, value },
    );
  }
  const suggestion = nearestName(option, scope.allNames);
  return new OptionError(
    'ERR_MILLRACE_OPTION_UNKNOWN',
    `${scope.caller}: unknown option '${option}' (${showValue(value)}); ${hintFor(scope, option, suggestion)}`,
    { option, value, suggestion },
  );
}

function hintFor(scope: OptionScope, option: string, suggestion: string | undefined): string {
  if (suggestion === undefined) {
    return `the options ${scope.group === '' ? '' : `of '${scope.group}' `}are ${scope.names.join(', ')}`;
  }
  const [group, leaf] = suggestion.split('.');
  // `limits.bodyBytes` at the top: the right name in the wrong place needs more than its name.
  const elsewhere = leaf !== undefined && (group !== scope.group || suggestion === option);
  return `did you mean '${suggestion}'${elsewhere ? `, written ${String(group)}: { ${leaf}: … }` : ''}?`;
}
