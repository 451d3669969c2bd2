import assert from 'node:assert/strict';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { test } from 'node:test';

import { InvalidHeaderError, ResponseError } from '#lib/errors.js';
import type { FieldValueInput } from '#lib/field-validation.js';
import {
  checkContentLength,
  checkRepeatable,
  connectionWish,
  encodeLocation,
  fieldName,
  fieldValue,
  fieldValues,
} from '#lib/field-validation.js';
import { checkReason, checkRedirectStatus, checkStatus, mayHaveBody } from '#lib/status-codes.js';

const LINE_BREAKS = ['\r\n', '\n', '\r', '\0', '\u010d\u010a'];

function passes(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

function refused(run: () => unknown, code: string): InvalidHeaderError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof InvalidHeaderError, String(error));
    assert.equal(error.code, code);
    return error;
  }
  return assert.fail('no error was thrown');
}

test('a name keeps its spelling on the wire and is known by its lower case', () => {
  const field = fieldName('X-Request-ID');
  assert.equal(field.name, 'X-Request-ID');
  assert.equal(field.lower, 'x-request-id');
  assert.equal(field.prefix, 'X-Request-ID: ');
  assert.equal(field.kind, 'plain');
});

test('a name is checked once: the second time gives the same object', () => {
  assert.equal(fieldName('X-Twice'), fieldName('X-Twice'));
});

test('a flood of made-up names is not remembered', () => {
  const first = fieldName('X-Before-The-Flood');
  for (let i = 0; i < 2000; i++) fieldName(`X-Flood-${String(i)}`);
  assert.notEqual(fieldName('X-Before-The-Flood'), first);
  assert.notEqual(fieldName('X'.repeat(65)), fieldName('X'.repeat(65)), 'nor are very long ones');
});

test('every character passes in a name exactly if node:http lets it pass', () => {
  for (let code = 0; code <= 0x17f; code++) {
    const name = `X${String.fromCharCode(code)}Y`;
    assert.equal(
      passes(() => fieldName(name)),
      passes(() => {
        validateHeaderName(name);
      }),
      `U+${code.toString(16)}`,
    );
  }
});

for (const name of ['', ' ', 'X Y', 'X:', ':method', 'X\r\nX-Evil', 'Ä', 'ſ']) {
  test(`the name ${JSON.stringify(name)} is refused`, () => {
    refused(() => fieldName(name), 'ERR_MILLRACE_HEADER_NAME');
  });
}

for (const name of [undefined, null, 5, {}, ['X'], Symbol('X')]) {
  test(`a name of type ${name === null ? 'null' : typeof name} is refused`, () => {
    refused(() => fieldName(name as string), 'ERR_MILLRACE_HEADER_NAME');
  });
}

test('a refused name is shown without its line breaks', () => {
  const error = refused(() => fieldName('X\r\nX-Evil: 1'), 'ERR_MILLRACE_HEADER_NAME');
  assert.equal(error.field, 'X\\x0d\\x0aX-Evil: 1');
  assert.doesNotMatch(error.message, /[\r\n]/);
});

test('every character passes in a value exactly if node:http lets it pass', () => {
  const field = fieldName('X-A');
  for (let code = 0; code <= 0x17f; code++) {
    const value = `a${String.fromCharCode(code)}b`;
    assert.equal(
      passes(() => fieldValue(field, value)),
      passes(() => {
        validateHeaderValue('X-A', value);
      }),
      `U+${code.toString(16)}`,
    );
  }
});

for (const lineBreak of LINE_BREAKS) {
  test(`${JSON.stringify(lineBreak)} is refused in values, alone and in a list`, () => {
    const field = fieldName('X-A');
    refused(() => fieldValue(field, `a${lineBreak}X-Evil: 1`), 'ERR_MILLRACE_HEADER_VALUE');
    refused(() => fieldValues(field, ['a', `a${lineBreak}X-Evil: 1`]), 'ERR_MILLRACE_HEADER_VALUE');
    refused(() => fieldValue(field, lineBreak), 'ERR_MILLRACE_HEADER_VALUE');
  });
}

test('a value that was refused is refused again, also after a valid one', () => {
  const field = fieldName('X-Again');
  for (let i = 0; i < 3; i++) {
    refused(() => fieldValue(field, 'a\n'), 'ERR_MILLRACE_HEADER_VALUE');
    assert.equal(fieldValue(field, 'a'), 'a');
  }
});

test('the error says which character is where, and does not repeat the value', () => {
  const error = refused(() => fieldValue(fieldName('X-Token'), 'secret\n'), 'ERR_MILLRACE_HEADER_VALUE');
  assert.equal(error.field, 'X-Token');
  assert.match(error.message, /'X-Token' has the forbidden character U\+000A at index 6/);
  assert.doesNotMatch(error.message, /secret/);
});

