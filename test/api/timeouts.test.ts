import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import type { Handler, ServerOptions } from 'millrace';

import type { Client } from '../helpers/client.js';
import { HeldRequests } from '../helpers/held-requests.js';
import { until } from '../helpers/promises.js';
import { get, head, post } from '../helpers/requests.js';
import { startHandler, startServer, TEST_REACTORS, type TestServer } from '../helpers/server.js';

const ok: Handler = async (req, res) => {
  await req.buffer();
  res.end('ok');
};

/** The timer wheel's clock is coarse: a time-out may look a little early from outside, never much. */
const EARLY_MS = 20;

/** Milliseconds that `work` takes. */
async function timed(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work;
  return performance.now() - started;
}

/** Sends `piece` again and again until the connection answers or ends. */
async function drip(client: Client, piece: string, everyMs: number): Promise<void> {
  while (!client.isEnded && client.unread.length === 0) {
    client.send(piece);
    await delay(everyMs);
  }
}

interface LateCase {
  readonly name: string;
  readonly options: ServerOptions;
  readonly sends: string;
  /** Undefined: closed without a word. */
  readonly status?: number;
  readonly afterMs: number;
}

const LATE: readonly LateCase[] = [
  {
    name: 'headerMs: a client that says nothing is closed without a word',
    options: { timeouts: { headerMs: 150 } },
    sends: '',
    afterMs: 150,
  },
  {
    name: 'headerMs: a client that sends only empty lines is closed without a word',
    options: { timeouts: { headerMs: 150, keepAliveMs: 150 } },
    sends: '\r\n\r\n',
    afterMs: 150,
  },
  {
    name: 'headerMs: half a request line is 408',
    options: { timeouts: { headerMs: 150 } },
    sends: 'GET / HT',
    status: 408,
    afterMs: 150,
  },
  {
    name: 'headerMs: a head without its end is 408',
    options: { timeouts: { headerMs: 150 } },
    sends: get('/').slice(0, -2),
    status: 408,
    afterMs: 150,
  },
  {
    name: 'headerMs: a head behind another request, too',
    options: { timeouts: { headerMs: 150 } },
    sends: `${get('/')}GET`,
    status: 408,
    afterMs: 150,
  },
  {
    name: 'headerMs: a head behind a request and an empty line, too',
    options: { timeouts: { headerMs: 150, keepAliveMs: 20_000 } },
    sends: `${get('/')}\r\nGET`,
    status: 408,
    afterMs: 150,
  },
  {
    name: 'bodyMs: a body of which nothing comes is 408',
    options: { timeouts: { bodyMs: 150 } },
    sends: head('POST', '/', { 'Content-Length': '10' }),
    status: 408,
    afterMs: 150,
  },
  {
    name: 'bodyMs: a body that stops is 408',
    options: { timeouts: { bodyMs: 150 } },
    sends: post('/', 'x'.repeat(10)).slice(0, -1),
    status: 408,
    afterMs: 150,
  },
  {
    name: 'bodyMs: a chunked body without its end is 408',
    options: { timeouts: { bodyMs: 150 } },
    sends: `${head('POST', '/', { 'Transfer-Encoding': 'chunked' })}3\r\nabc\r\n0\r\n`,
    status: 408,
    afterMs: 150,
  },
  {
    name: 'bodyMs: a body that nobody wants, too',
    options: { timeouts: { bodyMs: 150 } },
    sends: head('POST', '/native', { 'Content-Length': '10' }),
    status: 408,
    afterMs: 150,
  },
  {
    name: 'keepAliveMs: a connection that idles after a request is closed without a word',
    options: { timeouts: { keepAliveMs: 150 } },
    sends: get('/'),
    afterMs: 150,
  },
  {
    name: 'keepAliveMs: an empty line behind the request changes nothing',
    options: { timeouts: { keepAliveMs: 150 } },
    sends: `${get('/')}\r\n`,
    afterMs: 150,
  },
  {
    name: 'keepAliveMs: after a refused method, too',
    options: { timeouts: { keepAliveMs: 150 } },
    sends: head('OPTIONS', '/'),
    afterMs: 150,
  },
];

