import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Handler } from 'millrace';

import { chunked, get, head, post, postChunked } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';

const LIMIT = 1024 * 1024;

/** Answers the body, and says in a field how long it was. */
const echo: Handler = async (req, res) => {
  const body = await req.buffer();
  res.header('X-Length', body.length).end(body);
};

/** Text whose every part is different, so that a part in the wrong place is seen. */
function textOf(length: number): string {
  let text = '';
  for (let n = 0; text.length < length; n++) text += `${String(n)},`;
  return text.slice(0, length);
}

function inPieces(text: string, size: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
  return pieces;
}

const KIB = 1024;
/** Around the sizes where the way of a body through the server changes. */
const SIZES = [
  0,
  1,
  63,
  64,
  65,
  4 * KIB,
  16 * KIB - 1,
  16 * KIB,
  16 * KIB + 1,
  64 * KIB,
  100_001,
  LIMIT - 1,
  LIMIT,
];

for (const size of SIZES) {
  test(`a body of ${String(size)} bytes arrives, by Content-Length and chunked`, async (t) => {
    const { connect } = await startHandler(t, echo);
    const client = await connect();
    const text = textOf(size);
    const requests = [
      post('/', text),
      postChunked('/', text === '' ? [] : [text]),
      postChunked('/', inPieces(text, 1000)),
    ];
    for (const request of requests) {
      const answer = await client.ask(request);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['x-length'], String(size));
      assert.ok(answer.text === text, 'another body than was sent');
    }
  });

  test(`a body of ${String(size)} bytes arrives when its head comes first and it follows in pieces`, async (t) => {
    const { connect } = await startHandler(t, echo);
    const client = await connect();
    const text = textOf(size);
    for (const request of [post('/', text), postChunked('/', inPieces(text, 7001))]) {
      const endOfHead = request.indexOf('\r\n\r\n') + 4;
      const length = request.length;
      const cuts = [endOfHead, endOfHead + 1, Math.floor((endOfHead + length) / 2), length - 1];
      await client.sendCut(
        request,
        [...new Set(cuts)].filter((cut) => cut < length).sort((a, b) => a - b),
      );
      const answer = await client.answer();
      assert.equal(answer.headers['x-length'], String(size));
      assert.ok(answer.text === text, 'another body than was sent');
    }
  });
}

const TOO_LARGE: readonly { name: string; request: string }[] = [
  {
    name: 'by its Content-Length, before any of it has come',
    request: head('POST', '/', { 'Content-Length': String(LIMIT + 1) }),
  },
  {
    name: 'by a Content-Length that fills 63 bits',
    request: head('POST', '/', { 'Content-Length': '9223372036854775807' }),
  },
  {
    name: 'by a Content-Length above 64 bits',
    request: head('POST', '/', { 'Content-Length': '99999999999999999999' }),
  },
  {
    name: 'by the size of one chunk, before any of it has come',
    request: head('POST', '/', { 'Transfer-Encoding': 'chunked' }) + `${(LIMIT + 1).toString(16)}\r\n`,
  },
  {
    name: 'by chunks that are too much together',
    request:
      head('POST', '/', { 'Transfer-Encoding': 'chunked' }) +
      chunked(inPieces(textOf(LIMIT), 4096)).slice(0, -5) +
      '1\r\n',
  },
  { name: 'to a GET', request: head('GET', '/', { 'Content-Length': String(LIMIT + 1) }) },
];

for (const { name, request } of TOO_LARGE) {
  test(`a body that is too large is refused with 413 ${name}`, async (t) => {
    let ran = false;
    const { server, connect } = await startHandler(t, async (req, res) => {
      await req.buffer();
      ran = true;
      res.end();
    });
    const client = await connect();
    const answer = await client.ask(request);
    assert.equal(answer.status, 413);
    assert.equal(answer.headers['connection'], 'close');
    assert.equal(await client.ended(), 'fin');
    assert.equal(ran, false);
    assert.equal(server.stats().requests.refused, 1);
  });
}

test('a client that sends a body of 3 MiB without waiting gets its 413, and no reset before', async (t) => {
  const { connect } = await startHandler(t, echo);
  const client = await connect();
  client.send(post('/', textOf(3 * LIMIT)));
  assert.equal((await client.answer()).status, 413);
});

