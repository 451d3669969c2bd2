// Request bodies that the client has compressed (RFC 9110 §8.4), with the option `decompression`.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { buffer as bytesOf } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import type { Handler, HttpRequest, ServerOptions } from 'millrace';

import type { Answer } from '../helpers/answer-reader.js';
import { lines } from '../helpers/compressed.js';
import { until } from '../helpers/promises.js';
import { head, post, postChunked, type Fields } from '../helpers/requests.js';
import { startHandler, startServer } from '../helpers/server.js';

const MIB = 2 ** 20;
const GZIP: Fields = { 'Content-Encoding': 'gzip' };
const ON: ServerOptions = { decompression: true };
const TEXT = lines(5000);

const WAYS: Readonly<Record<string, (req: HttpRequest) => Promise<string>>> = {
  'buffer()': async (req) => (await req.buffer()).toString(),
  'text()': (req) => req.text(),
  'json()': async (req) => (await req.json<{ text: string }>()).text,
  body: async (req) => {
    const pieces: Buffer[] = [];
    for await (const piece of req.body) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  },
  'stream()': async (req) => (await bytesOf(req.stream())).toString(),
};

/** Its bytes, one character each. */
function raw(bytes: string | Uint8Array): string {
  return Buffer.from(bytes as Uint8Array).toString('latin1');
}

function postBytes(bytes: string | Uint8Array, fields: Fields = GZIP, target = '/'): string {
  return post(target, raw(bytes), fields);
}

/** What the handler has read. */
async function ask(
  t: TestContext,
  body: string | Uint8Array,
  fields: Fields = GZIP,
  options: ServerOptions = ON,
  read: (req: HttpRequest) => Promise<string> = WAYS['buffer()']!,
): Promise<Answer> {
  const handler: Handler = async (req, res) => {
    res.end(await read(req));
  };
  const { connect } = await startHandler(t, handler, options);
  return (await connect()).ask(postBytes(body, fields));
}

for (const [way, read] of Object.entries(WAYS)) {
  const sent = way === 'json()' ? JSON.stringify({ text: TEXT }) : TEXT;
  const tooLong = way === 'json()' ? JSON.stringify({ text: 'x'.repeat(MIB) }) : 'x'.repeat(MIB + 1);

  test(`${way}: a compressed body is read decompressed, whether it comes with its head, in pieces or chunked`, async (t) => {
    const handler: Handler = async (req, res) => {
      res.end(await read(req));
    };
    const { connect } = await startHandler(t, handler, ON);
    const compressed = gzipSync(sent);
    const client = await connect();
    assert.equal((await client.ask(postBytes(compressed))).text, TEXT);
    const length = { 'Content-Length': String(compressed.length), ...GZIP };
    client.send(head('POST', '/', length));
    for (let at = 0; at < compressed.length; at += 7) {
      client.send(compressed.subarray(at, at + 7));
      if (at % 700 === 0) await new Promise(setImmediate);
    }
    assert.equal((await client.answer()).text, TEXT);
    const chunks = [raw(compressed.subarray(0, 100)), raw(compressed.subarray(100))];
    assert.equal((await client.ask(postChunked('/', chunks, GZIP))).text, TEXT);
  });

  test(`${way}: what is no gzip is answered 400, what becomes too large 413, another coding 415`, async (t) => {
    const handler: Handler = async (req, res) => {
      res.end(await read(req));
    };
    const errors: unknown[] = [];
    const { connect } = await startServer(
      t,
      ON,
      (server) => server.on('error', (error) => errors.push((error as { code?: string }).code)),
      handler,
    );
    const compressed = gzipSync(sent);
    const cases = [
      [400, 'ERR_MILLRACE_BODY_GZIP', postBytes(sent)],
      [400, 'ERR_MILLRACE_BODY_GZIP', postBytes(compressed.subarray(0, -9))],
      [400, 'ERR_MILLRACE_BODY_GZIP', postBytes(withWrongChecksum(compressed))],
      [413, 'ERR_MILLRACE_BODY_TOO_LARGE', postBytes(gzipSync(tooLong))],
      [415, 'ERR_MILLRACE_BODY_CODING', postBytes(brotliCompressSync(sent), { 'Content-Encoding': 'br' })],
      [415, 'ERR_MILLRACE_BODY_CODING', postBytes(compressed, { 'Content-Encoding': 'gzip, gzip' })],
    ] as const;
    for (const [status, code, request] of cases) {
      const client = await connect();
      const answer = await client.ask(request);
      assert.equal(answer.status, status, code);
      assert.equal(answer.headers['accept-encoding'], status === 415 ? 'gzip' : undefined);
      assert.equal(errors.pop(), code);
    }
    assert.deepEqual(errors, []);
  });
}

