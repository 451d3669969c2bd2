// compression-options.ts: the option `compression` of createServer(), checked.

import { OptionError } from './errors.js';
import { checkNumber, readOptions, type NumberRule } from './option-reader.js';
import { showValue } from './show-value.js';

/** How answers are compressed, with gzip. */
export interface CompressionOptions {
  /**
   * 1 is quick, 9 is small.
   * @remarks 1–9.
   * @defaultValue 6
   */
  level?: number | undefined;
  /**
   * Shorter bodies are sent as they are.
   * @remarks Bytes, 0–1073741824.
   * @defaultValue 1024
   */
  threshold?: number | undefined;
  /**
   * Media types of what is compressed, in place of the ones that are: `'application/json'`, `'text/*'`, `'*+xml'`.
   * `text/event-stream` only where it is named in full: each of its streams then holds some memory.
   * @defaultValue text, JSON, XML, JavaScript, SVG, WebAssembly, and fonts that are not compressed themselves
   */
  types?: readonly string[] | undefined;
}

/** Checked and complete. */
export interface CompressionConfig {
  readonly enabled: boolean;
  readonly level: number;
  readonly threshold: number;
  readonly types: readonly string[];
}

const CALLER = 'createServer()';
const NAMES = ['level', 'threshold', 'types'];

const RULES = {
  level: { min: 1, max: 9, preset: 6, unit: '' },
  threshold: { min: 0, max: 2 ** 30, preset: 1024, unit: 'bytes' },
} as const satisfies Record<string, NumberRule>;

const TYPES = [
  'text/*',
  'application/json',
  'application/javascript',
  'application/xml',
  'application/wasm',
  'application/x-ndjson',
  '*+json',
  '*+xml',
  'font/ttf',
  'font/otf',
];

/** `type/subtype`, of which either may be a wildcard: `text/*`, `*+xml`. */
const TYPE = /^(?:[a-z0-9!#$&^_.+-]+\/(?:[a-z0-9!#$&^_.+-]+|\*)|\*\+[a-z0-9!#$&^_.-]+)$/;

/**
 * Checks the option `compression`: true, false or an object.
 * @throws {@link OptionError}
 */
export function parseCompression(value: unknown): CompressionConfig {
  const isFlag = typeof value === 'boolean' || value === undefined;
  const scope = {
    caller: CALLER,
    group: 'compression',
    names: NAMES,
    allNames: NAMES.map((name) => `compression.${name}`),
    mayBeFlag: true,
  } as const;
  const given = readOptions(scope, isFlag ? undefined : value);
  const number = (name: keyof typeof RULES): number => {
    const rule = RULES[name];
    return given.has(name) ? checkNumber(CALLER, `compression.${name}`, rule, given.get(name)) : rule.preset;
  };
  return Object.freeze({
    enabled: value !== undefined && value !== false,
    level: number('level'),
    threshold: number('threshold'),
    types: given.has('types') ? checkTypes(given.get('types')) : TYPES,
  });
}

function checkTypes(value: unknown): readonly string[] {
  const types: readonly unknown[] = Array.isArray(value) ? value : [value];
  return types.map((type) => {
    const lower = typeof type === 'string' ? type.toLowerCase() : '';
    if (TYPE.test(lower)) return lower;
    throw new OptionError(
      typeof type === 'string' ? 'ERR_MILLRACE_OPTION_RANGE' : 'ERR_MILLRACE_OPTION_TYPE',
      `${CALLER}: option 'compression.types' must be media types such as 'application/json', 'text/*' or '*+xml', ` +
        `not ${showValue(type)}`,
      { option: 'compression.types', value },
    );
  });
}
