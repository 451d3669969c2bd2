import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { InvalidHeaderError, type HttpResponse } from 'millrace';

import { get } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';

type Use = (res: HttpResponse) => unknown;

interface RefusedCase {
  readonly name: string;
  readonly use: Use;
  readonly code: string;
}

const VALUE = 'ERR_MILLRACE_HEADER_VALUE';
const NAME = 'ERR_MILLRACE_HEADER_NAME';
const FRAMING = 'ERR_MILLRACE_HEADER_FRAMING';
const REPEATED = 'ERR_MILLRACE_HEADER_REPEATED';
const STATUS = 'ERR_MILLRACE_STATUS';
const REASON = 'ERR_MILLRACE_REASON';
const TYPE = 'ERR_MILLRACE_OPTION_TYPE';

const EVIL = 'a\r\nX-Evil: 1';

const VALUES: readonly (readonly [name: string, value: string])[] = [
  ['CR LF', EVIL],
  ['LF', 'a\nX-Evil: 1'],
  ['CR', 'a\rX-Evil: 1'],
  ['NUL', 'a\0b'],
  ['a control character', 'a\x01b'],
  ['DEL', 'a\x7fb'],
  ['a line break at the end', 'a\r\n'],
  ['a line break at the start', '\r\nX-Evil: 1'],
  ['characters whose low bytes are CR and LF', 'a\u010d\u010aX-Evil: 1'],
  ['a character above U+00FF', 'a€'],
  ['a line separator', 'a\u2028b'],
];

const NAMES = [
  '',
  ' ',
  'X Y',
  'X:',
  'X\r\nX-Evil',
  'X\nY',
  'X\0',
  'é',
  'X(Y)',
  'X/Y',
  '"X"',
  'X\t',
  '\u010dX',
];
const STATUSES = [
  0,
  99,
  100,
  101,
  199,
  1000,
  -200,
  200.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '200',
  null,
  undefined,
  2 ** 32 + 200,
];