const READERS: readonly { name: string; body: string; handler: Handler; text: string }[] = [
  {
    name: 'buffer() gives bytes',
    body: '\u0000\u00ff\u0080',
    handler: async (req, res) => {
      res.end((await req.buffer()).toString('hex'));
    },
    text: '00ff80',
  },
  {
    name: 'text() decodes UTF-8',
    body: Buffer.from('é€😀').toString('latin1'),
    handler: async (req, res) => {
      res.end(await req.text());
    },
    text: 'é€😀',
  },
  {
    name: 'text() puts U+FFFD in the place of what is not UTF-8',
    body: 'a\u00ffb',
    handler: async (req, res) => {
      res.end(await req.text());
    },
    text: 'a\ufffdb',
  },
  {
    name: 'text() drops a byte order mark, and only one at the start',
    body: '\u00ef\u00bb\u00bfa\u00ef\u00bb\u00bf',
    handler: async (req, res) => {
      res.end(await req.text());
    },
    text: 'a\ufeff',
  },
  {
    name: 'json() parses',
    body: '{"a":[1,"\u00c3\u00a9"]}',
    handler: async (req, res) => {
      res.json(await req.json());
    },
    text: '{"a":[1,"é"]}',
  },
  {
    name: 'json() takes a byte order mark for none',
    body: '\u00ef\u00bb\u00bf[1]',
    handler: async (req, res) => {
      res.json(await req.json());
    },
    text: '[1]',
  },
  {
    name: 'json() of any JSON value',
    body: ' null ',
    handler: async (req, res) => {
      res.json(await req.json());
    },
    text: 'null',
  },
  {
    name: 'a body can be read more than once, in every form',
    body: '[1]',
    handler: async (req, res) => {
      const all = [
        await req.json<number[]>(),
        await req.text(),
        (await req.buffer()).toString(),
        await req.text(),
      ];
      res.json(all);
    },
    text: '[[1],"[1]","[1]","[1]"]',
  },
  {
    name: 'a body can be read long after the answer',
    body: 'later',
    handler: (req, res) => {
      res.end('answered');
      setImmediate(
        () =>
          void req.text().then((text) => {
            assert.equal(text, 'later');
          }),
      );
    },
    text: 'answered',
  },
];

for (const { name, body, handler, text } of READERS) {
  for (const padding of [0, 20_000]) {
    // White space in front: the same body, once in the arena and once beside it. Only JSON does not mind.
    if (padding > 0 && !/^json\(\) (parses|of)/.test(name)) continue;
    test(`${name}${padding > 0 ? ', also a large one' : ''}`, async (t) => {
      const { connect } = await startHandler(t, handler);
      const answer = await (await connect()).ask(post('/', ' '.repeat(padding) + body));
      assert.equal(answer.status, 200);
      assert.equal(answer.text, text);
    });
  }
}

test('a request without a body has an empty one', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    res.json([(await req.buffer()).length, await req.text()]);
  });
  const client = await connect();
  for (const request of [get('/'), post('/', ''), postChunked('/', [])]) {
    assert.equal((await client.ask(request)).text, '[0,""]');
  }
});

test('the buffer of a body is its reader own: changing it changes no other request', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    const body = await req.buffer();
    res.end(Buffer.from(body));
    body.fill(0);
  });
  const client = await connect();
  for (const size of [0, 10, 20_000]) {
    client.send(post('/', 'a'.repeat(size)) + post('/', 'b'.repeat(size)));
    assert.equal((await client.answer()).text, 'a'.repeat(size));
    assert.equal((await client.answer()).text, 'b'.repeat(size));
  }
});

for (const body of ['', '{', '{"a":}', 'undefined', '\u00ff', '{}x']) {
  test(`json() of ${JSON.stringify(body)} is the client's mistake: 400, and no word on stderr`, async (t) => {
    const complaints = t.mock.method(console, 'error', () => undefined);
    const { server, connect } = await startHandler(t, async (req, res) => {
      res.json(await req.json());
    });
    const client = await connect();
    const answer = await client.ask(post('/', body));
    assert.equal(answer.status, 400);
    assert.doesNotMatch(answer.text, /JSON|Unexpected/, 'the message stays here');
    assert.equal(complaints.mock.callCount(), 0);
    const failed: unknown[] = [];
    server.on('error', (error) => failed.push(error));
    await client.ask(post('/', body));
    assert.equal((failed[0] as { code?: string }).code, 'ERR_MILLRACE_BODY_JSON');
  });
}

test('a handler that catches what json() rejects with answers what it likes', async (t) => {
  const { connect } = await startHandler(t, async (req, res) => {
    await req.json().catch((error: unknown) => {
      res.status(422).end((error as { code: string }).code);
    });
  });
  const answer = await (await connect()).ask(post('/', '{'));
  assert.equal(answer.status, 422);
  assert.equal(answer.text, 'ERR_MILLRACE_BODY_JSON');
});

test('trailer fields of a chunked body are dropped (RFC 9110 §6.5.1)', async (t) => {
  const { connect } = await startHandler(t, (req, res) => {
    res.json([req.rawHeaders, req.header('x-t')]);
  });
  const body = chunked(['abc']).slice(0, -2);
  const client = await connect();
  const answer = await client.ask(
    `${head('POST', '/', { 'Transfer-Encoding': 'chunked' })}${body}X-T: 1\r\n\r\n`,
  );
  assert.equal(answer.text, '[["Host","test","Transfer-Encoding","chunked"],null]');
  assert.equal((await client.stillServes(get('/'))).status, 200);
});
