// Which answers are compressed, and how their fields change (RFC 9110 §8.4, §8.8.3.3, §12.5.3).

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import type { Handler, HttpResponse, ServerOptions } from 'millrace';

import type { Answer } from '../helpers/answer-reader.js';
import { decoded, GZIP, lines } from '../helpers/compressed.js';
import { get, head, type Fields } from '../helpers/requests.js';
import { startHandler, startServer } from '../helpers/server.js';

const TEXT = lines(5000);
const ALL: ServerOptions = { compression: true };

/** The answer of a handler to one GET. */
async function ask(
  t: Parameters<typeof startHandler>[0],
  respond: (res: HttpResponse) => void,
  fields: Fields = GZIP,
  options: ServerOptions = ALL,
): Promise<Answer> {
  const handler: Handler = (_req, res) => {
    respond(res);
  };
  const { connect } = await startHandler(t, handler, options);
  return (await connect()).ask(get('/', fields));
}

function isCompressed(answer: Answer, body: string | Uint8Array): void {
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.equal(answer.headers['vary'], 'Accept-Encoding');
  assert.ok(answer.body.length < body.length);
  assert.ok(decoded(answer).equals(Buffer.from(body)));
}

const WAYS: Readonly<
  Record<string, readonly [respond: (res: HttpResponse) => void, type: string, body: string]>
> = {
  'json()': [
    (res) => {
      res.json({ TEXT });
    },
    'application/json',
    JSON.stringify({ TEXT }),
  ],
  'text()': [
    (res) => {
      res.text(TEXT);
    },
    'text/plain; charset=utf-8',
    TEXT,
  ],
  'html()': [
    (res) => {
      res.html(TEXT);
    },
    'text/html; charset=utf-8',
    TEXT,
  ],
  'a type of its own': [
    (res) => {
      res.header('Content-Type', 'image/svg+xml').end(TEXT);
    },
    'image/svg+xml',
    TEXT,
  ],
  'a type in capitals': [
    (res) => {
      res.header('content-type', 'Application/JSON ; a=b').end(TEXT);
    },
    'Application/JSON ; a=b',
    TEXT,
  ],
  'text() with another type': [
    (res) => {
      res.header('Content-Type', 'text/csv').text(TEXT);
    },
    'text/csv',
    TEXT,
  ],
  bytes: [
    (res) => {
      res.header('Content-Type', 'text/css').end(Buffer.from(TEXT));
    },
    'text/css',
    TEXT,
  ],
  'an error': [
    (res) => {
      res.status(404, 'Nowhere').text(TEXT);
    },
    'text/plain; charset=utf-8',
    TEXT,
  ],
};

for (const [what, [respond, type, body]] of Object.entries(WAYS)) {
  test(`${what} is compressed, with its length and its type`, async (t) => {
    const answer = await ask(t, respond);
    isCompressed(answer, body);
    assert.equal(answer.headers['content-type'], type);
    assert.equal(answer.headers['content-length'], String(answer.body.length));
    if (what === 'an error') assert.deepEqual([answer.status, answer.reason], [404, 'Nowhere']);
  });
}

test('other clients get it as it is, and caches are told that it depends', async (t) => {
  const answer = await ask(
    t,
    (res) => {
      res.text(TEXT);
    },
    {},
  );
  assert.deepEqual(
    [answer.headers['content-encoding'], answer.headers['vary'], answer.text],
    [undefined, 'Accept-Encoding', TEXT],
  );
});

const NOT_MODIFIED: Readonly<Record<string, (res: HttpResponse) => void>> = {
  'with a type': (res) => {
    res.status(304).header('Content-Type', 'text/html').end();
  },
  'with a body, which is not sent': (res) => {
    res.status(304).text(TEXT);
  },
  'in pieces': (res) => {
    res.status(304).header('Content-Type', 'text/html').write('x');
    res.end();
  },
};

for (const [how, respond] of Object.entries(NOT_MODIFIED)) {
  test(`a 304 has the Vary of its 200 (RFC 9110 §15.4.5): ${how}`, async (t) => {
    for (const asked of [GZIP, {}]) {
      const answer = await ask(t, respond, asked);
      assert.deepEqual(
        [answer.status, answer.headers['vary'], answer.headers['content-encoding'], answer.text],
        [304, 'Accept-Encoding', undefined, ''],
      );
    }
  });
}