const VALUES: readonly { name: string; value: FieldValueInput; text: string | readonly string[] }[] = [
  { name: 'an empty string', value: '', text: '' },
  { name: 'spaces around a value', value: ' a ', text: ' a ' },
  { name: 'Latin-1', value: 'é', text: 'é' },
  { name: 'a number', value: 5, text: '5' },
  { name: 'a fraction', value: 0.5, text: '0.5' },
  { name: 'a list', value: ['a', 5], text: ['a', '5'] },
  { name: 'an empty list', value: [], text: [] },
];

for (const { name, value, text } of VALUES) {
  test(`a value may be ${name}`, () => {
    assert.deepEqual(fieldValues(fieldName('X-A'), value), text);
  });
}

const NOT_VALUES = [
  undefined,
  null,
  true,
  5n,
  NaN,
  Infinity,
  {},
  new Date(),
  Symbol('a'),
  () => 'a',
  [['a']],
];

for (const [index, value] of NOT_VALUES.entries()) {
  test(`a value must be a string or a finite number: ${typeof value}, case ${String(index)}`, () => {
    refused(() => fieldValues(fieldName('X-A'), value as string), 'ERR_MILLRACE_HEADER_VALUE');
  });
}

test('undefined is refused for a name that is used for the first time, too', () => {
  for (const [index, value] of [undefined, [undefined], [undefined, 'a']].entries()) {
    const field = fieldName(`X-Fresh-${String(index)}`);
    const error = refused(() => fieldValues(field, value as string[]), 'ERR_MILLRACE_HEADER_VALUE');
    assert.equal(error.field, field.name);
    assert.match(
      error.message,
      new RegExp(`'${field.name}' must be a string or a finite number, not undefined`),
    );
  }
});

test('a list is copied, so that nobody changes it after the check', () => {
  const list = ['a', 'b'];
  const texts = fieldValues(fieldName('X-A'), list);
  list[0] = 'a\r\nX-Evil: 1';
  assert.deepEqual(texts, ['a', 'b']);
});

for (const name of ['Content-Type', 'content-length', 'Date', 'ETag', 'Location', 'Connection']) {
  test(`${name} takes one value only (RFC 9110 §5.3)`, () => {
    refused(() => fieldValues(fieldName(name), ['1', '1']), 'ERR_MILLRACE_HEADER_REPEATED');
    refused(() => {
      checkRepeatable(fieldName(name));
    }, 'ERR_MILLRACE_HEADER_REPEATED');
  });
}

for (const name of ['Set-Cookie', 'Vary', 'Link', 'WWW-Authenticate', 'X-A']) {
  test(`${name} takes several values`, () => {
    assert.deepEqual(fieldValues(fieldName(name), ['a', 'b']), ['a', 'b']);
  });
}

for (const name of ['Transfer-Encoding', 'transfer-encoding', 'TE', 'Keep-Alive', 'Proxy-Connection']) {
  test(`${name} belongs to the server and is refused`, () => {
    const error = refused(() => fieldName(name), 'ERR_MILLRACE_HEADER_FRAMING');
    assert.equal(error.field, name);
  });
}

test('Upgrade names itself in Connection, as RFC 9110 §7.8 demands', () => {
  assert.equal(fieldName('Upgrade').prefix, 'Connection: Upgrade\r\nUpgrade: ');
});

for (const [value, wish] of [
  ['close', 'close'],
  ['Close', 'close'],
  [' keep-alive ', 'keep-alive'],
] as const) {
  test(`Connection: ${value} asks for ${wish}`, () => {
    assert.equal(fieldValue(fieldName('Connection'), value), value);
    assert.equal(connectionWish(value), wish);
  });
}

for (const value of ['', 'upgrade', 'close, keep-alive', 'content-length', 5]) {
  test(`Connection: ${JSON.stringify(value)} is refused`, () => {
    refused(() => fieldValue(fieldName('Connection'), value), 'ERR_MILLRACE_HEADER_FRAMING');
  });
}

for (const value of [0, '0', 11, '11', '0011', Number.MAX_SAFE_INTEGER]) {
  test(`Content-Length: ${JSON.stringify(value)} is a number of bytes`, () => {
    assert.equal(fieldValue(fieldName('Content-Length'), value), String(value));
  });
}

for (const value of [
  '',
  ' ',
  '+1',
  '-1',
  -1,
  1.5,
  '1e3',
  1e21,
  '0x10',
  '1, 1',
  ' 1',
  '9007199254740993',
  '１',
]) {
  test(`Content-Length: ${JSON.stringify(value)} is refused`, () => {
    assert.throws(() => fieldValue(fieldName('Content-Length'), value), InvalidHeaderError);
  });
}

