// The options `compression` and `decompression`, as they are given.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { OptionError } from 'millrace';

import { parseCompression } from '#lib/compression-options.js';
import { parseServerOptions } from '#lib/options.js';

test('true is what an empty object is, false what is not given', () => {
  const { compression } = parseServerOptions({ compression: true });
  assert.equal(compression.enabled, true);
  assert.deepEqual(parseServerOptions({ compression: {} }).compression, compression);
  assert.deepEqual(
    parseServerOptions({ compression: { level: undefined, types: undefined } }).compression,
    compression,
  );
  for (const off of [false, undefined]) {
    assert.deepEqual(parseServerOptions({ compression: off }).compression, {
      ...compression,
      enabled: false,
    });
  }
});

test('what is neither true, false nor an object is told all three', () => {
  for (const [name, wrong] of [
    ['compression', 'gzip'],
    ['decompression', 1],
    ['accessLog', 'json'],
  ] as const) {
    assert.throws(
      () => parseServerOptions({ [name]: wrong }),
      (error: OptionError) =>
        error.code === 'ERR_MILLRACE_OPTION_TYPE' &&
        error.message.includes(`option '${name}' must be true, false or a plain object, not `),
    );
  }
});

test('what is given takes the place of the default, and types are compared in lower case', () => {
  assert.deepEqual(
    parseCompression({ level: 1, threshold: 0, types: ['Text/HTML', 'application/*', '*+JSON'] }),
    {
      enabled: true,
      level: 1,
      threshold: 0,
      types: ['text/html', 'application/*', '*+json'],
    },
  );
  for (const [name, ends] of [
    ['level', [1, 9]],
    ['threshold', [0, 2 ** 30]],
  ] as const)
    for (const value of ends) assert.equal(parseCompression({ [name]: value })[name], value);
});

const WRONG: readonly (readonly [compression: unknown, code: string, option: string])[] = [
  [null, 'TYPE', 'compression'],
  [1, 'TYPE', 'compression'],
  ['gzip', 'TYPE', 'compression'],
  [[], 'TYPE', 'compression'],
  [{ level: 0 }, 'RANGE', 'compression.level'],
  [{ level: 10 }, 'RANGE', 'compression.level'],
  [{ level: 1.5 }, 'RANGE', 'compression.level'],
  [{ level: '6' }, 'TYPE', 'compression.level'],
  [{ level: null }, 'TYPE', 'compression.level'],
  [{ threshold: -1 }, 'RANGE', 'compression.threshold'],
  [{ threshold: 2 ** 30 + 1 }, 'RANGE', 'compression.threshold'],
  [{ threshold: '1kb' }, 'TYPE', 'compression.threshold'],
  [{ types: 5 }, 'TYPE', 'compression.types'],
  [{ types: [5] }, 'TYPE', 'compression.types'],
  [{ types: ['text'] }, 'RANGE', 'compression.types'],
  [{ types: ['*'] }, 'RANGE', 'compression.types'],
  [{ types: ['*/*'] }, 'RANGE', 'compression.types'],
  [{ types: ['text/html; charset=utf-8'] }, 'RANGE', 'compression.types'],
  [{ types: ['te xt/html'] }, 'RANGE', 'compression.types'],
  [{ types: ['application/*+json'] }, 'RANGE', 'compression.types'],
  [{ types: [''] }, 'RANGE', 'compression.types'],
  [{ filter: () => true }, 'UNKNOWN', 'compression.filter'],
  [{ threshhold: 5 }, 'UNKNOWN', 'compression.threshhold'],
];

for (const [compression, code, option] of WRONG) {
  test(`compression: ${JSON.stringify(compression)} is refused (${code})`, () => {
    assert.throws(
      () => parseServerOptions({ compression: compression as never }),
      (error: OptionError) => {
        assert.deepEqual(
          [error.name, error.code, error.option],
          ['OptionError', `ERR_MILLRACE_OPTION_${code}`, option],
        );
        assert.ok(error.message.includes('createServer()'), error.message);
        if (option === 'compression.threshhold') assert.equal(error.suggestion, 'compression.threshold');
        return true;
      },
    );
  });
}

test('decompression: true is what an empty object is, false what is not given', () => {
  for (const given of [true, {}, { ratio: undefined }]) {
    assert.deepEqual(parseServerOptions({ decompression: given }).decompression, {
      enabled: true,
      ratio: 100,
    });
  }
  for (const off of [false, undefined]) {
    assert.equal(parseServerOptions({ decompression: off }).decompression.enabled, false);
  }
  for (const ratio of [1, 1100]) {
    assert.equal(parseServerOptions({ decompression: { ratio } }).decompression.ratio, ratio);
  }
});

const WRONG_DECOMPRESSION: readonly (readonly [decompression: unknown, code: string, option: string])[] = [
  [null, 'TYPE', 'decompression'],
  ['gzip', 'TYPE', 'decompression'],
  [{ ratio: 0 }, 'RANGE', 'decompression.ratio'],
  [{ ratio: 1101 }, 'RANGE', 'decompression.ratio'],
  [{ ratio: 1.5 }, 'RANGE', 'decompression.ratio'],
  [{ ratio: '5' }, 'TYPE', 'decompression.ratio'],
  [{ maxRatio: 5 }, 'UNKNOWN', 'decompression.maxRatio'],
];

for (const [decompression, code, option] of WRONG_DECOMPRESSION) {
  test(`decompression: ${JSON.stringify(decompression)} is refused (${code})`, () => {
    assert.throws(() => parseServerOptions({ decompression: decompression as never }), {
      name: 'OptionError',
      code: `ERR_MILLRACE_OPTION_${code}`,
      option,
    });
  });
}