test('without the option nothing is compressed, and nothing is said of it', async (t) => {
  for (const options of [{}, { compression: false }, { compression: undefined }]) {
    const answer = await ask(
      t,
      (res) => {
        res.text(TEXT);
      },
      GZIP,
      options,
    );
    assert.deepEqual(
      [answer.headers['content-encoding'], answer.headers['vary'], answer.text],
      [undefined, undefined, TEXT],
    );
  }
});

const ACCEPTED: readonly (readonly [accept: string | readonly string[] | undefined, compressed: boolean])[] =
  [
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['x-gzip', true],
    ['deflate, br, gzip', true],
    ['br, zstd, deflate', false],
    ['gzip;q=0', false],
    ['gzip;q=0.000', false],
    ['gzip;q=0.001', true],
    ['gzip;q=0.002, identity;q=0.001', true],
    ['gzip ; q=0.5', true],
    ['*', true],
    ['*;q=0', false],
    ['gzip;q=0, *', false],
    ['*;q=0, gzip', true],
    ['identity', false],
    ['identity;q=0, gzip', true],
    ['identity;q=0', false],
    ['identity, gzip;q=0.5', false],
    ['gzip;q=2', false],
    ['gzipped', false],
    [['br', 'gzip'], true],
    [['gzip;q=0.1', 'identity;q=0.9'], false],
    [['gzip;q=0', '*'], false],
    [['br', '', '*;q=0', 'x-gzip;q=0.3'], true],
  ];

test('Accept-Encoding decides, with its weights and over several lines', async (t) => {
  const { connect } = await startHandler(
    t,
    (_req, res) => {
      res.text(TEXT);
    },
    ALL,
  );
  const client = await connect();
  const wrong: string[] = [];
  for (const [accept, compressed] of ACCEPTED) {
    const fields: Fields = accept === undefined ? {} : { 'Accept-Encoding': accept };
    const answer = await client.ask(get('/', fields));
    assert.equal(decoded(answer).toString(), TEXT);
    assert.equal(answer.headers['vary'], 'Accept-Encoding');
    if ((answer.headers['content-encoding'] === 'gzip') !== compressed) wrong.push(JSON.stringify(accept));
  }
  assert.deepEqual(wrong, []);
});

const DEFAULT_TYPES = {
  yes: [
    'text/plain',
    'text/x-anything',
    'application/json',
    'application/javascript',
    'application/xml',
    'application/wasm',
    'application/x-ndjson',
    'application/problem+json',
    'application/atom+xml',
    'image/svg+xml',
    'font/ttf',
    'font/otf',
  ],
  no: [
    'image/png',
    'application/octet-stream',
    'application/jsonp',
    'application/json5',
    'text',
    'text/',
    'font/woff2',
    'text/event-stream',
    'text/event-stream; charset=utf-8',
    'Text/Event-Stream',
    'x/text/plain',
    '+json',
    'video/mp4',
  ],
};

async function compressedAmong(
  t: Parameters<typeof startHandler>[0],
  types: readonly string[],
  options: ServerOptions,
): Promise<string[]> {
  const handler: Handler = (req, res) => {
    res.header('Content-Type', decodeURIComponent(req.path.slice(1))).end(TEXT);
  };
  const { connect } = await startHandler(t, handler, options);
  const client = await connect();
  const compressed: string[] = [];
  for (const type of types) {
    const answer = await client.ask(get(`/${encodeURIComponent(type)}`, GZIP));
    const isGzip = answer.headers['content-encoding'] === 'gzip';
    assert.equal(answer.headers['vary'], isGzip ? 'Accept-Encoding' : undefined, type);
    if (isGzip) compressed.push(type);
    assert.equal(decoded(answer).toString(), TEXT);
  }
  return compressed;
}

test('by default what is text in the wide sense is compressed, and no streams of events', async (t) => {
  const { yes, no } = DEFAULT_TYPES;
  assert.deepEqual(await compressedAmong(t, [...yes, ...no], ALL), yes);
});

test('types take the place of the default ones: names, groups and suffixes, in any case', async (t) => {
  const types = ['Image/*', '*+JSON', 'x/y', 'text/event-stream'];
  const asked = [
    'image/bmp',
    'image/',
    'a/b+json',
    'x/y',
    'x/yz',
    'x/Y;a=b',
    'text/plain',
    'text/event-stream',
    'application/json',
  ];
  assert.deepEqual(await compressedAmong(t, asked, { compression: { types } }), [
    'image/bmp',
    'a/b+json',
    'x/y',
    'x/Y;a=b',
    'text/event-stream',
  ]);
});