const REFUSED: readonly RefusedCase[] = [
  ...VALUES.flatMap(([what, value]): RefusedCase[] => [
    { name: `${what} in a value`, use: (res) => res.header('X-A', value), code: VALUE },
    { name: `${what} in one of several values`, use: (res) => res.header('X-A', ['b', value]), code: VALUE },
    { name: `${what} in an appended value`, use: (res) => res.append('X-A', value), code: VALUE },
    { name: `${what} in a Set-Cookie`, use: (res) => res.append('Set-Cookie', `c=${value}`), code: VALUE },
    { name: `${what} in a reason phrase`, use: (res) => res.status(200, value), code: REASON },
  ]),
  ...NAMES.flatMap((name): RefusedCase[] => [
    { name: `the field name ${JSON.stringify(name)}`, use: (res) => res.header(name, '1'), code: NAME },
    {
      name: `the appended field name ${JSON.stringify(name)}`,
      use: (res) => res.append(name, '1'),
      code: NAME,
    },
  ]),
  ...STATUSES.map((status): RefusedCase => {
    return {
      name: `the status ${String(status)}`,
      use: (res) => callUntyped(res, 'status', status),
      code: STATUS,
    };
  }),
  ...['\r\nX-Evil: 1', '/a\nb', '/\0', '/\x7f', '/\u0085'].map((location): RefusedCase => {
    return {
      name: `the location ${JSON.stringify(location)}`,
      use: (res) => {
        res.redirect(location);
      },
      code: VALUE,
    };
  }),
  ...[200, 299, 304, 305, 306, 309, 400].map((code): RefusedCase => {
    return {
      name: `a redirection with status ${String(code)}`,
      use: (res) => {
        res.redirect('/', code);
      },
      code: STATUS,
    };
  }),
  ...['Transfer-Encoding', 'transfer-encoding', 'TE', 'Keep-Alive', 'Proxy-Connection'].map(
    (name): RefusedCase => ({
      name: `the field ${name}`,
      use: (res) => res.header(name, 'chunked'),
      code: FRAMING,
    }),
  ),
  ...['upgrade', 'close, X-A', 'x', ''].map((value): RefusedCase => {
    return { name: `Connection: '${value}'`, use: (res) => res.header('Connection', value), code: FRAMING };
  }),
  ...['+5', '-5', '5.0', '0x5', '', ' ', '5, 5', '5 5', '1e1', '99999999999999999999'].map(
    (value): RefusedCase => {
      return {
        name: `Content-Length: '${value}'`,
        use: (res) => res.header('Content-Length', value),
        code: FRAMING,
      };
    },
  ),
  {
    name: 'a Content-Length that is too large for the body',
    use: (res) => {
      res.header('Content-Length', 10).end('hello');
    },
    code: FRAMING,
  },
  {
    name: 'a Content-Length that is too small for the body',
    use: (res) => {
      res.header('Content-Length', 5).end('helloworld');
    },
    code: FRAMING,
  },
  {
    name: 'a Content-Length that counts characters, not bytes',
    use: (res) => {
      res.header('Content-Length', 1).end('é');
    },
    code: FRAMING,
  },
  {
    name: 'a Content-Length in an array that is not that of the body',
    use: (res) => {
      res.header('Content-Length', ['3']).end('hello');
    },
    code: FRAMING,
  },
  {
    name: 'a Content-Length without a body',
    use: (res) => {
      res.header('Content-Length', 5).end();
    },
    code: FRAMING,
  },
  {
    name: 'a Content-Length in a 204',
    use: (res) => {
      res.status(204).header('Content-Length', 0).end();
    },
    code: FRAMING,
  },
  {
    name: 'a Content-Length in a 204 that is given in pieces',
    use: (res) => {
      res.status(204).header('Content-Length', 1).write('x');
    },
    code: FRAMING,
  },
  {
    name: 'a Content-Length in a 205 that is given in pieces',
    use: (res) => {
      res.status(205).header('Content-Length', 1).write('x');
    },
    code: FRAMING,
  },
  {
    name: 'a first piece that is longer than the Content-Length',
    use: (res) => {
      res.header('Content-Length', 5).write('toolong');
    },
    code: FRAMING,
  },
  {
    name: 'two values of Content-Length',
    use: (res) => res.header('Content-Length', ['5', '5']),
    code: REPEATED,
  },
  {
    name: 'a second Content-Length',
    use: (res) => res.header('Content-Length', 5).append('content-length', 5),
    code: REPEATED,
  },
  {
    name: 'a second Content-Type',
    use: (res) => res.append('Content-Type', 'a/b').append('Content-Type', 'c/d'),
    code: REPEATED,
  },
  { name: 'a second Location', use: (res) => res.header('Location', ['/a', '/b']), code: REPEATED },
  { name: 'a second Date', use: (res) => res.append('Date', 'a').append('date', 'b'), code: REPEATED },
  ...[
    undefined,
    null,
    {},
    true,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    Symbol('s'),
    1n,
    () => 'x',
    [['x']],
    [null],
  ].map((value): RefusedCase => ({
    name: `a value that is ${inspect(value)}`,
    use: (res) => callUntyped(res, 'header', 'X-A', value),
    code: VALUE,
  })),
  ...[undefined, null, 1, {}, ['X-A']].map((name): RefusedCase => {
    return {
      name: `a name that is ${JSON.stringify(name)}`,
      use: (res) => callUntyped(res, 'header', name, '1'),
      code: NAME,
    };
  }),
  ...['trailers', 'earlyHints'].map((call): RefusedCase => {
    return {
      name: `a name in two spellings in ${call}()`,
      use: (res) => callUntyped(res, call, { 'X-A': '1', 'x-a': '2' }),
      code: REPEATED,
    };
  }),
  ...['trailers', 'earlyHints'].flatMap((call) => [
    ...[null, undefined, 'ab', 1, ['a'], new Map([['X-A', 'b']]), new Headers({ 'X-A': 'b' })].map(
      (fields): RefusedCase => ({
        name: `${inspect(fields)} as the fields of ${call}()`,
        use: (res) => callUntyped(res, call, fields),
        code: TYPE,
      }),
    ),
    {
      name: `Upgrade among the fields of ${call}(), which would name itself in Connection`,
      use: (res: HttpResponse) => callUntyped(res, call, { upgrade: 'x' }),
      code: FRAMING,
    },
  ]),
  ...[undefined, null, 5, ['X-A']].map((name): RefusedCase => {
    return {
      name: `${inspect(name)} as the name for removeHeader()`,
      use: (res) => callUntyped(res, 'removeHeader', name),
      code: NAME,
    };
  }),
  ...Object.entries<Use>({
    'header()': (res) => callUntyped(res, 'header', 'X-Fresh-1', undefined),
    'header(), in an array': (res) => callUntyped(res, 'header', 'X-Fresh-2', [undefined, 'a']),
    'append()': (res) => callUntyped(res, 'append', 'X-Fresh-3', undefined),
    'trailers()': (res) => callUntyped(res, 'trailers', { 'X-Fresh-4': undefined }),
    'earlyHints()': (res) => callUntyped(res, 'earlyHints', { 'X-Fresh-5': undefined }),
  }).map(([call, use]): RefusedCase => {
    return { name: `undefined for a name that ${call} sees for the first time`, use, code: VALUE };
  }),
  {
    name: 'an object whose text changes',
    use: (res) => callUntyped(res, 'header', 'X-A', shifty()),
    code: VALUE,
  },
  {
    name: 'fields of more than 64 KiB',
    use: (res) => {
      res.header('X-A', 'a'.repeat(70_000)).end();
    },
    code: VALUE,
  },
  {
    name: 'many fields of more than 64 KiB together',
    use: (res) => {
      for (let n = 0; n < 700; n++) res.append('X-A', 'a'.repeat(100));
      res.end();
    },
    code: VALUE,
  },
  {
    name: 'a reason phrase of two megabytes',
    use: (res) => {
      res.status(200, 'a'.repeat(2_000_000)).end();
    },
    code: REASON,
  },
];

