// What exists is used by the other tests. This one is about what must not exist yet: a name that is there and does
// nothing would be believed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as millrace from 'millrace';
import { createServer, type HttpRequest, type HttpResponse } from 'millrace';

import { get } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';

test('the package exports createServer, its errors and their codes, and nothing else', () => {
  assert.deepEqual(Object.keys(millrace).toSorted(), [
    'AbortedError',
    'BodyError',
    'ERROR_CODES',
    'FileError',
    'InvalidHeaderError',
    'ListenError',
    'MillraceError',
    'NativeError',
    'OptionError',
    'PlatformError',
    'ResponseError',
    'RouteError',
    'StateError',
    'ThreadError',
    'createServer',
  ]);
});

test('a server has no members of later versions', () => {
  const server = createServer();
  for (const name of ['ws', 'use', 'serve']) {
    assert.equal(name in server, false, name);
  }
});

test('requests and responses have no members of later versions', async (t) => {
  let seen: [HttpRequest, HttpResponse] | undefined;
  const { connect } = await startHandler(t, (req, res) => {
    seen = [req, res];
    res.end();
  });
  await (await connect()).ask(get('/'));
  const [request, response] = seen!;
  for (const name of ['on', 'pipe', 'read', 'socket']) {
    assert.equal(name in request, false, `request.${name}`);
  }
  for (const name of ['writeHead', 'setHeader', 'on']) {
    assert.equal(name in response, false, `response.${name}`);
  }
});

test('requests and responses show nothing of their insides', async (t) => {
  let shown: string[] = [];
  const { connect } = await startHandler(t, (req, res) => {
    shown = [JSON.stringify(req), JSON.stringify(res), Object.keys(req).join(), Object.keys(res).join()];
    res.end();
  });
  await (await connect()).ask(get('/'));
  assert.deepEqual(shown, ['{}', '{}', '', '']);
});

const LATER: readonly (readonly [option: string, options: object])[] = [['tls', { tls: {} }]];

for (const [option, options] of LATER) {
  test(`the option ${option} is unknown`, () => {
    assert.throws(() => createServer(options), {
      name: 'OptionError',
      code: 'ERR_MILLRACE_OPTION_UNKNOWN',
      option,
    });
  });
}

for (const handler of [null, 'text', {}, 1]) {
  test(`${JSON.stringify(handler)} is no handler`, () => {
    assert.throws(() => createServer({}, handler as never), { code: 'ERR_MILLRACE_ROUTE_HANDLER' });
  });
}

const SURPLUS: Readonly<Record<string, readonly unknown[]>> = {
  'options behind the handler': [() => undefined, { limits: { bodyBytes: 1 } }],
  'null behind the handler': [() => undefined, null],
  'a second handler': [{}, () => undefined, () => undefined],
  'options behind no handler': [{}, undefined, { reactors: 2 }],
};

for (const [what, args] of Object.entries(SURPLUS)) {
  test(`createServer() does not overlook ${what}`, () => {
    assert.throws(() => callUntyped(millrace, 'createServer', ...args), {
      name: 'OptionError',
      code: 'ERR_MILLRACE_OPTION_TYPE',
      message: /write createServer\(\{ … \}, handler\)$/,
      value: args.at(-1),
    });
  });
}

for (const options of [null, 'text', 1, []]) {
  test(`${JSON.stringify(options)} is neither options nor a handler`, () => {
    assert.throws(() => createServer(options as never), {
      name: 'OptionError',
      code: 'ERR_MILLRACE_OPTION_TYPE',
    });
  });
}
