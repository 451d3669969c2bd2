import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import {
  AbortedError,
  BodyError,
  ERROR_CODES,
  FileError,
  InvalidHeaderError,
  ListenError,
  MillraceError,
  NativeError,
  OptionError,
  PlatformError,
  ResponseError,
  RouteError,
  StateError,
  ThreadError,
} from '#lib/errors.js';

const DOCUMENT = readFileSync(new URL('../docs/errors.md', import.meta.resolve('#lib/errors.js')), 'utf8');

/** Linux numbers (errno.h), because `os.constants.errno` lacks a few. */
const ENOENT = 2;
const EADDRINUSE = 98;

const ERRORS: readonly { error: MillraceError; name: string; code: string }[] = [
  {
    error: new OptionError('ERR_MILLRACE_OPTION_RANGE', 'm', { option: 'a', value: 1 }),
    name: 'OptionError',
    code: 'ERR_MILLRACE_OPTION_RANGE',
  },
  { error: new ListenError({ syscall: 'bind', errno: EADDRINUSE }), name: 'ListenError', code: 'EADDRINUSE' },
  {
    error: new StateError('ERR_MILLRACE_RESPONSE_ENDED'),
    name: 'StateError',
    code: 'ERR_MILLRACE_RESPONSE_ENDED',
  },
  {
    error: new ResponseError('ERR_MILLRACE_STATUS', 'm'),
    name: 'ResponseError',
    code: 'ERR_MILLRACE_STATUS',
  },
  {
    error: new InvalidHeaderError('ERR_MILLRACE_HEADER_NAME', 'a b', 'm'),
    name: 'InvalidHeaderError',
    code: 'ERR_MILLRACE_HEADER_NAME',
  },
  { error: new AbortedError(), name: 'AbortedError', code: 'ERR_MILLRACE_ABORTED' },
  { error: new BodyError('m'), name: 'BodyError', code: 'ERR_MILLRACE_BODY_JSON' },
  {
    error: new FileError('ERR_MILLRACE_FILE_MISSING', '/f'),
    name: 'FileError',
    code: 'ERR_MILLRACE_FILE_MISSING',
  },
  {
    error: new RouteError('ERR_MILLRACE_ROUTE_PATTERN', 'm'),
    name: 'RouteError',
    code: 'ERR_MILLRACE_ROUTE_PATTERN',
  },
  {
    error: new NativeError('ERR_MILLRACE_NATIVE_LOAD', 'm', { library: 'l', symbol: 's' }),
    name: 'NativeError',
    code: 'ERR_MILLRACE_NATIVE_LOAD',
  },
  {
    error: new ThreadError('ERR_MILLRACE_THREAD_START', 'm'),
    name: 'ThreadError',
    code: 'ERR_MILLRACE_THREAD_START',
  },
  { error: PlatformError.unsupported('win32', 'x64'), name: 'PlatformError', code: 'ERR_MILLRACE_PLATFORM' },
  { error: PlatformError.addonMissing(new Error('x')), name: 'PlatformError', code: 'ERR_MILLRACE_ADDON' },
];

for (const { error, name, code } of ERRORS) {
  test(`${name} ${code} has its name, its code and MillraceError as its class`, () => {
    assert.ok(error instanceof MillraceError);
    assert.equal(error.name, name);
    assert.equal(error.code, code);
    assert.match(
      String(error.stack),
      new RegExp(`^${name}: `),
      'the name also stands at the head of the stack',
    );
    assert.ok(error.message.length > 0);
  });
}