for (const { name, options, sends, status, afterMs } of LATE) {
  test(name, async (t) => {
    const { connect } = await startHandler(t, ok, options);
    const took = await timed(
      (async () => {
        const client = await connect();
        client.send(sends);
        if (/^(GET|OPTIONS) .*\r\n\r\n/s.test(sends)) assert.equal((await client.answer()).status, 200);
        if (status !== undefined) {
          const answer = await client.answer();
          assert.equal(answer.status, status);
          assert.equal(answer.headers['connection'], 'close');
        }
        assert.equal(await client.ended(), 'fin');
      })(),
    );
    assert.ok(took >= afterMs - EARLY_MS, `after ${String(took)} ms`);
  });
}

test('headerMs counts from the first byte of a request: dripping does not help', async (t) => {
  const { connect } = await startHandler(t, ok, { timeouts: { headerMs: 200 } });
  const client = await connect();
  client.send('GET / HTTP/1.1\r\nHost: test\r\nX-A: ');
  await drip(client, 'a', 20);
  assert.equal((await client.answer()).status, 408);
});

test('headerMs starts anew with each request', async (t) => {
  const { connect } = await startHandler(t, ok, { timeouts: { headerMs: 1000 } });
  const client = await connect();
  for (let n = 0; n < 4; n++) {
    client.send(get('/').slice(0, 10));
    await delay(300);
    assert.equal((await client.ask(get('/').slice(10))).status, 200);
  }
});

test('bodyMs is time without progress: a body that drips in is accepted where no rate is asked', async (t) => {
  const { connect } = await startHandler(t, ok, {
    timeouts: { bodyMs: 300 },
    limits: { minBytesPerSecond: 0 },
  });
  const client = await connect();
  client.send(head('POST', '/', { 'Content-Length': '8' }));
  for (let n = 0; n < 8; n++) {
    await delay(150);
    client.send('x');
  }
  assert.equal((await client.answer()).status, 200);
});

test('limits.minBytesPerSecond: a body that drips in, byte by byte, is 408 although it makes progress', async (t) => {
  const { connect } = await startHandler(t, ok, { timeouts: { bodyMs: 300 } });
  const client = await connect();
  client.send(head('POST', '/', { 'Content-Length': '1000' }));
  const took = await timed(drip(client, 'x', 20));
  assert.equal((await client.answer()).status, 408);
  assert.equal(await client.ended(), 'fin');
  assert.ok(took >= 300 - EARLY_MS, `after ${String(took)} ms`);
});

test('limits.minBytesPerSecond: dripping chunks are no better', async (t) => {
  const { connect } = await startHandler(t, ok, { timeouts: { bodyMs: 300 } });
  const client = await connect();
  client.send(head('POST', '/', { 'Transfer-Encoding': 'chunked' }));
  await drip(client, '1;e=123456789012345678901234567890\r\nx\r\n', 20);
  assert.equal((await client.answer()).status, 408);
});

test('keepAliveMs does not end a connection whose handler takes longer', async (t) => {
  const { connect } = await startHandler(
    t,
    async (_req, res) => {
      await delay(400);
      res.end('late');
    },
    { timeouts: { keepAliveMs: 100, headerMs: 100, bodyMs: 100 } },
  );
  const client = await connect();
  assert.equal((await client.ask(get('/'))).text, 'late');
  assert.equal((await client.ask(post('/', 'x'))).text, 'late');
});

test('keepAliveMs does not end a connection that still takes its answer', async (t) => {
  const SIZE = 20_000_000;
  const { connect } = await startHandler(
    t,
    (_req, res) => {
      res.end(Buffer.alloc(SIZE));
    },
    {
      timeouts: { keepAliveMs: 100 },
    },
  );
  const client = await connect();
  client.socket.pause();
  client.send(get('/'));
  await delay(400);
  client.socket.resume();
  assert.equal((await client.answer()).body.length, SIZE);
});

test('writeMs: a client that does not read is reset, so that the kernel keeps nothing for it either', async (t) => {
  const { server, connect } = await startHandler(
    t,
    (_req, res) => {
      res.end(Buffer.alloc(20_000_000));
    },
    { timeouts: { writeMs: 200 } },
  );
  const client = await connect();
  client.socket.pause();
  client.send(get('/'));
  await until('it is cut off', () => {
    const { open, total } = server.stats().connections;
    return total === 1 && open === 0;
  });
  assert.equal(server.stats().bytes.buffered, 0);
  // What the kernel had taken for it is gone. (libuv may call the reset an end, if it reads only part of what has come.)
  client.socket.resume();
  await until('it knows', () => client.isEnded);
  const { sent } = server.stats().bytes;
  assert.ok(client.socket.bytesRead < sent, `it read ${client.socket.bytesRead} of ${sent} bytes`);
});

