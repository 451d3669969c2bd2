// access-log-options.ts: the option `accessLog` of createServer(), checked.

import { checkChoice, checkNumber, readOptions, type ChoiceRule, type NumberRule } from './option-reader.js';

/** How a line of the access log looks. */
export type AccessLogFormat = 'combined' | 'common' | 'short' | 'json';

/** Where lines about requests are written, and how they look. */
export interface AccessLogOptions {
  /**
   * The descriptor that they are written to. It is duplicated: the number stays its owner's.
   * @remarks 0–2147483647.
   * @defaultValue 1, which is stdout
   */
  fd?: number | undefined;
  /**
   * `'combined'` and `'common'` are those of Apache and nginx, with the milliseconds at the end; `'short'` is for people,
   * `'json'` an object a line.
   * @defaultValue `'combined'`
   */
  format?: AccessLogFormat | undefined;
}

/** Checked and complete. */
export interface AccessLogConfig {
  readonly enabled: boolean;
  readonly fd: number;
  readonly format: string;
}

const CALLER = 'createServer()';
const NAMES = ['fd', 'format'];
const STDOUT = 1;
const FD: NumberRule = { min: 0, max: 2 ** 31 - 1, preset: STDOUT, unit: '' };
const FORMAT: ChoiceRule = { choices: ['combined', 'common', 'short', 'json'], preset: 'combined' };

/**
 * Checks the option `accessLog`: true, false or an object.
 * @throws {@link OptionError}
 */
export function parseAccessLog(value: unknown): AccessLogConfig {
  const isFlag = typeof value === 'boolean' || value === undefined;
  const allNames = NAMES.map((name) => `accessLog.${name}`);
  const scope = { caller: CALLER, group: 'accessLog', names: NAMES, allNames, mayBeFlag: true } as const;
  const given = readOptions(scope, isFlag ? undefined : value);
  return Object.freeze({
    enabled: value !== undefined && value !== false,
    fd: given.has('fd') ? checkNumber(CALLER, 'accessLog.fd', FD, given.get('fd')) : FD.preset,
    format: given.has('format')
      ? checkChoice(CALLER, 'accessLog.format', FORMAT, given.get('format'))
      : FORMAT.preset,
  });
}
