// decompression-options.ts: the option `decompression` of createServer(), checked.

import { checkNumber, readOptions, type NumberRule } from './option-reader.js';

/** How far request bodies with `Content-Encoding: gzip` are decompressed. */
export interface DecompressionOptions {
  /**
   * How many bytes may come of one compressed byte, once more than 64 KiB have come: beyond it a body is a bomb, 413.
   * The files of this package are at 2 to 4, a log whose lines differ in a number at 32; gzip can do 1,032.
   * @remarks 1–1100. `limits.bodyBytes` counts as well, for the compressed and for the decompressed body.
   * @defaultValue 100
   */
  ratio?: number | undefined;
}

/** Checked and complete. */
export interface DecompressionConfig {
  readonly enabled: boolean;
  readonly ratio: number;
}

const CALLER = 'createServer()';
const RATIO = { min: 1, max: 1100, preset: 100, unit: 'bytes a byte' } as const satisfies NumberRule;

/**
 * Checks the option `decompression`: true, false or an object.
 * @throws {@link OptionError}
 */
export function parseDecompression(value: unknown): DecompressionConfig {
  const isFlag = typeof value === 'boolean' || value === undefined;
  const scope = {
    caller: CALLER,
    group: 'decompression',
    names: ['ratio'],
    allNames: ['decompression.ratio'],
    mayBeFlag: true,
  } as const;
  const given = readOptions(scope, isFlag ? undefined : value);
  return Object.freeze({
    enabled: value !== undefined && value !== false,
    ratio: given.has('ratio')
      ? checkNumber(CALLER, 'decompression.ratio', RATIO, given.get('ratio'))
      : RATIO.preset,
  });
}
