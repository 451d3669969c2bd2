// demo.test.ts: the demo that `npm start` runs, as a browser and a shell meet it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { Client } from '../helpers/client.js';
import { Example, ORDERLY } from '../helpers/example.js';
import { get, head } from '../helpers/requests.js';

test('the demo serves a page that needs nothing else', async (t) => {
  const demo = await Example.start(t, 'demo');
  const response = await fetch(demo.url);
  const page = await response.text();
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(page, /<form method="post" action="\/echo"/);
  assert.match(page, /fetch\('\/stats'\)/);
  assert.match(page, /prefers-color-scheme:\s*dark/);
  const loads = [...page.matchAll(/(?:src|<link[^>]*href)="([^"]*)"/g)].map(([, url]) => url!);
  assert.ok(loads.length > 0);
  for (const url of loads) assert.match(url, /^data:/);
});

test('the demo echoes bodies byte for byte, and no browser takes them for a page', async (t) => {
  const demo = await Example.start(t, 'demo');
  const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  for (const body of [everyByte, new Uint8Array(), Buffer.alloc(100_000, 'ä')]) {
    const response = await fetch(`${demo.url}/echo`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'text/html' },
    });
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array(body));
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  }
});

test('the demo tells its figures', async (t) => {
  const demo = await Example.start(t, 'demo');
  await (await fetch(demo.url)).text();
  const stats = (await (await fetch(`${demo.url}/stats`)).json()) as { requests: { handled: number } };
  assert.equal(stats.requests.handled, 2);
});

for (const [method, path] of [
  ['GET', '/nothing'],
  ['POST', '/'],
  ['DELETE', '/stats'],
  ['GET', '/echo'],
] as const) {
  test(`the demo answers ${method} ${path} with its 404 page`, async (t) => {
    const demo = await Example.start(t, 'demo');
    const response = await fetch(demo.url + path, { method });
    assert.equal(response.status, 404);
    assert.match(await response.text(), new RegExp(`${method} ${path}<`));
  });
}

test('the 404 page shows what was asked for as text', async (t) => {
  const demo = await Example.start(t, 'demo');
  const client = await Client.connect(t, demo);
  const { status, text } = await client.ask(head("A&'B", "/'&amp"));
  assert.equal(status, 404);
  assert.match(text, /A&amp;&#39;B \/&#39;&amp;amp</);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends the demo with 0, after it has answered what it was being sent`, async (t) => {
    const demo = await Example.start(t, 'demo');
    const idle = await Client.connect(t, demo);
    await idle.ask(get('/'));
    const busy = await Client.connect(t, demo);
    busy.send(head('POST', '/echo', { 'Content-Length': '5', Expect: '100-continue' }));
    await busy.readUntil('100 Continue\r\n\r\n');
    demo.signal(signal);
    await idle.ended(); // so closing has begun
    const { status, text, headers } = await busy.ask('hello');
    assert.deepEqual([status, text, headers['connection']], [200, 'hello', 'close']);
    await busy.ended();
    assert.deepEqual(await demo.ended(), ORDERLY);
    assert.equal(demo.errors, '');
  });
}

test('a taken port is one friendly line and exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const demo = Example.run(t, 'demo', port);
  assert.deepEqual(await demo.ended(), { code: 1, signal: null });
  assert.equal(
    demo.errors,
    `millrace demo: port ${port} is taken; choose another one: PORT=${port + 1} npm start\n`,
  );
  assert.equal(demo.output, '');
});

for (const port of ['http', '70000', '-1', '80.5']) {
  test(`PORT=${port} is one friendly line and exit code 1`, async (t) => {
    const demo = Example.run(t, 'demo', port);
    assert.deepEqual(await demo.ended(), { code: 1, signal: null });
    assert.equal(demo.errors, `millrace demo: PORT must be a number from 0 to 65535, not '${port}'\n`);
  });
}