test('no types: nothing', async (t) => {
  assert.deepEqual(
    await compressedAmong(t, ['text/plain', 'application/json'], { compression: { types: [] } }),
    [],
  );
});

test('without a Content-Type nothing is compressed', async (t) => {
  const answer = await ask(t, (res) => {
    res.end(TEXT);
  });
  assert.deepEqual(
    [answer.headers['content-encoding'], answer.headers['vary'], answer.text],
    [undefined, undefined, TEXT],
  );
});

test('shorter bodies than the threshold are not compressed, with the same Vary', async (t) => {
  for (const [threshold, bytes, compressed] of [
    [undefined, 1023, false],
    [undefined, 1024, true],
    [100, 99, false],
    [100, 100, true],
    [5000, 4999, false],
    [0, 200, true],
  ] as const) {
    const body = lines(bytes);
    const answer = await ask(
      t,
      (res) => {
        res.text(body);
      },
      GZIP,
      { compression: { threshold } },
    );
    assert.equal(
      answer.headers['content-encoding'] === 'gzip',
      compressed,
      `${String(bytes)} of ${String(threshold)}`,
    );
    assert.equal(answer.headers['vary'], 'Accept-Encoding');
    assert.equal(decoded(answer).toString(), body);
  }
});

test('an empty body is left alone, whatever the threshold', async (t) => {
  const answer = await ask(
    t,
    (res) => {
      res.text('');
    },
    GZIP,
    { compression: { threshold: 0 } },
  );
  assert.deepEqual([answer.headers['content-encoding'], answer.headers['content-length']], [undefined, '0']);
});

test('what does not become smaller is sent as it is', async (t) => {
  const noise = randomBytes(20_000);
  const answer = await ask(t, (res) => {
    res.header('Content-Type', 'text/plain').end(noise);
  });
  assert.deepEqual(
    [answer.headers['content-encoding'], answer.headers['vary']],
    [undefined, 'Accept-Encoding'],
  );
  assert.ok(answer.body.equals(noise));
});

test('the level is that of zlib', async (t) => {
  const text = lines(100_000);
  for (const level of [1, 6, 9]) {
    const answer = await ask(
      t,
      (res) => {
        res.text(text);
      },
      GZIP,
      { compression: { level } },
    );
    assert.equal(decoded(answer).toString(), text);
    // Byte for byte but for the system's number, which is in the head.
    assert.ok(answer.body.subarray(10).equals(gzipSync(text, { level }).subarray(10)), String(level));
  }
});

const VARY: readonly (readonly [own: string | readonly string[], sent: string])[] = [
  ['Origin', 'Origin, Accept-Encoding'],
  ['accept-encoding', 'accept-encoding'],
  ['Origin, Accept-Encoding', 'Origin, Accept-Encoding'],
  [['Origin', 'Cookie'], 'Origin, Cookie, Accept-Encoding'],
  ['*', '*'],
  ['Origin, *', 'Origin, *'],
  ['X-Accept-Encoding', 'X-Accept-Encoding, Accept-Encoding'],
];

for (const [own, sent] of VARY) {
  test(`Vary: ${String(own)} becomes ${sent}, compressed or not`, async (t) => {
    const { connect } = await startHandler(
      t,
      (_req, res) => {
        res.header('Vary', own).text(TEXT);
      },
      ALL,
    );
    const client = await connect();
    for (const fields of [GZIP, {}]) assert.equal((await client.ask(get('/', fields))).headers['vary'], sent);
  });
}

test('a strong ETag becomes weak where it is compressed, and only there; a weak one stays', async (t) => {
  for (const [own, sent] of [
    ['"a"', 'W/"a"'],
    ['W/"a"', 'W/"a"'],
  ] as const) {
    const { connect } = await startHandler(
      t,
      (_req, res) => {
        res.header('ETag', own).text(TEXT);
      },
      ALL,
    );
    const client = await connect();
    assert.equal((await client.ask(get('/', GZIP))).headers['etag'], sent);
    assert.equal((await client.ask(get('/'))).headers['etag'], own);
  }
});

