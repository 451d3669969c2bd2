import assert from 'node:assert/strict';
import { test } from 'node:test';

import { OptionError } from '#lib/errors.js';
import { parseGraceOptions, parseListenOptions } from '#lib/listen-options.js';

const DEFAULTS = { port: 0, host: '', path: '', fd: -1, backlog: 511, reusePort: false };
const LONGEST_PATH = `/${'a'.repeat(106)}`;

const ACCEPTED: readonly { name: string; options?: unknown; config: object }[] = [
  { name: 'nothing: a TCP port that the system chooses, on all interfaces', config: {} },
  { name: 'an empty object', options: {}, config: {} },
  { name: 'a bare port number', options: 8080, config: { port: 8080 } },
  { name: 'the largest port', options: { port: 65_535 }, config: { port: 65_535 } },
  { name: 'an IPv4 address', options: { host: '127.0.0.1' }, config: { host: '127.0.0.1' } },
  { name: 'an IPv6 address', options: { host: '::1' }, config: { host: '::1' } },
  {
    name: 'an IPv6 address with a zone',
    options: { host: 'fe80::1%eth0' },
    config: { host: 'fe80::1%eth0' },
  },
  { name: 'a host name', options: { host: 'localhost' }, config: { host: 'localhost' } },
  { name: 'a path of 107 bytes', options: { path: LONGEST_PATH }, config: { path: LONGEST_PATH } },
  { name: 'a path with a backlog', options: { path: 'a', backlog: 1 }, config: { path: 'a', backlog: 1 } },
  { name: 'a descriptor', options: { fd: 3 }, config: { fd: 3 } },
  { name: 'descriptor 0, as inetd passes it', options: { fd: 0 }, config: { fd: 0 } },
  { name: 'reusePort', options: { port: 1, reusePort: true }, config: { port: 1, reusePort: true } },
  { name: 'reusePort: false beside a path', options: { path: 'a', reusePort: false }, config: { path: 'a' } },
  { name: 'options that are undefined', options: { port: 1, path: undefined }, config: { port: 1 } },
];

for (const { name, options, config } of ACCEPTED) {
  test(`listen() takes ${name}`, () => {
    const parsed = parseListenOptions(options);
    assert.deepEqual(parsed, { ...DEFAULTS, ...config });
    assert.ok(Object.isFrozen(parsed));
  });
}

