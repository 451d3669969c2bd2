import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { get, head } from '../helpers/requests.js';
import { startHandler, startServer } from '../helpers/server.js';
import { callUntyped } from '../helpers/untyped.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Around the sizes where the way of a body changes: short strings are written by a loop, bodies up to 16 Ki units travel
 * in the arena (as UTF-8 up to 48 KiB), larger ones beside it, encoded in memory that is used again where 256 KiB are surely
 * enough; and more than a socket takes at once.
 */
const SIZES = [
  1,
  62,
  63,
  64,
  65,
  66,
  1000,
  4 * KIB,
  16 * KIB - 1,
  16 * KIB,
  16 * KIB + 1,
  48 * KIB - 1,
  48 * KIB,
  48 * KIB + 1,
  64 * KIB,
  87_381,
  87_382,
  5 * MIB,
];

/** One, two, three and four bytes of UTF-8 for a character; the last takes two units of a string. */
const ALPHABETS = {
  ASCII: 'ab',
  'two bytes': 'éß',
  'three bytes': '€漢',
  'four bytes': '😀🚀',
  mixed: 'aé€😀',
};

/** That many units, or one less where a character of two units does not fit. */
function textOf(units: number, alphabet: string): string {
  const characters = Array.from(alphabet);
  const count = Math.floor(units / alphabet.length) * characters.length;
  let text = characters.join('').repeat(count / characters.length);
  for (const character of characters) if (text.length + character.length <= units) text += character;
  return text;
}

for (const [alphabet, characters] of Object.entries(ALPHABETS)) {
  test(`text of every size arrives: ${alphabet}`, async (t) => {
    const { connect } = await startHandler(t, (req, res) => {
      res.end(textOf(Number(req.query), characters));
    });
    const client = await connect();
    for (const size of SIZES) {
      const text = textOf(size, characters);
      const answer = await client.ask(get(`/?${String(size)}`));
      assert.equal(
        answer.headers['content-length'],
        String(Buffer.byteLength(text)),
        `${String(size)} units`,
      );
      assert.ok(answer.text === text, `another text of ${String(size)} units than was sent`);
    }
  });

  test(`text arrives when a single character of ${alphabet} stands at any place of a short string`, async (t) => {
    const texts: string[] = [];
    for (let length = 1; length < 70; length += 7) {
      for (let at = 0; at < length; at++)
        texts.push(`${'x'.repeat(at)}${characters}${'x'.repeat(length - at)}`);
    }
    const { connect } = await startHandler(t, (req, res) => {
      res.end(texts[Number(req.query)]);
    });
    const client = await connect();
    client.send(texts.map((_, n) => get(`/?${String(n)}`)).join(''));
    for (const text of texts) assert.equal((await client.answer()).text, text);
  });
}

test('half a surrogate pair is sent as U+FFFD', async (t) => {
  const texts = ['\ud83d', 'a\ude00b', `${'x'.repeat(70)}\ud83d`, `\ud83d${'x'.repeat(20_000)}`];
  const { connect } = await startHandler(t, (req, res) => {
    res.end(texts[Number(req.query)]);
  });
  const client = await connect();
  for (const [n, text] of texts.entries()) {
    assert.equal((await client.ask(get(`/?${String(n)}`))).text, Buffer.from(text).toString());
  }
});

const COPIED_BYTES = 128 * 1024;

const MAKERS: Readonly<Record<string, (bytes: Buffer) => Uint8Array>> = {
  'a Buffer': (bytes) => bytes,
  'a Uint8Array': (bytes) => new Uint8Array(bytes),
  'a part of a larger buffer': (bytes) =>
    Buffer.concat([Buffer.alloc(7), bytes, Buffer.alloc(9)]).subarray(7, -9),
  'shared memory': (bytes) => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    return shared;
  },
};

for (const [what, make] of Object.entries(MAKERS)) {
  test(`${what} of every size arrives, and up to 128 KiB may be changed as soon as end() has returned`, async (t) => {
    const bytesOf = (size: number): Buffer =>
      Buffer.from(Array.from({ length: size }, (_, n) => n * 7 + (n >> 8)));
    const all = new Map(SIZES.map((size) => [size, bytesOf(size)]));
    const { connect } = await startHandler(t, (req, res) => {
      const body = make(Buffer.from(all.get(Number(req.query))!));
      res.end(body);
      if (body.length <= COPIED_BYTES) body.fill(0xaa);
    });
    const client = await connect();
    for (const [size, bytes] of all) {
      const answer = await client.ask(get(`/?${String(size)}`));
      assert.ok(answer.body.equals(bytes), `other bytes than were sent, of ${String(size)}`);
    }
  });
}

test('bodies of all sizes, pipelined, arrive whole and in order', async (t) => {
  const { connect } = await startHandler(t, (req, res) => {
    res.end(textOf(Number(req.query), `${req.query},`));
  });
  const client = await connect();
  const sizes = [...SIZES, ...SIZES.toReversed()];
  client.send(sizes.map((size) => get(`/?${String(size)}`)).join(''));
  for (const size of sizes) {
    const answer = await client.answer();
    assert.ok(answer.text === textOf(size, `${String(size)},`), `another text of ${String(size)} units`);
  }
});

