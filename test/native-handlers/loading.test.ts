// Libraries and handlers that cannot be used, and how handlers begin and end.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import { createServer, NativeError, type NativeOptions } from 'millrace';

import { compileLibrary } from '../helpers/c-library.js';
import { get } from '../helpers/requests.js';
import { PACKAGE_ROOT } from '../helpers/script.js';
import { listenUntilEnd, startServer, testOptions } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';

const library = compileLibrary('test/native-handlers/handlers.c', { name: 'handlers-loading' });
const text = (name: string, source: string): string =>
  compileLibrary('', { name: `loading-${name}`, text: source });

const ABI = 'extern const unsigned millrace_abi_version; const unsigned millrace_abi_version = ';

interface Wrong {
  readonly options: () => Pick<NativeOptions, 'library' | 'symbol'>;
  readonly code: string;
  readonly message: RegExp;
}

const WRONG: Readonly<Record<string, Wrong>> = {
  'a library that is not there': {
    options: () => ({ library: '/nowhere/at-all.so', symbol: 'a' }),
    code: 'ERR_MILLRACE_NATIVE_LOAD',
    message: /cannot use \/nowhere\/at-all\.so: .*cannot open shared object file/,
  },
  'a file that is no library': {
    options: () => ({ library: join(PACKAGE_ROOT, 'package.json'), symbol: 'a' }),
    code: 'ERR_MILLRACE_NATIVE_LOAD',
    message: /invalid ELF header|file too short/,
  },
  'a library that lacks a function': {
    options: () => ({
      library: text(
        'lacking',
        'int no_such_function(void); int f(void); int f(void) { return no_such_function(); }',
      ),
      symbol: 'f',
    }),
    code: 'ERR_MILLRACE_NATIVE_LOAD',
    message: /undefined symbol: no_such_function/,
  },
  'a library for another version': {
    options: () => ({ library: text('later', `${ABI}99;`), symbol: 'a' }),
    code: 'ERR_MILLRACE_NATIVE_ABI',
    message: /compiled for version 99 of millrace\.h, and this server has version 1/,
  },
  'a library without a version': {
    options: () => ({ library: text('plain', 'extern int a; int a = 1;'), symbol: 'a' }),
    code: 'ERR_MILLRACE_NATIVE_ABI',
    message: /write MILLRACE_MODULE/,
  },
  'a handler that is not there': {
    options: () => ({ library, symbol: 'test_nothing' }),
    code: 'ERR_MILLRACE_NATIVE_SYMBOL',
    message: /no handler 'test_nothing' in .*undefined symbol: test_nothing.*MILLRACE_HANDLER\(test_nothing/,
  },
  'a function in the place of a handler': {
    options: () => ({ library, symbol: 'some_function' }),
    code: 'ERR_MILLRACE_NATIVE_SYMBOL',
    message: /what MILLRACE_HANDLER\(\) exports/,
  },
};

for (const [what, { options, code, message }] of Object.entries(WRONG)) {
  test(`${what} is refused by native(): ${code}`, () => {
    const given = options();
    const server = createServer();
    assert.throws(
      () => server.native('GET', '/', given),
      (error) => {
        assert.ok(error instanceof NativeError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.equal(error.library, given.library);
        assert.equal(error.symbol, given.symbol);
        return true;
      },
    );
    server.get('/', () => undefined); // the route is still free
  });
}

test('an addon of Node may be the library', () => {
  const addon = join(PACKAGE_ROOT, 'build/Release/millrace.node');
  assert.throws(() => createServer().native('GET', '/', { library: addon, symbol: 'a' }), {
    code: 'ERR_MILLRACE_NATIVE_ABI', // so it has been loaded
  });
});

const BAD_OPTIONS: readonly (readonly [options: unknown, code: string, option: string])[] = [
  [{ symbol: 'a' }, 'TYPE', 'library'],
  [{ library: '', symbol: 'a' }, 'RANGE', 'library'],
  [{ library: 'a\0b', symbol: 'a' }, 'RANGE', 'library'],
  [{ library: new URL('http://localhost/'), symbol: 'a' }, 'TYPE', 'library'],
  [{ library }, 'TYPE', 'symbol'],
  [{ library, symbol: 5 }, 'TYPE', 'symbol'],
  [{ library, symbol: 'test_tell', data: 5 }, 'TYPE', 'data'],
  [{ library, symbol: 'test_tell', data: 'a\0b' }, 'RANGE', 'data'],
  [{ library, symbol: 'test_tell', bodyBytes: -1 }, 'RANGE', 'bodyBytes'],
  [{ library, symbol: 'test_tell', bodybytes: 1 }, 'UNKNOWN', 'bodybytes'],
];

for (const [options, code, option] of BAD_OPTIONS) {
  test(`native() refuses ${JSON.stringify(options)}: ${code}`, () => {
    assert.throws(() => callUntyped(createServer(), 'native', 'GET', '/', options), {
      name: 'OptionError',
      code: `ERR_MILLRACE_OPTION_${code}`,
      option,
    });
  });
}

test('native() refuses what other routes refuse', () => {
  const handler = { library, symbol: 'test_tell' };
  const server = createServer().native('GET', '/a', handler);
  assert.throws(() => server.native('GET', 'a', handler), { code: 'ERR_MILLRACE_ROUTE_PATTERN' });
  assert.throws(() => server.native('G T', '/b', handler), { code: 'ERR_MILLRACE_ROUTE_METHOD' });
  assert.throws(() => server.get('/a', () => undefined), { code: 'ERR_MILLRACE_ROUTE_DUPLICATE' });
});

test('the library may be a relative path or a URL', async (t) => {
  const { connect } = await startServer(t, {}, (server) => {
    server.native('GET', '/a', { library: relative(process.cwd(), library), symbol: 'test_tell' });
    server.native('GET', '/b', { library: pathToFileURL(library), symbol: 'test_tell' });
  });
  const client = await connect();
  for (const path of ['/a', '/b']) assert.equal((await client.ask(get(path))).status, 200);
});

test('after listen() it is too late', async (t) => {
  const { server } = await startServer(t, {}, () => undefined);
  assert.throws(() => server.native('GET', '/', { library, symbol: 'test_tell' }), {
    name: 'StateError',
    code: 'ERR_MILLRACE_ROUTES_FROZEN',
  });
});

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-native-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

test('a handler begins with listen() and ends with close(), once', async (t) => {
  const folder = scratch(t);
  const server = createServer(testOptions()).native('GET', '/', {
    library,
    symbol: 'test_hold',
    data: folder,
  });
  assert.equal(existsSync(join(folder, 'handler.init')), false);
  await server.listen({ host: '127.0.0.1' });
  assert.equal(existsSync(join(folder, 'handler.init')), true);
  assert.equal(existsSync(join(folder, 'handler.destroy')), false);
  await server.close();
  assert.equal(existsSync(join(folder, 'handler.destroy')), true);
});

for (const [data, reason] of [
  ['refuse', 'it was told to refuse'],
  ['refuse without a word', 'init returned 12'],
] as const) {
  test(`where an init fails, listen() says so, ends the others, and may be called again: ${reason}`, async (t) => {
    const folder = scratch(t);
    const server = createServer(testOptions())
      .native('GET', '/a', { library, symbol: 'test_hold', data: folder })
      .native('GET', '/b', { library, symbol: 'test_hold', data });
    for (let times = 0; times < 2; times++) {
      await assert.rejects(server.listen({ host: '127.0.0.1' }), {
        name: 'NativeError',
        code: 'ERR_MILLRACE_NATIVE_INIT',
        message: `native(): the handler 'test_hold' of ${library} could not be started: ${reason}`,
      });
      assert.equal(existsSync(join(folder, 'handler.destroy')), true);
      rmSync(join(folder, 'handler.destroy'));
    }
    assert.equal(server.address(), null);
    await server.close();
  });
}

test('where the port is taken, handlers end, and begin with the next listen()', async (t) => {
  const { port } = await startServer(t, {}, () => undefined);
  const folder = scratch(t);
  const server = createServer(testOptions()).native('GET', '/', {
    library,
    symbol: 'test_hold',
    data: folder,
  });
  await assert.rejects(server.listen({ host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
  assert.equal(existsSync(join(folder, 'handler.destroy')), true);
  await listenUntilEnd(t, server, { host: '127.0.0.1' });
  writeFileSync(join(folder, 'x.go'), '');
});

test('it is there also where an app has the handlers', async (t) => {
  const folder = scratch(t);
  const app = join(folder, 'app.mjs');
  writeFileSync(app, "export default (app) => app.get('/js', (req, res) => res.text('from JavaScript'));");
  for (const threads of [0, 2]) {
    const { connect } = await startServer(t, { app: pathToFileURL(app), threads }, (server) =>
      server.native('GET', '/native/:id', { library, symbol: 'test_tell' }),
    );
    const client = await connect();
    assert.equal((await client.ask(get('/js'))).text, 'from JavaScript');
    assert.match((await client.ask(get('/native/7'))).text, /^id=7$/m);
  }
});