test('a Content-Length of the app’s is that of the body, and of what is compressed another one', async (t) => {
  const { connect } = await startHandler(
    t,
    (_req, res) => {
      res.header('Content-Length', TEXT.length).text(TEXT);
    },
    ALL,
  );
  const client = await connect();
  isCompressed(await client.ask(get('/', GZIP)), TEXT);
  assert.equal((await client.ask(get('/'))).headers['content-length'], String(TEXT.length));
});

const LEFT_ALONE: Readonly<Record<string, (res: HttpResponse) => void>> = {
  'an own Content-Encoding': (res) => {
    res.header('content-encoding', 'br').text(TEXT);
  },
  'a Content-Encoding: identity': (res) => {
    res.header('Content-Encoding', 'identity').text(TEXT);
  },
  'Cache-Control: no-transform': (res) => {
    res.header('Cache-Control', 'public, No-Transform').text(TEXT);
  },
  'a Content-Digest': (res) => {
    res.header('Content-Digest', 'sha-256=:AA==:').text(TEXT);
  },
  'a Repr-Digest': (res) => {
    res.header('Repr-Digest', 'sha-256=:AA==:').text(TEXT);
  },
  'a digest that comes as a trailer': (res) => {
    res.header('Trailer', 'Content-Digest').header('Content-Type', 'text/plain').write(TEXT);
    res.trailers({ 'Content-Digest': 'sha-256=:AA==:' }).end();
  },
  'a 206': (res) => {
    res.status(206).header('Content-Range', 'bytes 0-4999/9999').text(TEXT);
  },
  'a Content-Range': (res) => {
    res.header('Content-Range', 'bytes 0-4999/9999').text(TEXT);
  },
  'a 204': (res) => {
    res.status(204).text(TEXT);
  },
  'a 304 of which nobody says what it is of': (res) => {
    res.status(304).header('ETag', '"a"').end();
  },
  'a 304 of a picture': (res) => {
    res.status(304).header('ETag', '"a"').header('Content-Type', 'image/png').end();
  },
};

for (const [what, respond] of Object.entries(LEFT_ALONE)) {
  test(`${what} is left alone, to the byte`, async (t) => {
    const answers = [await ask(t, respond), await ask(t, respond, GZIP, {})];
    for (const answer of answers) assert.ok(answer.status !== 200 || answer.text === TEXT);
    assert.deepEqual({ ...answers[0]!.headers, date: '' }, { ...answers[1]!.headers, date: '' });
    assert.ok(answers[0]!.body.equals(answers[1]!.body));
  });
}

const HEAD_ANSWERS: Readonly<Record<string, (res: HttpResponse) => void>> = {
  'in one piece': (res) => {
    res.text(TEXT);
  },
  'in pieces': (res) => {
    res.header('Content-Type', 'text/plain').write(TEXT);
    res.end();
  },
  'without the body, with its length': (res) => {
    res.header('Content-Type', 'text/plain').header('Content-Length', 5000).end();
  },
};

for (const [name, answerWith] of Object.entries(HEAD_ANSWERS)) {
  test(`HEAD is told what GET is, but for the length of what has not been compressed: ${name} (RFC 9110 §8.6)`, async (t) => {
    const { connect } = await startHandler(
      t,
      (_req, res) => {
        res.header('ETag', '"a"');
        answerWith(res);
      },
      ALL,
    );
    const client = await connect();
    const { headers } = await client.ask(head('HEAD', '/', GZIP), { head: true });
    assert.deepEqual(
      [headers['content-encoding'], headers['vary'], headers['etag'], headers['content-length']],
      ['gzip', 'Accept-Encoding', 'W/"a"', undefined],
    );
    // Without one and without the other clients would not use the connection again.
    assert.equal(headers['transfer-encoding'], 'chunked');
    const plain = await client.ask(head('HEAD', '/'), { head: true });
    assert.deepEqual([plain.headers['content-encoding'], plain.headers['etag']], [undefined, '"a"']);
    if (name === 'in one piece') assert.equal(plain.headers['content-length'], String(TEXT.length));
  });
}