test('what is wrong with a body that is piped into its own answer is answered as where it is read', async (t) => {
  const compressed = gzipSync(TEXT);
  const cases: readonly [number, string][] = [
    [400, postBytes('no gzip')],
    [413, postBytes(gzipSync('x'.repeat(2000)))],
    [415, postBytes(compressed, { 'Content-Encoding': 'br' })],
  ];
  for (const source of [(req: HttpRequest) => req.body, (req: HttpRequest) => req.stream()]) {
    const { server, connect } = await startHandler(t, (req, res) => res.pipe(source(req)), {
      decompression: true,
      limits: { bodyBytes: 1000 },
    });
    const errors: unknown[] = [];
    server.on('error', (error) => errors.push(error));
    const client = await connect();
    for (const [status, request] of cases) {
      const answer = await client.ask(request);
      assert.equal(answer.status, status);
      assert.equal(answer.headers['accept-encoding'], status === 415 ? 'gzip' : undefined);
    }
    assert.equal(errors.length, cases.length);
  }
});

test('a limit above what Buffers can hold is a limit as others are', async (t) => {
  const limits = { bodyBytes: 2 ** 40 };
  const body = randomBytes(5 * MIB); // with this ratio more than 4 GiB might come of it
  const answer = await ask(t, gzipSync(body), GZIP, { decompression: { ratio: 1100 }, limits }, async (req) =>
    String((await req.buffer()).equals(body)),
  );
  assert.deepEqual([answer.status, answer.text], [200, 'true']);
});

function withWrongChecksum(gzip: Buffer): Buffer {
  const wrong = Buffer.from(gzip);
  wrong[wrong.length - 5]! ^= 1;
  return wrong;
}

test('without the option a body is read as it was sent', async (t) => {
  const compressed = gzipSync('hello');
  const answer = await ask(t, compressed, GZIP, {}, async (req) => (await req.buffer()).toString('hex'));
  assert.equal(answer.text, compressed.toString('hex'));
});

test('Content-Encoding: names in any case, x-gzip, identity and empty elements (RFC 9110 §5.6.1.2, §8.4.1)', async (t) => {
  const compressed = gzipSync('hello');
  for (const coding of ['GZIP', 'x-gzip', 'identity, gzip', ' gzip ,']) {
    assert.equal((await ask(t, compressed, { 'Content-Encoding': coding })).text, 'hello', coding);
  }
  for (const coding of ['identity', '', ',']) {
    assert.equal((await ask(t, 'hello', { 'Content-Encoding': coding })).text, 'hello', coding);
  }
  const deflated = deflateSync('hello');
  assert.equal((await ask(t, deflated, { 'Content-Encoding': 'deflate' })).status, 415);
});

test('a body of several members is read as one (RFC 1952 §2.2), an empty one as empty', async (t) => {
  const both = Buffer.concat([gzipSync('hello '), gzipSync('world')]);
  for (const read of [WAYS['buffer()'], WAYS['body']]) {
    assert.equal((await ask(t, both, GZIP, ON, read)).text, 'hello world');
    assert.equal((await ask(t, '', GZIP, ON, read)).text, '');
    assert.equal((await ask(t, gzipSync(''), GZIP, ON, read)).text, '');
    const { connect } = await startHandler(
      t,
      async (req, res) => {
        res.end(`${await read!(req)}.`);
      },
      ON,
    );
    const client = await connect();
    assert.equal((await client.ask(postChunked('/', [], GZIP))).text, '.');
  }
});

test('decompression.ratio: a bomb below limits.bodyBytes is answered 413, what is as dense as text is not', async (t) => {
  const limits = { bodyBytes: 64 * MIB };
  const bomb = gzipSync(Buffer.alloc(16 * MIB));
  const dense = gzipSync(`${TEXT}${randomBytes(50_000).toString('hex')}`.repeat(20));
  for (const read of [WAYS['buffer()'], WAYS['body']]) {
    assert.equal((await ask(t, bomb, GZIP, { ...ON, limits }, read)).status, 413);
    const allowed = { decompression: { ratio: 1100 }, limits };
    assert.equal((await ask(t, bomb, GZIP, allowed, read)).body.length, 16 * MIB);
    assert.equal((await ask(t, dense, GZIP, { ...ON, limits }, read)).status, 200);
    // A small body may be of any ratio.
    const small = gzipSync(Buffer.alloc(60_000));
    assert.equal(
      (await ask(t, small, GZIP, { decompression: { ratio: 1 }, limits }, read)).body.length,
      60_000,
    );
  }
});

test('a bomb that is read in pieces is given up long before its end', async (t) => {
  const limits = { bodyBytes: 1024 * MIB };
  let read = 0;
  const handler: Handler = async (req, res) => {
    for await (const piece of req.body) read += piece.length;
    res.end();
  };
  const { connect } = await startHandler(t, handler, { ...ON, limits });
  const bomb = gzipSync(Buffer.alloc(256 * MIB), { level: 1 });
  const client = await connect();
  assert.equal((await client.ask(postBytes(bomb))).status, 413);
  assert.ok(read <= 101 * bomb.length, `${String(read)} of ${String(bomb.length)}`);
  assert.ok(read < 256 * MIB);
});

