// password-hashing.test.ts: examples/password-hashing.ts: hashes are right, and hold up nobody but their thread.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Example, ORDERLY } from '../helpers/example.js';

for (const threads of [2, 0]) {
  test(`passwords are hashed and checked, with ${threads} handler threads`, async (t) => {
    const example = await Example.start(t, 'password-hashing', { THREADS: String(threads) });
    const post = async (path: string, body: string): Promise<readonly [number, string]> => {
      const response = await fetch(example.url + path, { method: 'POST', body });
      return [response.status, (await response.text()).trim()];
    };
    const hashes = await Promise.all(Array.from({ length: 8 }, () => post('/hashes', 'opensesame')));
    for (const [status, hash] of hashes) {
      assert.equal(status, 200);
      assert.match(hash, /^[0-9a-f]{32}\/[0-9a-f]{64}$/);
    }
    assert.equal(new Set(hashes.map(([, hash]) => hash)).size, hashes.length, 'a salt for each');

    const [, hash] = hashes[0]!;
    assert.deepEqual(await post(`/hashes/${hash}`, 'opensesame'), [200, 'right']);
    assert.deepEqual(await post(`/hashes/${hash}`, 'open sesame'), [403, 'wrong']);
    assert.deepEqual(await post('/hashes/00/00', 'opensesame'), [403, 'wrong']);
    assert.match(await (await fetch(example.url)).text(), /^POST a password/);
    assert.deepEqual(await example.stop(), ORDERLY);
    assert.equal(example.errors, '');
  });
}

test('the example runs with as many handler threads as there are cores', async (t) => {
  const example = await Example.start(t, 'password-hashing');
  assert.equal((await fetch(example.url)).status, 200);
  assert.deepEqual(await example.stop(), ORDERLY);
});