test('to HEAD of nothing there is nothing to compress', async (t) => {
  const respond: Handler = (_req, res) => {
    res.text('');
  };
  const { connect } = await startHandler(t, respond, { compression: { threshold: 0 } });
  const client = await connect();
  for (const method of ['HEAD', 'GET']) {
    const { headers } = await client.ask(head(method, '/', GZIP), { head: method === 'HEAD' });
    assert.deepEqual([headers['content-encoding'], headers['content-length']], [undefined, '0'], method);
  }
});

test('a 304 with the length of its 200 says nothing of what that one would not have (RFC 9110 §8.6)', async (t) => {
  const { connect } = await startHandler(
    t,
    (req, res) => {
      res.status(304).header('Content-Type', 'text/plain').header('ETag', '"a"');
      res.header('Content-Length', req.path.slice(1)).end();
    },
    ALL,
  );
  const client = await connect();
  for (const [length, fields, seen] of [
    ['5000', GZIP, [undefined, 'W/"a"']],
    ['5000', {}, ['5000', '"a"']],
  ] as const) {
    const { headers } = await client.ask(get(`/${length}`, fields));
    assert.deepEqual([headers['content-length'], headers['etag']], seen);
    assert.equal(headers['vary'], 'Accept-Encoding');
  }
});

test('other methods are answered compressed, too', async (t) => {
  const { connect } = await startHandler(
    t,
    (_req, res) => {
      res.text(TEXT);
    },
    ALL,
  );
  const client = await connect();
  for (const method of ['POST', 'DELETE', 'OPTIONS', 'QUERY'])
    isCompressed(await client.ask(head(method, '/', { ...GZIP, 'Content-Length': '0' })), TEXT);
});

test('an HTTP/1.0 client that asks for it gets it, with a length', async (t) => {
  const { connect } = await startHandler(
    t,
    (_req, res) => {
      res.text(TEXT);
    },
    ALL,
  );
  const client = await connect();
  isCompressed(await client.ask('GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n'), TEXT);
  await client.ended();
});

test('large bodies come whole, of any length around the windows', async (t) => {
  const KIB = 1024;
  const handler: Handler = (req, res) => {
    res.header('Content-Type', 'text/plain').end(Buffer.from(lines(Number(req.path.slice(1)))));
  };
  const { connect } = await startHandler(t, handler, ALL);
  const client = await connect();
  for (const bytes of [
    16 * KIB,
    64 * KIB - 1,
    64 * KIB,
    128 * KIB,
    128 * KIB + 1,
    320 * KIB,
    1024 * KIB + 7,
    5_000_000,
  ]) {
    const expected = lines(bytes);
    const answer = await client.ask(get(`/${String(bytes)}`, GZIP));
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.ok(decoded(answer).equals(Buffer.from(expected)), String(bytes));
    assert.equal((await client.ask(get(`/${String(bytes)}`))).text, expected);
  }
});

test('a large body changed behind the answer’s back is none of the client’s business up to 128 KiB', async (t) => {
  const bytes = Buffer.from(lines(100_000));
  const expected = Buffer.from(bytes);
  const answer = await ask(t, (res) => {
    res.header('Content-Type', 'text/plain').end(bytes);
    bytes.fill(0);
  });
  assert.ok(decoded(answer).equals(expected));
});

test('what the server answers by itself is not compressed: reply(), 404, 405', async (t) => {
  const { connect } = await startServer(t, ALL, (server) => {
    server.reply('GET', '/canned', { headers: { 'Content-Type': 'text/plain' }, body: TEXT });
  });
  const client = await connect();
  const canned = await client.ask(get('/canned', GZIP));
  assert.deepEqual(
    [canned.headers['content-encoding'], canned.headers['vary'], canned.text],
    [undefined, undefined, TEXT],
  );
  for (const request of [get('/nowhere', GZIP), head('DELETE', '/canned', GZIP)])
    assert.equal((await client.ask(request)).headers['vary'], undefined);
});

test('a 205 has no content, whatever the threshold and however it is given', async (t) => {
  const handler: Handler = (req, res) => {
    res.status(205).header('Content-Type', 'text/plain');
    if (req.path === '/pieces') res.write('ignored');
    res.end();
  };
  const { connect } = await startHandler(t, handler, { compression: { threshold: 0 } });
  const client = await connect();
  for (const target of ['/pieces', '/whole']) {
    const { headers, body } = await client.ask(get(target, GZIP));
    assert.deepEqual(
      [headers['content-length'], headers['content-encoding'], body.length],
      ['0', undefined, 0],
      target,
    );
  }
});
