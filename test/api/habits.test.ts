import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createServer } from 'millrace';

import { get } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';

const handler = (): undefined => undefined;

/** What people write who come from another server, and what they are told. */
const ON_SERVERS: readonly { name: string; method: string; args: unknown[]; code: string; says: RegExp }[] = [
  {
    name: 'a function ahead of the handler',
    method: 'get',
    args: ['/', handler, handler],
    code: 'ERR_MILLRACE_ROUTE_HANDLER',
    says: /one handler: .* a function that calls it/,
  },
  {
    name: 'two functions ahead of the handler',
    method: 'get',
    args: ['/', handler, handler, handler],
    code: 'ERR_MILLRACE_ROUTE_HANDLER',
    says: /one handler: .* a function that calls it/,
  },
  {
    name: 'a parameter that may be missing',
    method: 'get',
    args: ['/a/:id?', handler],
    code: 'ERR_MILLRACE_ROUTE_PATTERN',
    says: /no '\?' and no '#'; for a segment that may be missing add two routes$/,
  },
  {
    name: 'a canned object',
    method: 'reply',
    args: ['GET', '/', { body: { a: 1 } }],
    code: 'ERR_MILLRACE_RESPONSE_BODY',
    says: /not an object: JSON\.stringify\(\) makes a string of a value$/,
  },
];

for (const { name, method, args, code, says } of ON_SERVERS) {
  test(`${name} is refused with a word on what would be right`, () => {
    assert.throws(() => callUntyped(createServer(), method, ...args), { code, message: says });
  });
}

for (const method of ['close', 'restartThreads']) {
  test(`${method}() says that it takes no callback`, async () => {
    await assert.rejects(callUntyped(createServer(), method, handler) as Promise<unknown>, {
      code: 'ERR_MILLRACE_OPTION_TYPE',
      message: `${method}() takes no callback: write await server.${method}()`,
    });
  });
}

const ON_RESPONSES: readonly [method: string, args: unknown[], says: RegExp][] = [
  ['end', [{ a: 1 }], /a Uint8Array, not an object: json\(\) sends a value, pipe\(\) a stream$/],
  ['end', [[1]], /a Uint8Array, not an array: json\(\) sends a value, pipe\(\) a stream$/],
  ['end', [null], /a Uint8Array, not null$/],
  ['text', [42], /a Uint8Array, not 42$/],
  ['html', [], /a Uint8Array, not undefined$/],
  ['write', [{}], /a Uint8Array, not an object: json\(\)/],
  ['redirect', [301, '/b'], /not the string '\/b': write redirect\(location, code\)$/],
];

test('what is no body, or no redirection, is refused with what it is and what would be right', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    for (const [method, args, message] of ON_RESPONSES) {
      assert.throws(() => callUntyped(res, method, ...args), { message }, method);
    }
    res.end('all of them');
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'all of them');
});
