import assert from 'node:assert/strict';
import {
  AsyncLocalStorage,
  AsyncResource,
  createHook,
  executionAsyncId,
  executionAsyncResource,
} from 'node:async_hooks';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';

import type { Handler } from 'millrace';

import { collectGarbage } from '../helpers/garbage.js';
import { until } from '../helpers/promises.js';
import { get, post } from '../helpers/requests.js';
import { runScript } from '../helpers/script.js';
import { startHandler } from '../helpers/server.js';

/** Ways to use a store in a handler; each answers what the store says at its end, after some waiting. */
type Use = (storage: AsyncLocalStorage<string>, mine: string) => unknown;

const WAITS: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  'a promise': () => Promise.resolve(),
  'a turn': () => turn(),
  'a timer': () => delay(1),
  'a tick': () =>
    new Promise<void>((resolve) => {
      process.nextTick(resolve);
    }),
};

/** Answers [what the store was at the start, what it is after waiting]. */
function handlerOf(storage: AsyncLocalStorage<string>, use: Use, wait: () => unknown): Handler {
  return async (req, res) => {
    const before = storage.getStore() ?? null;
    const mine = req.path;
    await use(storage, mine);
    await wait();
    res.json([before, storage.getStore() ?? null]);
  };
}

/** What `count` requests on each of some connections answer, all sent at once. */
async function answersOf(
  t: TestContext,
  handler: Handler,
  count: number,
): Promise<[path: string, answer: unknown][]> {
  const { connect } = await startHandler(t, handler);
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect()));
  const pathsOf = (n: number): string[] =>
    Array.from({ length: count }, (_, i) => `/${String(n)}/${String(i)}`);
  for (const [n, client] of clients.entries())
    client.send(
      pathsOf(n)
        .map((path) => get(path))
        .join(''),
    );
  const all: [string, unknown][] = [];
  for (const [n, client] of clients.entries()) {
    for (const path of pathsOf(n)) all.push([path, JSON.parse((await client.answer()).text)]);
  }
  return all;
}

for (const [what, wait] of Object.entries(WAITS)) {
  test(`what enterWith sets is seen after ${what} by its own request, and by no other`, async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const enter: Use = (store, mine) => {
      store.enterWith(mine);
    };
    for (const [path, answer] of await answersOf(t, handlerOf(storage, enter, wait), 40)) {
      assert.deepEqual(answer, [null, path]);
    }
  });

  test(`what run sets is seen after ${what} inside it, and by no other request`, async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const handler: Handler = async (req, res) => {
      const before = storage.getStore() ?? null;
      const inside = await storage.run(req.path, async () => {
        await wait();
        return storage.getStore() ?? null;
      });
      res.json([before, inside, storage.getStore() ?? null]);
    };
    for (const [path, answer] of await answersOf(t, handler, 40))
      assert.deepEqual(answer, [null, path, null]);
  });
}

test('a synchronous handler that enters a store leaves nothing to the next one of the same batch', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const handler: Handler = (req, res) => {
    const before = storage.getStore() ?? null;
    storage.enterWith(req.path);
    res.json([before, storage.getStore()]);
  };
  for (const [path, answer] of await answersOf(t, handler, 60)) assert.deepEqual(answer, [null, path]);
});

test('a handler that throws after enterWith leaves nothing to the next one', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const { server, connect } = await startHandler(t, (req, res) => {
    const before = storage.getStore() ?? null;
    storage.enterWith('left behind');
    if (req.method === 'POST') throw new Error('after enterWith');
    res.json(before);
  });
  const seenByListener: unknown[] = [];
  server.on('error', () => seenByListener.push(storage.getStore()));
  const client = await connect();
  for (let n = 0; n < 5; n++) {
    client.send(post('/', 'x') + get('/'));
    assert.equal((await client.answer()).status, 500);
    assert.equal((await client.answer()).text, 'null');
  }
  // The listener is told in the context of the request that failed: it can log what belongs to it.
  assert.deepEqual(seenByListener, Array(5).fill('left behind'));
});