test('many large bodies at once do not all have their memory at the same time', async (t) => {
  const limits = { bodyBytes: 16 * MIB };
  const handler: Handler = async (req, res) => {
    res.end(String((await req.buffer()).length));
  };
  const { connect } = await startHandler(t, handler, { decompression: { ratio: 1100 }, limits });
  const clients = await Promise.all(Array.from({ length: 64 }, () => connect()));
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }, 5);
  const body = postBytes(gzipSync(Buffer.alloc(16 * MIB)));
  const answers = await Promise.all(clients.map((client) => client.ask(body)));
  clearInterval(watch);
  for (const { text } of answers) assert.equal(text, String(16 * MIB));
  assert.ok(most < 512 * MIB, `${String(most)} bytes of ${String(64 * 16 * MIB)} at once`);
});

test("a route's own bodyBytes counts for what comes of its body", async (t) => {
  const { connect } = await startServer(t, ON, (server) => {
    server.post('/small', { bodyBytes: 1000 }, async (req, res) => {
      res.end(await req.buffer());
    });
    server.post('/large', { bodyBytes: 4 * MIB }, async (req, res) => {
      res.end(await req.buffer());
    });
  });
  const client = await connect();
  assert.equal((await client.ask(postBytes(gzipSync('x'.repeat(1000)), GZIP, '/small'))).status, 200);
  assert.equal((await client.ask(postBytes(gzipSync('x'.repeat(1001)), GZIP, '/small'))).status, 413);
  const large = gzipSync(randomBytes(MIB).toString('hex'));
  assert.equal((await client.ask(postBytes(large, GZIP, '/large'))).body.length, 2 * MIB);
});

test('100 Continue is asked for what is read, and not where the coding is not known (RFC 9110 §10.1.1)', async (t) => {
  const { connect } = await startHandler(
    t,
    async (req, res) => {
      res.end(await req.text());
    },
    ON,
  );
  const compressed = gzipSync('hello');
  const expect = { 'Content-Length': String(compressed.length), Expect: '100-continue' };
  const client = await connect();
  client.send(head('POST', '/', { ...expect, ...GZIP }));
  assert.equal(await client.readUntil('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n');
  client.send(compressed);
  assert.equal((await client.answer()).text, 'hello');
  client.send(head('POST', '/', { ...expect, 'Content-Encoding': 'br' }));
  assert.equal((await client.answer()).status, 415);
});

test('a handler that stops reading in the middle answers, and nothing is left', async (t) => {
  const limits = { bodyBytes: 64 * MIB };
  const handler: Handler = async (req, res) => {
    for await (const piece of req.body) {
      assert.ok(piece.length > 0);
      break;
    }
    res.end('enough');
  };
  const { connect, server } = await startHandler(t, handler, { ...ON, limits });
  for (let n = 0; n < 10; n++) {
    const client = await connect();
    assert.equal((await client.ask(postBytes(gzipSync(randomBytes(MIB))))).text, 'enough');
    client.destroy();
  }
  await until('nothing is held', () => server.stats().bytes.buffered === 0);
});

test('a client that goes in the middle makes the reading reject with an AbortedError', async (t) => {
  const codes: unknown[] = [];
  const { connect } = await startHandler(
    t,
    async (req) => {
      try {
        for await (const piece of req.body) assert.ok(piece.length > 0);
      } catch (error) {
        codes.push((error as { code?: string }).code);
      }
    },
    ON,
  );
  const compressed = gzipSync(randomBytes(300_000));
  const client = await connect();
  client.send(head('POST', '/', { 'Content-Length': String(compressed.length), ...GZIP }));
  client.send(compressed.subarray(0, 200_000));
  await until('some has been sent', () => client.socket.writableLength === 0);
  client.socket.destroy();
  await once(client.socket, 'close');
  await until('the handler knows', () => codes.length === 1);
  assert.deepEqual(codes, ['ERR_MILLRACE_ABORTED']);
});

test('a bad body whose promise is awaited late, or never, does not end the process', async (t) => {
  const handler: Handler = async (req, res) => {
    const left = req.json();
    const late = req.buffer();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const code = await late.then(
      () => 'fine',
      (error: unknown) => (error as { code: string }).code,
    );
    res.end(`${code} ${typeof left}`);
  };
  const { connect } = await startHandler(t, handler, ON);
  const client = await connect();
  assert.equal((await client.ask(post('/', 'no gzip', GZIP))).text, 'ERR_MILLRACE_BODY_GZIP object');
  assert.equal((await client.ask(post('/', 'no json'))).text, 'fine object');
});