test('many large answers at once, to many clients, do not mix', async (t) => {
  const { connect } = await startHandler(t, (req, res) => {
    res.end(textOf(200_000, `${req.query},`));
  });
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect()));
  for (const [n, client] of clients.entries()) client.send(get(`/?a${String(n)}`) + get(`/?b${String(n)}`));
  for (const [n, client] of clients.entries()) {
    for (const letter of ['a', 'b']) {
      assert.ok((await client.answer()).text === textOf(200_000, `${letter}${String(n)},`));
    }
  }
});

test('more answers in one turn than the ring holds all arrive', async (t) => {
  const held: (() => void)[] = [];
  const CLIENTS = 60;
  const EACH = 60;
  const { connect } = await startServer(t, {}, (server) => {
    server.get('/hold', (req, res) => {
      held.push(() => {
        res.end(`${req.query}${'x'.repeat(3000)}`);
      });
      if (held.length === CLIENTS * EACH) for (const answer of held) answer();
    });
  });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect()));
  for (const [n, client] of clients.entries()) {
    for (let i = 0; i < EACH; i++) client.send(get(`/hold?${String(n)}.${String(i)}.`));
  }
  for (const [n, client] of clients.entries()) {
    for (let i = 0; i < EACH; i++) {
      const { text } = await client.answer();
      assert.equal(text.slice(0, text.indexOf('x')), `${String(n)}.${String(i)}.`);
    }
  }
});

const NO_BODIES: readonly unknown[] = [
  null,
  1,
  true,
  {},
  [],
  Symbol('s'),
  new ArrayBuffer(3),
  new DataView(new ArrayBuffer(3)),
  new Uint16Array(2),
  () => 'x',
  Promise.resolve('x'),
];

for (const body of NO_BODIES) {
  test(`what is neither a string nor a Uint8Array is no body: ${Object.prototype.toString.call(body)}`, async (t) => {
    const { connect } = await startHandler(t, (_req, res) => {
      assert.throws(() => callUntyped(res, 'end', body), { code: 'ERR_MILLRACE_RESPONSE_BODY' });
      assert.equal(res.finished, false);
      res.end('still possible');
    });
    assert.equal((await (await connect()).ask(get('/'))).text, 'still possible');
  });
}

const NO_JSON: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  'a function': () => 1,
  'a symbol': Symbol('s'),
  'a BigInt': 1n,
  'a circle': (() => {
    const circle: Record<string, unknown> = {};
    return Object.assign(circle, { circle });
  })(),
  'a toJSON that throws': {
    toJSON: () => {
      throw new Error('no');
    },
  },
};

for (const [what, value] of Object.entries(NO_JSON)) {
  test(`json() of ${what} is an error, and nothing is sent of it`, async (t) => {
    const { connect } = await startHandler(t, (_req, res) => {
      assert.throws(
        () => {
          res.json(value);
        },
        { code: 'ERR_MILLRACE_RESPONSE_BODY' },
      );
      res.status(501).end('no JSON');
    });
    const answer = await (await connect()).ask(get('/'));
    assert.deepEqual(
      [answer.status, answer.text, answer.headers['content-type']],
      [501, 'no JSON', undefined],
    );
  });
}

test('a large answer to HEAD costs no body, also between others', async (t) => {
  const { server, connect } = await startHandler(t, (_req, res) => {
    res.end('x'.repeat(MIB));
  });
  const client = await connect();
  assert.equal((await client.ask(head('HEAD', '/'), { head: true })).headers['content-length'], String(MIB));
  assert.ok(server.stats().bytes.sent < 1000);
  assert.equal((await client.ask(get('/'))).body.length, MIB);
});

test('a large answer arrives whole where limits.unsentBytes is less than what is sent of it at a time', async (t) => {
  const body = Buffer.alloc(MIB, 'abcdefghijk');
  const { connect } = await startHandler(
    t,
    (_req, res) => {
      res.end(body);
    },
    { limits: { unsentBytes: 64 * KIB } },
  );
  assert.ok((await (await connect()).ask(get('/'))).body.equals(body));
});

test('bytes of another realm arrive as any others: whole, in pieces, and of reply()', async (t) => {
  const bytes = runInNewContext('Uint8Array.from({ length: 200_000 }, (_, index) => index)') as Uint8Array;
  assert.notEqual(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  const small = bytes.subarray(0, 1000);
  const { connect } = await startServer(t, {}, (server) => {
    server.reply('GET', '/reply', { body: small });
    server.get('/small', (_req, res) => {
      res.end(small);
    });
    server.get('/large', (_req, res) => {
      res.end(bytes);
    });
    server.get('/pieces', (_req, res) => {
      res.write(small);
      res.end(bytes.subarray(1000));
    });
  });
  const client = await connect();
  for (const [path, sent] of [
    ['/reply', small],
    ['/small', small],
    ['/large', bytes],
    ['/pieces', bytes],
  ] as const) {
    const { status, body } = await client.ask(get(path));
    assert.equal(status, 200, path);
    assert.ok(body.equals(Buffer.from(sent)), path);
  }
});

test('what only inherits from Uint8Array is no body', async (t) => {
  const { connect } = await startHandler(t, (_req, res) => {
    assert.throws(
      () => {
        res.end(Object.create(Uint8Array.prototype) as Uint8Array);
      },
      { code: 'ERR_MILLRACE_RESPONSE_BODY' },
    );
    res.end('refused');
  });
  assert.equal((await (await connect()).ask(get('/'))).text, 'refused');
});
