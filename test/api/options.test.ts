import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { SHARE_ENV } from 'node:worker_threads';

import { OptionError } from '#lib/errors.js';
import { OPTION_RULES, parseRouteOptions, parseServerOptions } from '#lib/options.js';

const RULES = Object.entries(OPTION_RULES);

/** `{ limits: { bodyBytes: value } }` for `limits.bodyBytes`. */
function optionsWith(option: string, value: unknown): Record<string, unknown> {
  const [group, name] = option.split('.');
  if (group === 'threads') return { threads: value, app: 'app.js' };
  return name === undefined ? { [String(group)]: value } : { [String(group)]: { [name]: value } };
}

/** The value of `limits.bodyBytes` in a configuration. */
function valueIn(config: object, option: string): unknown {
  return option.split('.').reduce<unknown>((value, name) => Reflect.get(value as object, name), config);
}

function errorOf(run: () => unknown): OptionError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof OptionError, String(error));
    return error;
  }
  return assert.fail('no error was thrown');
}

test('without options all values are the documented defaults', () => {
  const expected = {
    reactors: 1,
    workers: 4,
    threads: 0,
    app: undefined,
    worker: {},
    sticky: false,
    replaceStalled: false,
    compression: {
      enabled: false,
      level: 6,
      threshold: 1024,
      types: [
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
      ],
    },
    decompression: { enabled: false, ratio: 100 },
    accessLog: { enabled: false, fd: 1, format: 'combined' },
    limits: {
      connections: 65_536,
      connectionPolicy: 'refuse',
      bufferedBytes: 268_435_456,
      requestLineBytes: 8192,
      headerBytes: 16_384,
      headerCount: 100,
      bodyBytes: 1_048_576,
      pipelineDepth: 64,
      unsentBytes: 1_048_576,
      minBytesPerSecond: 240,
      queue: 4096,
      workerQueue: 4096,
    },
    timeouts: {
      headerMs: 10_000,
      bodyMs: 30_000,
      keepAliveMs: 65_000,
      handlerMs: 0,
      writeMs: 30_000,
      queueMs: 0,
      drainIdleMs: 1000,
      stallMs: 5000,
      replaceStalled: false,
    },
  };
  assert.deepEqual(parseServerOptions(), expected);
  assert.deepEqual(parseServerOptions({}), expected);
  assert.deepEqual(parseServerOptions({ reactors: undefined, limits: undefined, timeouts: {} }), expected);
  assert.deepEqual(parseServerOptions({ limits: { bodyBytes: undefined } }), expected);
});

test('a configuration is frozen at every level, and is nobody else’s object', () => {
  const limits = { bodyBytes: 5 };
  const config = parseServerOptions({ limits });
  limits.bodyBytes = 6;
  assert.equal(config.limits.bodyBytes, 5);
  for (const part of [config, config.limits, config.timeouts, config.compression])
    assert.ok(Object.isFrozen(part));
});

for (const [option, { min, max, preset }] of RULES) {
  test(`${option} takes the integers from ${String(min)} to ${String(max)}`, () => {
    for (const value of [min, max, preset]) {
      assert.equal(valueIn(parseServerOptions(optionsWith(option, value)), option), value);
    }
    for (const value of [min - 1, max + 1, min + 0.5, NaN, Infinity, -Infinity]) {
      const error = errorOf(() => parseServerOptions(optionsWith(option, value)));
      assert.equal(error.code, 'ERR_MILLRACE_OPTION_RANGE');
      assert.equal(error.option, option);
      assert.equal(error.value, value);
      for (const part of [`'${option}'`, String(min), String(max), `not ${String(value)}`]) {
        assert.ok(error.message.includes(part), `${error.message} has ${part}`);
      }
    }
  });

  test(`${option} takes nothing but numbers`, () => {
    for (const value of [
      '10',
      '',
      null,
      true,
      10n,
      [10],
      {},
      () => 10,
      Symbol('10'),
      new Number(10),
      new Date(10),
    ]) {
      const error = errorOf(() => parseServerOptions(optionsWith(option, value)));
      assert.equal(error.code, 'ERR_MILLRACE_OPTION_TYPE');
      assert.equal(error.option, option);
    }
  });
}

