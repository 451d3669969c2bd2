import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RouteError } from '#lib/errors.js';
import { checkMethod, paramsOf, parsePattern } from '#lib/pattern.js';

const LITERALS: readonly (readonly [string, string])[] = [
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/a/', '/a/'],
  ['//', '//'],
  ['/café', '/caf%C3%A9'],
  ['/caf%C3%A9', '/caf%C3%A9'],
  ['/caf%c3%a9', '/caf%C3%A9'],
  ['/日本/😀', '/%E6%97%A5%E6%9C%AC/%F0%9F%98%80'],
  ['/\ud800', '/%EF%BF%BD'],
  ['/a b', '/a%20b'],
  ['/a"<>`{}', '/a%22%3C%3E%60%7B%7D'],
  ['/%61', '/%61'],
  ['/100%25', '/100%25'],
  ['/books:search', '/books:search'],
  ['/a|b[1]', '/a|b[1]'],
  ["/-._~!$&'()+,;=@", "/-._~!$&'()+,;=@"],
  ['/...', '/...'],
];

for (const [pattern, native] of LITERALS) {
  test(`${pattern} is ${native} to the router`, () => {
    const parsed = parsePattern(pattern);
    assert.equal(parsed.native, native);
    assert.equal(parsed.source, pattern);
    assert.deepEqual(parsed.params, []);
    assert.equal(parsed.wildcard, false);
  });
}

test('literals are encoded as the URL class of Node.js encodes them', () => {
  for (let code = 0x20; code < 0x180; code++) {
    const character = String.fromCharCode(code);
    if ('#%*?\\^'.includes(character)) continue; // not in patterns; or not the same in all versions of the standard
    const path = `/a${character}b`;
    assert.equal(parsePattern(path).native, new URL(path, 'http://h').pathname, `U+${code.toString(16)}`);
  }
});

test('parameters and the wildcard are found by their segment', () => {
  assert.deepEqual(parsePattern('/a/:id/b/:_x9/*'), {
    source: '/a/:id/b/:_x9/*',
    native: '/a/:id/b/:_x9/*',
    params: [
      { name: 'id', segment: 1 },
      { name: '_x9', segment: 3 },
    ],
    wildcard: true,
    wildcardSegment: 4,
  });
  assert.equal(parsePattern('*').wildcard, true);
});

const MALFORMED: readonly (readonly [unknown, RegExp])[] = [
  ['', /must start with '\/'/],
  ['a', /must start with '\/'/],
  ['a/*', /must start with '\/'/],
  ['**', /must start with '\/'/],
  ['/a?b=c', /no '\?' and no '#'/],
  ['/a#b', /no '\?' and no '#'/],
  ['/*/a', /'\*' stands alone/],
  ['/a*', /'\*' stands alone/],
  ['/**', /'\*' stands alone/],
  ['/:', /not by the string ''/],
  ['/:1', /not by the string '1'/],
  ['/:id.json', /not by the string 'id\.json'/],
  ['/:a-b', /not by the string 'a-b'/],
  ['/:é', /not by the string/],
  ['/:*', /not by the string '\*'/],
  ['/:id/:id', /'id' occurs twice/],
  ['/a/../b', /never send the segment '\.\.'/],
  ['/.', /never send the segment '\.'/],
  ['/%2E%2e', /never send/],
  ['/100%', /'%25'/],
  ['/%zz', /'%25'/],
  ['/a'.repeat(65), /more than 64 segments/],
  [undefined, /must be a string/],
  [null, /must be a string/],
  [/a/, /must be a string/],
  [['/a'], /must be a string/],
];

for (const [pattern, says] of MALFORMED) {
  test(`${String(pattern).slice(0, 20)} is no pattern: ${says.source}`, () => {
    assert.throws(
      () => parsePattern(pattern),
      (error) => {
        assert.ok(error instanceof RouteError);
        assert.equal(error.code, 'ERR_MILLRACE_ROUTE_PATTERN');
        assert.match(error.message, says);
        return true;
      },
    );
  });
}

const MATCHES: readonly { pattern: string; path: string; params: Record<string, string> }[] = [
  { pattern: '/a', path: '/a', params: {} },
  { pattern: '/:id', path: '/5', params: { id: '5' } },
  { pattern: '/users/:id', path: '/users/5', params: { id: '5' } },
  { pattern: '/users/:id/', path: '/users/5/', params: { id: '5' } },
  { pattern: '/:a/:b', path: '/x/y', params: { a: 'x', b: 'y' } },
  { pattern: '/:a/b/c/:d/e', path: '/x/b/c/y/e', params: { a: 'x', d: 'y' } },
  { pattern: '/:id', path: '/caf%C3%A9', params: { id: 'café' } },
  { pattern: '/:id', path: '/a%2Fb', params: { id: 'a/b' } },
  { pattern: '/:id', path: '/a+b', params: { id: 'a+b' } },
  { pattern: '/:id', path: '/%', params: { id: '%' } },
  { pattern: '/:id', path: '/%E9', params: { id: '%E9' } },
  { pattern: '/:id', path: '/%00', params: { id: '\0' } },
  { pattern: '/:a/:b', path: '/%E9/%C3%A9', params: { a: '%E9', b: 'é' } },
  { pattern: '/files/*', path: '/files/', params: { '*': '' } },
  { pattern: '/files/*', path: '/files/a/b%20c', params: { '*': 'a/b c' } },
  { pattern: '/:user/files/*', path: '/u/files/a/b', params: { user: 'u', '*': 'a/b' } },
  { pattern: '/:user/*', path: '/u//', params: { user: 'u', '*': '/' } },
  { pattern: '/*', path: '/', params: { '*': '' } },
  { pattern: '*', path: '/a/b', params: { '*': '/a/b' } },
  { pattern: '*', path: '*', params: { '*': '*' } },
];

for (const { pattern, path, params } of MATCHES) {
  test(`${pattern} takes ${JSON.stringify(params)} out of ${path}`, () => {
    assert.deepEqual({ ...paramsOf(parsePattern(pattern), path) }, params);
  });
}

test('parameters have no prototype, so that a parameter may have any name', () => {
  const params = paramsOf(parsePattern('/:__proto__/:constructor'), '/a/b');
  assert.equal(Object.getPrototypeOf(params), null);
  assert.deepEqual(Object.entries(params), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
});

test('a path that the pattern does not match gives empty parameters, never an error', () => {
  assert.deepEqual({ ...paramsOf(parsePattern('/a/:b/c/:d/*'), '/x') }, { b: '', d: '', '*': '' });
});

test('a method is a token and keeps its case (RFC 9110 §9.1)', () => {
  for (const method of ['GET', 'get', 'M-SEARCH', 'X!']) assert.equal(checkMethod(method), method);
  for (const method of ['', 'GET ', 'G/T', '*', 'É', 'A\n', null, undefined, 5]) {
    assert.throws(() => checkMethod(method), { name: 'RouteError', code: 'ERR_MILLRACE_ROUTE_METHOD' });
  }
});