const LENGTHS: readonly {
  declared: string;
  body: number;
  status: number;
  head: boolean;
  ok: boolean;
  name: string;
}[] = [
  { name: 'the length of the body', declared: '5', body: 5, status: 200, head: false, ok: true },
  { name: 'zero for no body', declared: '0', body: 0, status: 200, head: false, ok: true },
  { name: 'more than the body', declared: '10', body: 5, status: 200, head: false, ok: false },
  { name: 'less than the body', declared: '5', body: 10, status: 200, head: false, ok: false },
  { name: 'a length without body', declared: '5', body: 0, status: 200, head: false, ok: false },
  { name: 'a length without body, for HEAD', declared: '5', body: 0, status: 200, head: true, ok: true },
  {
    name: 'another length than the body’s, for HEAD',
    declared: '5',
    body: 6,
    status: 200,
    head: true,
    ok: false,
  },
  { name: 'a length without body, in 304', declared: '5', body: 0, status: 304, head: false, ok: true },
  { name: 'any length in 204', declared: '0', body: 0, status: 204, head: false, ok: false },
  { name: 'a length in 205', declared: '5', body: 0, status: 205, head: false, ok: false },
  { name: 'a length in 205, for HEAD', declared: '5', body: 0, status: 205, head: true, ok: false },
  { name: 'that a 205 has nothing, for HEAD', declared: '0', body: 0, status: 205, head: true, ok: true },
];

for (const { name, declared, body, status, head, ok } of LENGTHS) {
  test(`Content-Length ${ok ? 'may' : 'may not'} say ${name}`, () => {
    if (ok) assert.equal(checkContentLength(declared, body, status, head), Number(declared));
    else refused(() => checkContentLength(declared, body, status, head), 'ERR_MILLRACE_HEADER_FRAMING');
  });
}

const LOCATIONS: readonly (readonly [string, string])[] = [
  ['/a?b=c#d', '/a?b=c#d'],
  ['https://[::1]:80/a%20b', 'https://[::1]:80/a%20b'],
  ['/a b', '/a%20b'],
  ['/café', '/caf%C3%A9'],
  ['/😀', '/%F0%9F%98%80'],
  ['/\ud800', '/%EF%BF%BD'],
  ['/a"<>\\^`{|}', '/a%22%3C%3E%5C%5E%60%7B%7C%7D'],
  ['/100%', '/100%'],
  ['', ''],
];

for (const [url, encoded] of LOCATIONS) {
  test(`a redirection to ${JSON.stringify(url)} is sent as ${encoded}`, () => {
    assert.equal(encodeLocation(url), encoded);
  });
}

for (const url of ['/\r\nX-Evil: 1', '/\n', '/\0', '/\t', '/\x7f', '/\x85']) {
  test(`a redirection to ${JSON.stringify(url)} is refused`, () => {
    refused(() => encodeLocation(url), 'ERR_MILLRACE_HEADER_VALUE');
  });
}

test('a redirection must go to a string', () => {
  refused(() => encodeLocation(undefined as unknown as string), 'ERR_MILLRACE_HEADER_VALUE');
});

test('a final status code is an integer from 200 to 999', () => {
  for (const code of [200, 204, 304, 404, 599, 600, 999]) assert.equal(checkStatus(code), code);
  for (const code of [
    99,
    100,
    101,
    103,
    199,
    1000,
    200.5,
    NaN,
    Infinity,
    -200,
    '200',
    null,
    undefined,
    200n,
  ]) {
    assert.throws(() => checkStatus(code as number), { name: 'ResponseError', code: 'ERR_MILLRACE_STATUS' });
  }
});

test('a redirection has one of the codes that clients follow', () => {
  for (const code of [300, 301, 302, 303, 307, 308]) assert.equal(checkRedirectStatus(code), code);
  for (const code of [200, 304, 305, 306, 309, 400, '302']) {
    assert.throws(() => checkRedirectStatus(code as number), ResponseError);
  }
});

test('a reason phrase has visible characters, spaces and tabs only (RFC 9112 §4)', () => {
  for (const reason of ['', 'OK', 'Not Found', 'très bien', 'a\tb'])
    assert.equal(checkReason(reason), reason);
  for (const reason of ['OK\r\nX-Evil: 1', 'a\nb', 'a\0', '€', 5, null]) {
    assert.equal(refused(() => checkReason(reason as string), 'ERR_MILLRACE_REASON').field, 'reason');
  }
});

test('204, 205 and 304 have no body', () => {
  for (const status of [204, 205, 304]) assert.equal(mayHaveBody(status), false);
  for (const status of [200, 206, 301, 404, 500]) assert.equal(mayHaveBody(status), true);
});