test('every code is explained in docs/errors.md under a heading of its own, and no other is', () => {
  const headings = [...DOCUMENT.matchAll(/^### `(\w+)`$/gm)].map(([, code]) => code);
  assert.deepEqual([...headings].sort(), Object.keys(ERROR_CODES).sort());
});

test('a InvalidHeaderError is a ResponseError that names the field', () => {
  const error = new InvalidHeaderError('ERR_MILLRACE_HEADER_VALUE', 'X-A', 'm');
  assert.ok(error instanceof ResponseError);
  assert.equal(error.field, 'X-A');
});

test('an OptionError keeps its value where logging does not print it', () => {
  const cause = new Error('inner');
  const details = { option: 'a', value: 'secret', suggestion: 'b', cause };
  const error = new OptionError('ERR_MILLRACE_OPTION_UNKNOWN', 'm', details);
  assert.equal(error.value, 'secret');
  assert.ok(!Object.keys(error).includes('value'));
  assert.equal(error.option, 'a');
  assert.equal(error.suggestion, 'b');
  assert.equal(error.cause, cause);
});

test('errors without a cause have no property of that name', () => {
  assert.ok(!('cause' in new OptionError('ERR_MILLRACE_OPTION_TYPE', 'm', { option: 'a', value: 1 })));
  assert.ok(!('cause' in new ListenError({ syscall: 'bind', errno: EADDRINUSE })));
});

test('a StateError says what its code means unless told better', () => {
  assert.equal(
    new StateError('ERR_MILLRACE_RESPONSE_ENDED').message,
    ERROR_CODES.ERR_MILLRACE_RESPONSE_ENDED,
  );
  assert.equal(new StateError('ERR_MILLRACE_RESPONSE_ENDED', 'x').message, 'x');
});

test('a ListenError for a taken port looks like the error of node:net', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => first.once('listening', resolve));
  const { port } = first.address() as AddressInfo;
  const second = createServer().listen(port, '127.0.0.1');
  const theirs = await new Promise<NodeJS.ErrnoException>((resolve) => second.once('error', resolve));
  first.close();

  const ours = new ListenError({ syscall: 'listen', errno: EADDRINUSE, address: '127.0.0.1', port });
  assert.equal(ours.message, theirs.message);
  const { code, errno, syscall, address } = ours;
  assert.deepEqual({ code, errno, syscall, address, port: ours.port }, { ...theirs });
  assert.equal(ours.millraceCode, 'ERR_MILLRACE_LISTEN');
});

test('a ListenError takes the error number with either sign', () => {
  assert.equal(new ListenError({ syscall: 'bind', errno: EADDRINUSE }).errno, -EADDRINUSE);
  assert.equal(new ListenError({ syscall: 'bind', errno: -EADDRINUSE }).code, 'EADDRINUSE');
});

test('a ListenError for a Unix socket names its path, and no port', () => {
  const error = new ListenError({ syscall: 'bind', errno: ENOENT, address: '/run/none/a.sock' });
  assert.equal(error.message, 'bind ENOENT: no such file or directory /run/none/a.sock');
  assert.equal(error.port, undefined);
});

test('a ListenError for an unknown host name has the code of node:dns', () => {
  const cause = new Error('getaddrinfo ENOTFOUND nowhere.invalid');
  const failure = {
    syscall: 'getaddrinfo',
    errno: -3008,
    code: 'ENOTFOUND',
    address: 'nowhere.invalid',
    cause,
  };
  const error = new ListenError(failure);
  assert.equal(error.code, 'ENOTFOUND');
  assert.equal(error.address, 'nowhere.invalid');
  assert.equal(error.cause, cause);
});

test('a ListenError has a code even for a number that Node.js does not know', () => {
  const error = new ListenError({ syscall: 'bind', errno: 3999 });
  assert.equal(error.code, 'E3999');
  assert.equal(error.message, 'bind E3999: unknown system error');
});

test('a PlatformError says in one sentence where millrace runs, and on what it was started', () => {
  assert.equal(
    PlatformError.unsupported('darwin', 'arm64').message,
    'millrace runs on Linux on x64 and arm64 only; this is darwin on arm64.',
  );
});

test('a BodyError carries the status that tells the client', () => {
  assert.equal(new BodyError('m').status, 400);
});

for (const [code, status, phrase] of [
  ['ERR_MILLRACE_FILE_MISSING', 404, 'Not Found'],
  ['ERR_MILLRACE_FILE_UNAVAILABLE', 503, 'Service Unavailable'],
  ['ERR_MILLRACE_FILE_BROKEN', 500, 'Internal Server Error'],
] as const) {
  test(`a FileError ${code} carries the path, and the status that tells the client: ${String(status)}`, () => {
    const error = new FileError(code, '/srv/a.pdf');
    assert.deepEqual([error.status, error.phrase, error.path], [status, phrase, '/srv/a.pdf']);
    assert.ok(error.message.endsWith(': /srv/a.pdf'), error.message);
  });
}
