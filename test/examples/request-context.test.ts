// request-context.test.ts: examples/request-context.ts, with many requests at the same time.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Example, ORDERLY } from '../helpers/example.js';

test('each request sees its own number, also after it has waited, and so do its log lines', async (t) => {
  const example = await Example.start(t, 'request-context');
  const ids = Array.from({ length: 50 }, (_, n) => `request-${n}`);
  await Promise.all(
    ids.map(async (id, n) => {
      const response = await fetch(`${example.url}/orders/${n}`, { headers: { 'X-Request-Id': id } });
      assert.equal(response.headers.get('x-request-id'), id);
      assert.deepEqual(await response.json(), { order: String(n), seenBy: id });
    }),
  );
  assert.deepEqual(await example.stop(), ORDERLY);
  for (const [n, id] of ids.entries()) {
    assert.ok(example.output.includes(`[${id}] loading order ${n}\n`), id);
    assert.ok(example.output.includes(`[${id}] loaded order ${n}\n`), id);
  }
  assert.equal(example.errors, '');
});

for (const [what, id] of [
  ['without a number', undefined],
  ['with one that could garble a log', '] forged ['],
  ['with an endless one', 'x'.repeat(65)],
] as const) {
  test(`a request ${what} gets a new one`, async (t) => {
    const example = await Example.start(t, 'request-context');
    const headers: Record<string, string> = id === undefined ? {} : { 'X-Request-Id': id };
    const response = await fetch(`${example.url}/orders/1`, { headers });
    const { seenBy } = (await response.json()) as { seenBy: string };
    assert.match(seenBy, /^[0-9a-f-]{36}$/);
    assert.equal(response.headers.get('x-request-id'), seenBy);
  });
}