/** A server that holds requests, but for those to /now. */
async function holding(t: TestContext, handlerMs: number): Promise<TestServer & { held: HeldRequests }> {
  const held = new HeldRequests();
  const running = await startServer(t, { timeouts: { handlerMs } }, (s) => s.get('/now', ok), held.handler);
  return { ...running, held };
}

test('handlerMs: a handler that does not answer is answered for with 503, and the connection lives on', async (t) => {
  const { server, connect, held } = await holding(t, 100);
  const client = await connect();
  const started = performance.now();
  const answer = await client.ask(get('/late'));
  assert.ok(performance.now() - started >= 100 - EARLY_MS);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '1');
  assert.equal(answer.headers['connection'], undefined);
  assert.equal(server.stats().requests.timedOut, 1);
  const late = held.response('/late');
  assert.equal(late.aborted, true);
  late.status(201).end('too late');
  assert.equal((await client.stillServes(get('/now'))).text, 'ok');
});

test('handlerMs: each request of a pipeline has its own time', async (t) => {
  const { connect } = await holding(t, 150);
  const client = await connect();
  client.send(get('/1') + get('/now') + get('/2') + get('/now'));
  assert.deepEqual(
    (await client.answers(4)).map(({ status }) => status),
    [503, 200, 503, 200],
  );
});

test('handlerMs: an answer that is given but waits for an older one is not late', async (t) => {
  const { connect, held } = await holding(t, 500);
  const client = await connect();
  client.send(get('/1') + get('/2'));
  await held.hasStarted('/1', '/2');
  held.answer('/2', 'in time');
  const [first, second] = await client.answers(2);
  assert.deepEqual([first!.status, second!.status, second!.text], [503, 200, 'in time']);
});

test('handlerMs: behind answers that take longer, handlers are told in time, and the 503 keeps its place', async (t) => {
  const held = new HeldRequests();
  const told: string[] = [];
  const { server, connect } = await startServer(t, {}, (s) => {
    s.get('/stream', (req, res) => {
      res.write('begun');
      held.handler(req, res);
    });
    s.get('/slow', held.handler);
    s.get('/late/:n', { handlerMs: 100 }, async (req, res) => {
      held.handler(req, res);
      await once(req.signal, 'abort');
      told.push(`${req.params['n']!} ${String(res.aborted)}`);
      res.end('too late');
    });
    s.get('/now', ok);
  });
  for (const first of ['/stream', '/slow']) {
    const client = await connect();
    client.send(get(first) + get('/late/1') + get('/now') + get('/late/2') + get('/now'));
    await until('both are told', () => told.length === 2);
    assert.deepEqual(told.splice(0).sort(), ['1 true', '2 true']);
    held.response(first).end('first');
    const answers = await client.answers(5);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 503, 200, 503, 200],
    );
    assert.equal((await client.stillServes(get('/now'))).text, 'ok');
  }
  assert.equal(server.stats().requests.timedOut, 4);
});

test('handlerMs: an unsafe request behind one that is late runs after the 503', async (t) => {
  const { connect, held } = await holding(t, 150);
  const client = await connect();
  client.send(get('/1') + post('/2', 'x'));
  assert.equal((await client.answer()).status, 503);
  await held.hasStarted('/1', '/2');
  held.answer('/2');
  assert.equal((await client.answer()).text, '/2');
});

test('handlerMs: to a HEAD the 503 has no body', async (t) => {
  const { connect } = await holding(t, 50);
  const client = await connect();
  assert.equal((await client.ask(head('HEAD', '/1'), { head: true })).status, 503);
  assert.equal((await client.stillServes(get('/now'))).text, 'ok');
});

/** Blocks this thread, which is the one that handlers run in, until the reactors have seen to it. */
function blockUntil(isSo: () => boolean): void {
  const end = performance.now() + 10_000;
  while (!isSo()) assert.ok(performance.now() < end, 'the reactors have not got there');
}