const REFUSED: readonly {
  name: string;
  args: readonly unknown[];
  code: string;
  option: string;
  says: RegExp;
}[] = [
  { name: 'a callback', args: [() => 0], code: 'TYPE', option: 'options', says: /no callback: write await/ },
  {
    name: 'a port and a callback',
    args: [80, () => 0],
    code: 'TYPE',
    option: 'options',
    says: /no callback/,
  },
  {
    name: 'a port and a host',
    args: [80, '::'],
    code: 'TYPE',
    option: 'options',
    says: /one object: write .*host/,
  },
  { name: 'a port in quotes', args: ['80'], code: 'TYPE', option: 'port', says: /listen\(\{ port: 80 \}\)/ },
  { name: 'a path alone', args: ['/a'], code: 'TYPE', option: 'path', says: /listen\(\{ path: / },
  { name: 'null', args: [null], code: 'TYPE', option: 'options', says: /plain object, not null/ },
  { name: 'port: a string', args: [{ port: '80' }], code: 'TYPE', option: 'port', says: /Number\(\)/ },
  { name: 'port: 65536', args: [{ port: 65_536 }], code: 'RANGE', option: 'port', says: /from 0 to 65535/ },
  { name: 'a bare port of -1', args: [-1], code: 'RANGE', option: 'port', says: /not -1/ },
  { name: 'port: 1.5', args: [{ port: 1.5 }], code: 'RANGE', option: 'port', says: /not 1\.5/ },
  { name: 'backlog: 0', args: [{ backlog: 0 }], code: 'RANGE', option: 'backlog', says: /from 1 to 65535/ },
  { name: 'fd: -1', args: [{ fd: -1 }], code: 'RANGE', option: 'fd', says: /from 0 to 2147483647/ },
  {
    name: 'host: a number',
    args: [{ host: 1 }],
    code: 'TYPE',
    option: 'host',
    says: /must be a string, not 1/,
  },
  { name: 'host: empty', args: [{ host: '' }], code: 'RANGE', option: 'host', says: /leave it out/ },
  {
    name: 'host: with brackets',
    args: [{ host: '[::1]' }],
    code: 'RANGE',
    option: 'host',
    says: /without brackets/,
  },
  {
    name: 'host: with port',
    args: [{ host: 'a:80' }],
    code: 'RANGE',
    option: 'host',
    says: /port has its own option/,
  },
  {
    name: 'host: a URL',
    args: [{ host: 'http://a' }],
    code: 'RANGE',
    option: 'host',
    says: /host name alone/,
  },
  { name: 'host: with NUL', args: [{ host: 'a\0' }], code: 'RANGE', option: 'host', says: /'a\\x00'/ },
  { name: 'host: too long', args: [{ host: 'a'.repeat(256) }], code: 'RANGE', option: 'host', says: /255/ },
  { name: 'path: empty', args: [{ path: '' }], code: 'RANGE', option: 'path', says: /leave it out/ },
  { name: 'path: with NUL', args: [{ path: '\0a' }], code: 'RANGE', option: 'path', says: /abstract/ },
  {
    name: 'path: too long',
    args: [{ path: 'é'.repeat(54) }],
    code: 'RANGE',
    option: 'path',
    says: /it has 108/,
  },
  {
    name: 'path: a Buffer',
    args: [{ path: Buffer.from('/a') }],
    code: 'TYPE',
    option: 'path',
    says: /not an object/,
  },
  {
    name: 'reusePort: 1',
    args: [{ reusePort: 1 }],
    code: 'TYPE',
    option: 'reusePort',
    says: /true or false, not 1/,
  },
  {
    name: 'port and path',
    args: [{ port: 0, path: 'a' }],
    code: 'CONFLICT',
    option: 'port',
    says: /'path' \(the/,
  },
  { name: 'port and fd', args: [{ port: 1, fd: 3 }], code: 'CONFLICT', option: 'port', says: /has a port/ },
  {
    name: 'path and fd',
    args: [{ path: 'a', fd: 3 }],
    code: 'CONFLICT',
    option: 'path',
    says: /has an address/,
  },
  {
    name: 'host and path',
    args: [{ host: 'a', path: 'a' }],
    code: 'CONFLICT',
    option: 'host',
    says: /no host/,
  },
  { name: 'host and fd', args: [{ host: 'a', fd: 3 }], code: 'CONFLICT', option: 'host', says: /'fd' \(3\)/ },
  {
    name: 'backlog and fd',
    args: [{ backlog: 1, fd: 3 }],
    code: 'CONFLICT',
    option: 'backlog',
    says: /listens al/,
  },
  {
    name: 'reusePort and path',
    args: [{ reusePort: true, path: 'a' }],
    code: 'CONFLICT',
    option: 'reusePort',
    says: /exclude each other: SO_REUSEPORT is for TCP/,
  },
  {
    name: 'a typing mistake',
    args: [{ prot: 80 }],
    code: 'UNKNOWN',
    option: 'prot',
    says: /did you mean 'port'\?/,
  },
  {
    name: 'hostname',
    args: [{ hostname: 'a' }],
    code: 'UNKNOWN',
    option: 'hostname',
    says: /did you mean 'host'\?/,
  },
  {
    name: 'ipv6Only',
    args: [{ ipv6Only: true }],
    code: 'UNKNOWN',
    option: 'ipv6Only',
    says: /the options are port/,
  },
];

for (const { name, args, code, option, says } of REFUSED) {
  test(`listen() refuses ${name}`, () => {
    assert.throws(
      () => parseListenOptions(...args),
      (error) => {
        assert.ok(error instanceof OptionError);
        assert.equal(error.code, `ERR_MILLRACE_OPTION_${code}`);
        assert.equal(error.option, option);
        assert.match(error.message, says);
        assert.match(error.message, /^listen\(\): /);
        return true;
      },
    );
  });
}

test('close() gives requests in progress ten seconds unless told otherwise', () => {
  assert.deepEqual(parseGraceOptions('close()'), { graceMs: 10_000 });
  assert.deepEqual(parseGraceOptions('close()', {}), { graceMs: 10_000 });
  for (const graceMs of [0, 86_400_000])
    assert.deepEqual(parseGraceOptions('close()', { graceMs }), { graceMs });
});

for (const [value, code] of [
  [{ graceMs: -1 }, 'RANGE'],
  [{ graceMs: Infinity }, 'RANGE'],
  [{ graceMs: '5' }, 'TYPE'],
  [{ timeout: 5 }, 'UNKNOWN'],
  [5, 'TYPE'],
  [null, 'TYPE'],
] as const) {
  test(`close() refuses ${JSON.stringify(value)} (${code})`, () => {
    assert.throws(() => parseGraceOptions('close()', value), {
      name: 'OptionError',
      code: `ERR_MILLRACE_OPTION_${code}`,
    });
  });
}
