// native-sha256.test.ts: examples/native-sha256/, compiled as it says.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { compileLibrary } from '../helpers/c-library.js';
import { Example, ORDERLY } from '../helpers/example.js';

const SIZES = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 300_000, 5_000_000];

test('SHA-256 of bodies of any size is that of node:crypto', async (t) => {
  compileLibrary('examples/native-sha256/sha256.c', { name: 'native-sha256', folder: 'out' });
  const example = await Example.start(t, 'native-sha256/server');
  await Promise.all(
    SIZES.map(async (size) => {
      const body = new Uint8Array(size).map((_, i) => i * 31 + (i >> 8));
      const answer = await fetch(`${example.url}/sha256`, { method: 'POST', body });
      assert.equal(answer.status, 200);
      assert.equal(await answer.text(), `${createHash('sha256').update(body).digest('hex')}\n`, String(size));
    }),
  );
  assert.equal(await (await fetch(example.url)).text(), 'POST something to /sha256');
  assert.equal((await fetch(`${example.url}/sha256`)).status, 405);
  assert.deepEqual(await example.stop(), ORDERLY);
  assert.equal(example.errors, '');
});