/** A server that notes which handlers have run. */
async function noting(t: TestContext, options: ServerOptions): Promise<TestServer & { ran: string[] }> {
  const ran: string[] = [];
  const running = await startServer(
    t,
    options,
    (s) => s.reply('GET', '/native', { body: 'native' }),
    (req, res) => {
      ran.push(req.path);
      res.end(req.path);
    },
  );
  return { ...running, ran };
}

test('queueMs: what no handler has taken in time is 503 with Retry-After, and never runs', async (t) => {
  const { server, connect, ran } = await noting(t, { timeouts: { queueMs: 100 } });
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
  const started = performance.now();
  for (const client of clients) client.send(get('/never') + get('/native'));
  blockUntil(() => server.stats().requests.expired === clients.length);
  assert.ok(performance.now() - started >= 100 - EARLY_MS);
  assert.equal(server.stats().requests.handled, 0);
  assert.deepEqual(server.stats().queue, { waiting: 0, parked: 0 });
  for (const client of clients) {
    const answer = await client.answer();
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
    assert.equal(answer.headers['connection'], undefined);
    assert.equal((await client.answer()).text, 'native');
    assert.equal((await client.stillServes(get('/next'))).text, '/next');
  }
  assert.deepEqual(new Set(ran), new Set(['/next']));
  assert.deepEqual(server.stats().requests, {
    handled: 10,
    native: 10,
    refused: 0,
    overload: 0,
    expired: 10,
    lost: 0,
    timedOut: 0,
    answered: 30,
  });
});

test('queueMs: bodies, pipelines and HEAD: each late request has its 503 in its place', async (t) => {
  const { server, connect, ran } = await noting(t, { timeouts: { queueMs: 100 } });
  const [client, asksHead] = [await connect(), await connect()];
  client.send(get('/1') + get('/native') + get('/2') + post('/3', 'x'.repeat(20_000)) + get('/4'));
  asksHead.send(head('HEAD', '/5'));
  // Those behind the unsafe request come to the queue when it is answered.
  blockUntil(() => server.stats().requests.expired === 5);
  assert.deepEqual(
    (await client.answers(5)).map(({ status }) => status),
    [503, 200, 503, 503, 503],
  );
  assert.equal((await asksHead.answer({ head: true })).status, 503);
  assert.equal((await asksHead.stillServes(get('/native'))).text, 'native');
  assert.deepEqual(ran, []);
  assert.equal(server.stats().bytes.buffered, 0);
});

test('queueMs: requests that find the ring full expire as well', async (t) => {
  const { server, connect, ran } = await noting(t, {
    limits: { queue: 65_536, pipelineDepth: 1024 },
    timeouts: { queueMs: 100 },
  });
  const clients = await Promise.all(Array.from({ length: 4 * TEST_REACTORS }, () => connect()));
  const EACH = 500;
  for (const client of clients) client.send(get('/never').repeat(EACH));
  blockUntil(() => server.stats().requests.expired === EACH * clients.length);
  for (const client of clients) {
    for (const { status } of await client.answers(EACH)) assert.equal(status, 503);
    assert.equal((await client.stillServes(get('/next'))).text, '/next');
  }
  assert.deepEqual(new Set(ran), new Set(['/next']));
});

test('queueMs ends no request that a handler has begun', async (t) => {
  const held = new HeldRequests();
  const { connect } = await startHandler(t, held.handler, { timeouts: { queueMs: 50 } });
  const client = await connect();
  client.send(get('/1'));
  await held.hasStarted('/1');
  await delay(300);
  held.answer('/1');
  assert.equal((await client.answer()).text, '/1');
});

test('queueMs and handlerMs: whichever is over first answers, once', async (t) => {
  for (const [queueMs, handlerMs] of [
    [50, 10_000],
    [10_000, 50],
  ] as const) {
    const { server, connect } = await startHandler(t, ok, { timeouts: { queueMs, handlerMs } });
    const client = await connect();
    client.send(get('/'));
    const sum = (): number => server.stats().requests.expired + server.stats().requests.timedOut;
    blockUntil(() => sum() === 1);
    assert.equal((await client.answer()).status, 503);
    assert.equal((await client.stillServes(get('/'))).text, 'ok');
    assert.equal(server.stats().requests.expired, queueMs === 50 ? 1 : 0);
    assert.equal(sum(), 1);
  }
});
