// server-sent-events.test.ts: examples/server-sent-events.ts: events come one by one, and stop when the client goes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from '../helpers/client.js';
import { Example } from '../helpers/example.js';
import { until } from '../helpers/promises.js';
import { get } from '../helpers/requests.js';

test('events come one by one, and the handler ends when the client goes', async (t) => {
  const example = await Example.start(t, 'server-sent-events');
  const client = await Client.connect(t, example);
  assert.match((await client.ask(get('/'))).text, /EventSource/);
  client.send(get('/events?ms=20'));
  const head = await client.readUntil('\r\n\r\n');
  assert.match(head, /Content-Type: text\/event-stream\r\n/);
  assert.match(head, /Transfer-Encoding: chunked\r\n/);
  for (let id = 1; id <= 3; id++) {
    assert.match(await client.readUntil('\n\n'), new RegExp(`id: ${String(id)}\ndata: \\{"connections":1,`));
  }
  client.reset();
  const other = await Client.connect(t, example);
  other.send(get('/events?ms=20'));
  await until('the first client is gone', () => other.unread.includes('"connections":1,'));
  other.destroy();
});