test('requests that wait for each other in the middle keep their stores apart', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const waiting: (() => void)[] = [];
  const TOGETHER = 20;
  const { connect } = await startHandler(t, async (req, res) => {
    storage.enterWith(req.path);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      // The last one lets all go, in an order of its own and in its own context.
      if (waiting.length === TOGETHER) for (const go of waiting.splice(0).toReversed()) go();
    });
    const later = new Promise((resolve) =>
      setTimeout(() => {
        resolve(storage.getStore());
      }, 1),
    );
    res.json([storage.getStore(), await later]);
  });
  const client = await connect();
  const paths = Array.from({ length: TOGETHER }, (_, n) => `/${String(n)}`);
  client.send(paths.map((path) => get(path)).join(''));
  for (const path of paths) assert.equal((await client.answer()).text, JSON.stringify([path, path]));
});

test('handlers start in the context in which their server was made, all of them', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const { connect } = await storage.run('of the maker', () =>
    startHandler(t, async (req, res) => {
      const before = storage.getStore();
      storage.enterWith(req.path);
      await turn();
      res.json(before);
    }),
  );
  const client = await connect();
  for (let n = 0; n < 20; n++)
    assert.equal(await client.ask(get('/')).then(({ text }) => text), '"of the maker"');
  client.send(get('/').repeat(50));
  for (const { text } of await client.answers(50)) assert.equal(text, '"of the maker"');
});

test('the first request that ever writes to its context changes it for itself alone, whatever came before', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const { connect } = await storage.run('of the maker', () =>
    startHandler(t, (req, res) => {
      const before = storage.getStore();
      if (req.path === '/enter') storage.enterWith('entered');
      res.json([before, storage.getStore()]);
    }),
  );
  const client = await connect();
  for (const round of [1, 2]) {
    client.send(get('/').repeat(10) + get('/enter') + get('/').repeat(10));
    const answers = (await client.answers(21)).map(({ text }) => JSON.parse(text) as unknown);
    for (const [n, answer] of answers.entries()) {
      const after = n === 10 ? 'entered' : 'of the maker';
      assert.deepEqual(answer, ['of the maker', after], `round ${String(round)}, request ${String(n)}`);
    }
  }
});

test('requests that arrive while a late answer is given start in their own context', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const { server, connect } = await startHandler(t, async (req, res) => {
    if (req.path !== '/late') {
      res.json(storage.getStore() ?? null);
      return;
    }
    storage.enterWith('late');
    await delay(1);
    const handled = server.stats().requests.handled;
    res.end('late');
    // Before this turn ends the next request has to be there.
    other.send(get('/other'));
    const end = performance.now() + 5000;
    while (server.stats().requests.handled === handled) assert.ok(performance.now() < end);
  });
  const [client, other] = [await connect(), await connect()];
  for (let n = 0; n < 10; n++) {
    assert.equal((await client.ask(get('/late'))).text, 'late');
    assert.equal((await other.answer()).text, 'null');
  }
});

test('an answer given in the context of another request changes no context', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const held: (() => void)[] = [];
  const { connect } = await startHandler(t, (req, res) => {
    if (req.path === '/held') {
      storage.enterWith('held');
      held.push(() => {
        res.end('held');
      });
      return;
    }
    storage.enterWith('free');
    for (const answer of held) answer();
    res.json(storage.getStore());
  });
  const client = await connect();
  client.send(get('/held') + get('/free'));
  assert.deepEqual([(await client.answer()).text, (await client.answer()).text], ['held', '"free"']);
});

test('the body of a request is read in the context of its handler', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const { connect } = await startHandler(t, async (req, res) => {
    storage.enterWith(req.path);
    const body = await req.text();
    res.json([storage.getStore(), body.length]);
  });
  const client = await connect();
  for (const size of [0, 10, 100_000]) {
    client.send(post('/a', 'x'.repeat(size)) + post('/b', 'x'.repeat(size)));
    assert.equal((await client.answer()).text, `["/a",${String(size)}]`);
    assert.equal((await client.answer()).text, `["/b",${String(size)}]`);
  }
});