/** Harmless when it is looked at first. */
function shifty(): object {
  let looks = 0;
  return { toString: () => (looks++ === 0 ? 'harmless' : EVIL) };
}

for (const { name, use, code } of REFUSED) {
  test(`${name} cannot be sent: it throws, nothing of it leaves, and another answer is possible`, async (t) => {
    let thrown: unknown;
    const { connect } = await startHandler(t, (_req, res) => {
      try {
        use(res);
      } catch (error) {
        thrown = error;
      }
      if (res.finished) return;
      for (const field of [
        'X-A',
        'Set-Cookie',
        'Content-Length',
        'Content-Type',
        'Location',
        'Date',
        'Connection',
      ]) {
        res.removeHeader(field);
      }
      res.status(500).end('refused');
    });
    const client = await connect();
    const answer = await client.ask(get('/'));
    assert.equal((thrown as { code?: string } | undefined)?.code, code, 'thrown in the handler');
    const isOfField = code !== STATUS && code !== TYPE;
    assert.equal(thrown instanceof InvalidHeaderError, isOfField, 'the class of all that names a field');
    assert.equal(answer.status, 500);
    assert.equal(answer.reason, 'Internal Server Error');
    assert.equal(answer.text, 'refused');
    assert.deepEqual(answer.fields.map(([field]) => field).toSorted(), ['Content-Length', 'Date']);
    assert.equal((await client.stillServes(get('/'))).text, 'refused');
  });
}

test('a refused reason phrase leaves the status as it was', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    res.status(201);
    assert.throws(() => res.status(404, EVIL), { name: 'InvalidHeaderError', field: 'reason' });
    res.end();
  });
  assert.equal((await (await connect()).ask(get('/'))).status, 201);
});

test('fields in a Map are refused with a hint', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    const fields = new Map([['X-A', 'b']]);
    assert.throws(() => callUntyped(res, 'trailers', fields), {
      name: 'OptionError',
      message: /^trailers\(\): 'fields' must be a plain object .* use Object\.fromEntries\(\)$/,
    });
    res.trailers(Object.fromEntries(fields)).end();
  });
  assert.deepEqual((await (await connect()).ask(get('/'))).trailers, [['X-A', 'b']]);
});

test('names that could not be set can be removed', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    res.removeHeader('Transfer-Encoding').removeHeader('').end('x');
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'x');
});

test('a handler that lets such an error pass answers 500 without what it had set', async (t) => {
  const { server, connect } = await startHandler(t, (_req, res) => {
    res.status(201).header('X-Secret', 'set before').header('X-A', EVIL).end();
  });
  const codes: unknown[] = [];
  server.on('error', (error) => codes.push((error as { code: string }).code));
  const answer = await (await connect()).ask(get('/'));
  assert.equal(answer.status, 500);
  assert.equal(answer.text, 'Internal Server Error');
  assert.equal(answer.headers['x-secret'], undefined);
  assert.deepEqual(codes, [VALUE]);
});

test('an error about a value does not repeat the value, which may be a secret', async (t) => {
  let message = '';
  const { connect } = await startHandler(t, (_req, res) => {
    try {
      res.header('Set-Cookie', 'session=hunter2\n');
    } catch (error) {
      message = (error as Error).message;
    }
    res.end();
  });
  await (await connect()).ask(get('/'));
  assert.match(message, /Set-Cookie/);
  assert.doesNotMatch(message, /hunter2/);
});

test('the largest fields that can be sent arrive, next to a body', async (t) => {
  const value = 'a'.repeat(65_000);
  const { connect } = await startHandler(t, (req, res) => {
    res.header('X-A', value).end('é'.repeat(Number(req.query)));
  });
  const client = await connect();
  for (const units of [0, 100, 16 * 1024, 16 * 1024 + 1]) {
    client.send(get(`/?${String(units)}`).repeat(10));
    for (const answer of await client.answers(10)) {
      assert.equal(answer.headers['x-a'], value);
      assert.equal(answer.text, 'é'.repeat(units));
    }
  }
});