test('the documentation of each option gives the range and the default of the table', () => {
  const source = readFileSync(new URL('../lib/options.ts', import.meta.resolve('#lib/options.js')), 'utf8');
  for (const [option, { min, max, preset }] of RULES) {
    const name = option.slice(option.indexOf('.') + 1);
    const [, comment = ''] =
      new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*${name}\\?: number`).exec(source) ?? [];
    assert.match(comment, new RegExp(`@remarks [^@]*\\b${String(min)}–${String(max)}\\b`), option);
    assert.match(comment, new RegExp(`@defaultValue ${String(preset)}\\b`), option);
  }
});

test('limits.connectionPolicy takes its two words and nothing else', () => {
  for (const policy of ['refuse', 'wait'] as const) {
    assert.equal(
      parseServerOptions({ limits: { connectionPolicy: policy } }).limits.connectionPolicy,
      policy,
    );
  }
  for (const [value, code] of [
    ['Wait', 'ERR_MILLRACE_OPTION_RANGE'],
    ['', 'ERR_MILLRACE_OPTION_RANGE'],
    [true, 'ERR_MILLRACE_OPTION_TYPE'],
    [null, 'ERR_MILLRACE_OPTION_TYPE'],
    [['wait'], 'ERR_MILLRACE_OPTION_TYPE'],
  ] as const) {
    const error = errorOf(() => parseServerOptions({ limits: { connectionPolicy: value } }));
    assert.equal(error.code, code);
    assert.equal(error.option, 'limits.connectionPolicy');
    assert.ok(error.message.includes("must be 'refuse' or 'wait', not "), error.message);
  }
});

test('minus zero counts as zero', () => {
  assert.ok(Object.is(parseServerOptions({ timeouts: { handlerMs: -0 } }).timeouts.handlerMs, 0));
});

test('a number in quotes is refused with what to write', () => {
  const error = errorOf(() => parseServerOptions({ reactors: '10' }));
  assert.match(error.message, /write 10 without quotes, or convert it with Number\(\)/);
});

const NEAR_MISSES: readonly { given: object; option: string; suggestion: string }[] = [
  { given: { limit: {} }, option: 'limit', suggestion: 'limits' },
  { given: { timeout: 5 }, option: 'timeout', suggestion: 'timeouts' },
  { given: { reactor: 2 }, option: 'reactor', suggestion: 'reactors' },
  { given: { Reactors: 2 }, option: 'Reactors', suggestion: 'reactors' },
  {
    given: { limits: { connectionPolciy: 'wait' } },
    option: 'limits.connectionPolciy',
    suggestion: 'limits.connectionPolicy',
  },
  {
    given: { connectionPolicy: 'wait' },
    option: 'connectionPolicy',
    suggestion: 'limits.connectionPolicy',
  },
  { given: { timeouts: { drainIdle: 1 } }, option: 'timeouts.drainIdle', suggestion: 'timeouts.drainIdleMs' },
  { given: { drainIdleMs: 1 }, option: 'drainIdleMs', suggestion: 'timeouts.drainIdleMs' },
  { given: { bodyBytes: 1 }, option: 'bodyBytes', suggestion: 'limits.bodyBytes' },
  { given: { bodyBtyes: 1 }, option: 'bodyBtyes', suggestion: 'limits.bodyBytes' },
  { given: { headerMs: 1 }, option: 'headerMs', suggestion: 'timeouts.headerMs' },
  { given: { 'limits.bodyBytes': 1 }, option: 'limits.bodyBytes', suggestion: 'limits.bodyBytes' },
  { given: { limits: { bodyByte: 1 } }, option: 'limits.bodyByte', suggestion: 'limits.bodyBytes' },
  { given: { limits: { body_bytes: 1 } }, option: 'limits.body_bytes', suggestion: 'limits.bodyBytes' },
  { given: { limits: { bodySize: 1 } }, option: 'limits.bodySize', suggestion: 'limits.bodyBytes' },
  { given: { limits: { headerMs: 1 } }, option: 'limits.headerMs', suggestion: 'timeouts.headerMs' },
  { given: { timeouts: { header: 1 } }, option: 'timeouts.header', suggestion: 'timeouts.headerMs' },
  { given: { timeouts: { bodyBytes: 1 } }, option: 'timeouts.bodyBytes', suggestion: 'limits.bodyBytes' },
  { given: { maxConnections: 1 }, option: 'maxConnections', suggestion: 'limits.connections' },
  { given: { maxHeaderSize: 1 }, option: 'maxHeaderSize', suggestion: 'limits.headerBytes' },
  { given: { headersTimeout: 1 }, option: 'headersTimeout', suggestion: 'timeouts.headerMs' },
  { given: { keepAliveTimeout: 1 }, option: 'keepAliveTimeout', suggestion: 'timeouts.keepAliveMs' },
  { given: { idleTimeoutMs: 1 }, option: 'idleTimeoutMs', suggestion: 'timeouts.keepAliveMs' },
  { given: { timeouts: { idleMs: 1 } }, option: 'timeouts.idleMs', suggestion: 'timeouts.keepAliveMs' },
];

for (const { given, option, suggestion } of NEAR_MISSES) {
  test(`the unknown option ${JSON.stringify(given)} is refused with a hint at ${suggestion}`, () => {
    const error = errorOf(() => parseServerOptions(given));
    assert.equal(error.code, 'ERR_MILLRACE_OPTION_UNKNOWN');
    assert.equal(error.option, option);
    assert.equal(error.suggestion, suggestion);
    assert.ok(error.message.includes(`unknown option '${option}'`), error.message);
    assert.ok(error.message.includes(`did you mean '${suggestion}'`), error.message);
  });
}

test('a right name in the wrong place is refused with how to write it', () => {
  const error = errorOf(() => parseServerOptions({ bodyBytes: 1 }));
  assert.match(error.message, /written limits: \{ bodyBytes: … \}\?$/);
});

for (const option of ['port', 'host', 'reusePort']) {
  test(`the option '${option}', which listen() has, is refused with where it belongs`, () => {
    const error = errorOf(() => parseServerOptions({ [option]: 1 }));
    assert.equal(error.code, 'ERR_MILLRACE_OPTION_UNKNOWN');
    assert.match(
      error.message,
      new RegExp(`unknown option '${option}' \\(1\\); it is an option of listen\\(\\)$`),
    );
  });
}

const UNLIKE: readonly object[] = [
  { views: 4 },
  { tls: {} },
  { timeouts: { views: true } },
  { ['x'.repeat(100_000)]: 1 },
  JSON.parse('{"__proto__": 1}') as object,
  { constructor: 1 },
  { toString: 1 },
  { [Symbol('reactors')]: 1 },
];

for (const given of UNLIKE) {
  const [name] = Reflect.ownKeys(given);
  test(`an unknown option like no other is refused with the list of options: ${String(name).slice(0, 20)}`, () => {
    const error = errorOf(() => parseServerOptions(given));
    assert.equal(error.code, 'ERR_MILLRACE_OPTION_UNKNOWN');
    assert.equal(error.suggestion, undefined);
    assert.match(error.message, /the options (?:of '\w+' )?are \w+, \w+, \w+/);
    assert.ok(error.message.length < 400, 'and the message stays short');
  });
}

test('an unknown option is refused even if its value is undefined', () => {
  assert.equal(
    errorOf(() => parseServerOptions({ reactorz: undefined })).code,
    'ERR_MILLRACE_OPTION_UNKNOWN',
  );
});

test('names and values are shown without what could garble a terminal, and shortened', () => {
  const name = errorOf(() => parseServerOptions({ '\u001b[31m\r\n\u202e': 1 }));
  const value = errorOf(() => parseServerOptions({ reactors: '\u001b[31m\n😀' + 'x'.repeat(1000) }));
  for (const { message } of [name, value]) assert.match(message, /^[\x20-\x7e…]{1,300}$/);
});

class Settings {
  readonly #reactors = 4;
  get reactors(): number {
    return this.#reactors;
  }
}

const NOT_OBJECTS: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['an array', []],
  ['a string', 'limits'],
  ['a number', 8080],
  ['a function', () => ({})],
  ['a Map', new Map([['reactors', 2]])],
  ['a promise that nobody awaited', Promise.resolve({ reactors: 2 })],
  ['an instance of a class, whose getters would be overlooked', new Settings()],
  ['an object that inherits options', Object.create({ reactors: 2 })],
];

for (const [what, value] of NOT_OBJECTS) {
  test(`options that are ${what} are refused, at the top and in a group`, () => {
    assert.equal(errorOf(() => parseServerOptions(value)).code, 'ERR_MILLRACE_OPTION_TYPE');
    const error = errorOf(() => parseServerOptions({ limits: value }));
    assert.equal(error.code, 'ERR_MILLRACE_OPTION_TYPE');
    assert.equal(error.option, 'limits');
  });
}

test('objects without prototype and from other realms are options like any others', () => {
  const bare = Object.assign(Object.create(null) as object, { reactors: 2 });
  const foreign: unknown = runInContext('({ limits: { queue: 2 } })', createContext());
  assert.equal(parseServerOptions(bare).reactors, 2);
  assert.equal(parseServerOptions(foreign).limits.queue, 2);
});

test('a polluted Object.prototype configures nothing', () => {
  const prototype = Object.prototype as Record<string, unknown>;
  prototype['reactors'] = 64;
  try {
    assert.equal(parseServerOptions({}).reactors, 1);
  } finally {
    delete prototype['reactors'];
  }
});

test('a getter that throws becomes an OptionError with its error as the cause', () => {
  const cause = new Error('no');
  const throwing = {
    get bodyBytes(): number {
      throw cause;
    },
  };
  const error = errorOf(() => parseServerOptions({ limits: throwing }));
  assert.equal(error.code, 'ERR_MILLRACE_OPTION_TYPE');
  assert.equal(error.option, 'limits.bodyBytes');
  assert.equal(error.cause, cause);
});

test('a proxy that throws, also a revoked one, becomes an OptionError', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const given of [proxy, { limits: proxy }, { reactors: proxy }, { unknown: proxy }]) {
    errorOf(() => parseServerOptions(given));
  }
});

test('each option is read once', () => {
  let reads = 0;
  const counting = {
    get reactors(): number {
      reads++;
      return reads;
    },
  };
  assert.equal(parseServerOptions(counting).reactors, 1);
  assert.equal(reads, 1);
});

test('a route has its own bodyBytes and handlerMs, or the server’s', () => {
  assert.deepEqual(parseRouteOptions(), { bodyBytes: undefined, handlerMs: undefined });
  assert.deepEqual(parseRouteOptions({ bodyBytes: 0 }), { bodyBytes: 0, handlerMs: undefined });
  assert.deepEqual(parseRouteOptions({ handlerMs: 5 }), { bodyBytes: undefined, handlerMs: 5 });
});

test('options of a route are checked like those of the server', () => {
  assert.equal(errorOf(() => parseRouteOptions({ bodyBytes: -1 })).code, 'ERR_MILLRACE_OPTION_RANGE');
  assert.equal(errorOf(() => parseRouteOptions({ handlerMs: '5' })).code, 'ERR_MILLRACE_OPTION_TYPE');
  assert.equal(errorOf(() => parseRouteOptions({ handlerMS: 5 })).suggestion, 'handlerMs');
  assert.equal(errorOf(() => parseRouteOptions(null)).code, 'ERR_MILLRACE_OPTION_TYPE');
});

test('sticky is true or false', () => {
  assert.equal(parseServerOptions({ sticky: true }).sticky, true);
  const error = errorOf(() => parseServerOptions({ sticky: 'yes' }));
  assert.deepEqual([error.code, error.option], ['ERR_MILLRACE_OPTION_TYPE', 'sticky']);
});

test('replaceStalled counts in both places', () => {
  for (const [given, top, inTimeouts] of [
    [{ replaceStalled: true }, true, false],
    [{ timeouts: { replaceStalled: true } }, true, true],
    [{ replaceStalled: false, timeouts: { replaceStalled: true } }, true, true],
    [{ replaceStalled: false }, false, false],
  ] as const) {
    const config = parseServerOptions(given);
    assert.deepEqual([config.replaceStalled, config.timeouts.replaceStalled], [top, inTimeouts]);
  }
  for (const given of [{ replaceStalled: 1 }, { timeouts: { replaceStalled: 'true' } }]) {
    assert.equal(errorOf(() => parseServerOptions(given)).code, 'ERR_MILLRACE_OPTION_TYPE');
  }
});

test('threads without an app are a conflict', () => {
  const error = errorOf(() => parseServerOptions({ threads: 4 }));
  assert.deepEqual([error.code, error.option, error.value], ['ERR_MILLRACE_OPTION_CONFLICT', 'threads', 4]);
  assert.match(error.message, /needs 'app'/);
});

test('an app is a file: URL, or a path from the working directory', () => {
  const url = new URL('./app.js', `file://${process.cwd()}/`).href;
  for (const app of [url, new URL(url), 'app.js', './app.js', new URL(url).pathname]) {
    assert.equal(parseServerOptions({ app }).app, url);
  }
  for (const [app, code] of [
    ['', 'ERR_MILLRACE_OPTION_TYPE'],
    [1, 'ERR_MILLRACE_OPTION_TYPE'],
    [null, 'ERR_MILLRACE_OPTION_TYPE'],
    [() => undefined, 'ERR_MILLRACE_OPTION_TYPE'],
    [new URL('https://example.org/app.js'), 'ERR_MILLRACE_OPTION_RANGE'],
  ] as const) {
    const error = errorOf(() => parseServerOptions({ app }));
    assert.deepEqual([error.code, error.option], [code, 'app']);
  }
});

const FOR_WORKERS: readonly { option: string; right: readonly unknown[]; wrong: readonly unknown[] }[] = [
  { option: 'workerData', right: [null, 0, '', { a: 1 }], wrong: [] },
  { option: 'env', right: [{}, { A: 'b' }, SHARE_ENV], wrong: [null, 'A=b', 1, Symbol('other')] },
  { option: 'execArgv', right: [[], ['--no-warnings']], wrong: [null, '--no-warnings', [1], {}] },
  {
    option: 'resourceLimits',
    right: [{}, { maxOldGenerationSizeMb: 64 }],
    wrong: [null, 64, [], { maxOldGenerationSizeMb: '64' }, { stackSizeMb: NaN }],
  },
];

for (const { option, right, wrong } of FOR_WORKERS) {
  test(`${option} goes to the handler threads as it is, and needs some`, () => {
    for (const value of right) {
      const { worker } = parseServerOptions({ threads: 1, app: 'app.js', [option]: value });
      assert.deepEqual(worker, { [option]: value });
      for (const given of [{ [option]: value }, { app: 'app.js', threads: 0, [option]: value }]) {
        const error = errorOf(() => parseServerOptions(given));
        assert.deepEqual([error.code, error.option], ['ERR_MILLRACE_OPTION_CONFLICT', option]);
      }
    }
    for (const value of wrong) {
      const error = errorOf(() => parseServerOptions({ threads: 1, app: 'app.js', [option]: value }));
      assert.deepEqual([error.code, error.option], ['ERR_MILLRACE_OPTION_TYPE', option]);
    }
  });
}