test('AsyncResource.bind and snapshot taken in a handler keep its store', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const bound: (() => unknown)[] = [];
  const { connect } = await startHandler(t, (req, res) => {
    storage.enterWith(req.path);
    bound.push(AsyncResource.bind(() => storage.getStore()));
    const inContext = AsyncLocalStorage.snapshot();
    bound.push(() => inContext(() => storage.getStore()));
    res.end(String(executionAsyncId()));
  });
  const client = await connect();
  client.send(get('/a') + get('/b'));
  await client.answers(2);
  assert.deepEqual(
    bound.map((read) => read()),
    ['/a', '/a', '/b', '/b'],
  );
  assert.equal(storage.getStore(), undefined);
});

/** Has Node.js keep contexts in the way that is not its default, where it knows two. */
const OTHER_WAY: Readonly<Record<string, string>> = {
  22: '--experimental-async-context-frame',
  24: '--no-async-context-frame',
  26: '--no-async-context-frame',
};

test('what enterWith sets is seen by no other request, whichever way Node.js is told to keep contexts', async (t) => {
  const flag = OTHER_WAY[process.versions.node.split('.')[0]!];
  const { stdout, stderr } = await runScript(
    t,
    `import { AsyncLocalStorage } from 'node:async_hooks';
     import { createServer } from 'millrace';
     const storage = new AsyncLocalStorage();
     const server = createServer(async (req, res) => {
       const before = storage.getStore();
       storage.enterWith(req.path);
       await null;
       res.end(before + ' ' + storage.getStore());
     });
     const { port } = await server.listen({ host: '127.0.0.1' });
     for (const path of ['/a', '/b', '/c'])
       console.log(await (await fetch('http://127.0.0.1:' + port + path)).text());
     await server.close({ graceMs: 0 });`,
    { flags: flag === undefined ? [] : [flag] },
  );
  assert.deepEqual([stdout, stderr], ['undefined /a\nundefined /b\nundefined /c\n', '']);
});

test('what a handler keeps in its async resource is seen by what it starts, and by no other request', async (t) => {
  const key = Symbol('of the app');
  type Resource = Record<symbol, unknown>;
  const own = (): Resource => executionAsyncResource() as Resource;
  const hook = createHook({
    init: (_id, _type, _trigger, resource) => {
      (resource as Resource)[key] = own()[key];
    },
  }).enable();
  t.after(() => hook.disable());
  const { connect } = await startHandler(t, async (req, res) => {
    const before = own()[key] ?? null;
    if (req.path !== '/none') own()[key] = req.path;
    await turn();
    res.json([before, own()[key] ?? null]);
  });
  const client = await connect();
  for (let round = 0; round < 3; round++) {
    const paths = ['/none', '/a', '/none', '/b', '/none'];
    client.send(paths.map((path) => get(path)).join(''));
    for (const path of paths) {
      const seen = path === '/none' ? null : path;
      assert.equal((await client.answer()).text, JSON.stringify([null, seen]));
    }
    assert.equal((await client.ask(get('/none'))).text, '[null,null]');
  }
});

test('who has hooks on async resources hears of the end of each', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const open = new Set<number>();
  const hook = createHook({
    init: (id, type) => {
      if (type === 'MILLRACE_REQUEST') open.add(id);
    },
    destroy: (id) => {
      open.delete(id);
    },
  }).enable();
  t.after(() => hook.disable());
  const { connect } = await startHandler(t, (req, res) => {
    storage.enterWith(req.path);
    res.end();
  });
  const client = await connect();
  for (let round = 0; round < 10; round++) {
    client.send(get('/').repeat(100));
    await client.answers(100);
  }
  // But for the last ones. (With frames, as in Node.js 24, enterWith() needs none.)
  await until('they have ended', () => {
    collectGarbage();
    return open.size < 100;
  });
});
