import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';

import type { HttpResponse } from 'millrace';

import type { Answer } from '../helpers/answer-reader.js';
import { get, head } from '../helpers/requests.js';
import { startHandler } from '../helpers/server.js';

interface AnswerCase {
  readonly name: string;
  readonly give: (res: HttpResponse) => void;
  readonly status?: number;
  readonly reason?: string;
  readonly text?: string;
  /** Field lines of the answer besides Date, in order. */
  readonly fields: readonly string[];
  readonly request?: string;
}

const CASES: AnswerCase[] = [
  {
    name: 'end() alone is an empty 200',
    give: (res) => {
      res.end();
    },
    fields: ['Content-Length: 0'],
  },
  {
    name: 'end(undefined) is the same',
    give: (res) => {
      res.end(undefined);
    },
    fields: ['Content-Length: 0'],
  },
  {
    name: 'end(text)',
    give: (res) => {
      res.end('hello');
    },
    text: 'hello',
    fields: ['Content-Length: 5'],
  },
  {
    name: 'end(bytes)',
    give: (res) => {
      res.end(new Uint8Array([104, 105]));
    },
    text: 'hi',
    fields: ['Content-Length: 2'],
  },
  {
    name: 'text() says its type',
    give: (res) => {
      res.text('é');
    },
    text: 'é',
    fields: ['Content-Type: text/plain; charset=utf-8', 'Content-Length: 2'],
  },
  {
    name: 'html() says its type',
    give: (res) => {
      res.html('<p>');
    },
    text: '<p>',
    fields: ['Content-Type: text/html; charset=utf-8', 'Content-Length: 3'],
  },
  {
    name: 'json() says its type',
    give: (res) => {
      res.json({ a: [1, 'é', null], b: undefined });
    },
    text: '{"a":[1,"é",null]}',
    fields: ['Content-Type: application/json', 'Content-Length: 19'],
  },
  {
    name: 'json() of a value that is no object',
    give: (res) => {
      res.json(null);
    },
    text: 'null',
    fields: ['Content-Type: application/json', 'Content-Length: 4'],
  },
  {
    name: 'a Content-Type that is set is kept by json(), whatever its case',
    give: (res) => {
      res.header('content-TYPE', 'application/problem+json').json(1);
    },
    text: '1',
    fields: ['content-TYPE: application/problem+json', 'Content-Length: 1'],
  },
  {
    name: 'other fields leave the type of text() alone',
    give: (res) => {
      res.header('X-A', '1').text('x');
    },
    text: 'x',
    fields: ['Content-Type: text/plain; charset=utf-8', 'X-A: 1', 'Content-Length: 1'],
  },
  {
    name: 'status() with a registered phrase',
    give: (res) => {
      res.status(418).end();
    },
    status: 418,
    fields: ['Content-Length: 0'],
  },
  {
    name: 'status() 404',
    give: (res) => {
      res.status(404).end();
    },
    status: 404,
    reason: 'Not Found',
    fields: ['Content-Length: 0'],
  },
  {
    name: 'status() with a phrase of its own',
    give: (res) => {
      res.status(200, 'Très\tbien').end('x');
    },
    reason: 'Tr\u00e8s\tbien',
    text: 'x',
    fields: ['Content-Length: 1'],
  },
  {
    name: 'status() with a code that nobody registered',
    give: (res) => {
      res.status(299).end();
    },
    status: 299,
    reason: '',
    fields: ['Content-Length: 0'],
  },
  {
    name: 'status() 999',
    give: (res) => {
      res.status(999).end();
    },
    status: 999,
    reason: '',
    fields: ['Content-Length: 0'],
  },
  {
    name: 'the last status() counts, with its phrase',
    give: (res) => {
      res.status(500, 'Ouch').status(201).end();
    },
    status: 201,
    reason: 'Created',
    fields: ['Content-Length: 0'],
  },
  {
    name: 'header() sets, in the order of the first mention',
    give: (res) => {
      res.header('X-A', '1').header('X-B', '2').header('x-a', '3').end();
    },
    fields: ['X-A: 3', 'X-B: 2', 'Content-Length: 0'],
  },
  {
    name: 'header() takes numbers',
    give: (res) => {
      res.header('X-A', 0).header('X-B', -1.5).end();
    },
    fields: ['X-A: 0', 'X-B: -1.5', 'Content-Length: 0'],
  },
  {
    name: 'header() with an array sends a line for each value',
    give: (res) => {
      res.header('Set-Cookie', ['a=1', 'b=2']).header('X-N', [1, 2]).end();
    },
    fields: ['Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-N: 1', 'X-N: 2', 'Content-Length: 0'],
  },
  {
    name: 'header() with an empty array sends no line',
    give: (res) => {
      res.header('X-A', '1').header('X-A', []).end();
    },
    fields: ['Content-Length: 0'],
  },
  {
    name: 'header() with an empty value',
    give: (res) => {
      res.header('X-A', '').end();
    },
    fields: ['X-A: ', 'Content-Length: 0'],
  },
  {
    name: 'header() sends characters up to U+00FF as one byte each, and tabs',
    give: (res) => {
      res.header('X-A', 'caf\u00e9\tb').end();
    },
    fields: ['X-A: caf\u00e9\tb', 'Content-Length: 0'],
  },
  {
    name: 'an array is taken as it is when header() is called',
    give: (res) => {
      const values = ['1', '2'];
      res.header('X-A', values);
      values[0] = 'b\r\nX-Evil: 1';
      values.push('3');
      res.end();
    },
    fields: ['X-A: 1', 'X-A: 2', 'Content-Length: 0'],
  },
  {
    name: 'append() adds lines',
    give: (res) => {
      res.append('Link', '<a>').append('link', '<b>').append('Vary', 'x').end();
    },
    fields: ['Link: <a>', 'Link: <b>', 'Vary: x', 'Content-Length: 0'],
  },
  {
    name: 'header() replaces what was appended',
    give: (res) => {
      res.append('Link', '<a>').append('Link', '<b>').header('Link', '<c>').end();
    },
    fields: ['Link: <c>', 'Content-Length: 0'],
  },
  {
    name: 'removeHeader() takes a field back, in any case, and minds no absence',
    give: (res) => {
      res.header('X-A', '1').header('X-B', '2').removeHeader('x-a').removeHeader('x-c').end();
    },
    fields: ['X-B: 2', 'Content-Length: 0'],
  },
  {
    name: 'removeHeader() of the last field',
    give: (res) => {
      res.header('X-A', '1').removeHeader('X-A').text('x');
    },
    text: 'x',
    fields: ['Content-Type: text/plain; charset=utf-8', 'Content-Length: 1'],
  },
  {
    name: 'a Content-Length that is the length of the body is sent once',
    give: (res) => {
      res.header('Content-Length', 2).end('é');
    },
    text: 'é',
    fields: ['Content-Length: 2'],
  },
  {
    name: 'a Content-Length given as an array of one is sent once',
    give: (res) => {
      res.header('Content-Length', ['5']).end('hello');
    },
    text: 'hello',
    fields: ['Content-Length: 5'],
  },
  {
    name: 'Connection: close is said, and done',
    give: (res) => {
      res.header('Connection', 'close').end();
    },
    fields: ['Connection: close', 'Content-Length: 0'],
  },
  {
    name: 'Connection: Close in an array is said, and done',
    give: (res) => {
      res.header('Connection', ['Close']).end();
    },
    fields: ['Connection: close', 'Content-Length: 0'],
  },
  {
    name: 'Connection: keep-alive needs no saying in HTTP/1.1',
    give: (res) => {
      res.header('Connection', 'keep-alive').end();
    },
    fields: ['Content-Length: 0'],
  },
  {
    name: 'Upgrade is named in Connection (RFC 9110 §7.8)',
    give: (res) => {
      res.status(426).header('Upgrade', 'websocket').end();
    },
    status: 426,
    fields: ['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 0'],
  },
  {
    name: 'redirect() is a 302',
    give: (res) => {
      res.redirect('/elsewhere?a=b#c');
    },
    status: 302,
    fields: ['Location: /elsewhere?a=b#c', 'Content-Length: 0'],
  },
  {
    name: 'redirect() with a code; what a URI cannot have is percent-encoded',
    give: (res) => {
      res.redirect('http://a.test/é "x"%20%', 308);
    },
    status: 308,
    fields: ['Location: http://a.test/%C3%A9%20%22x%22%20%', 'Content-Length: 0'],
  },
  {
    name: '204 has neither body nor length',
    give: (res) => {
      res.status(204).end('surplus');
    },
    status: 204,
    fields: [],
  },
  {
    name: '304 has no body, and no length unless one is set',
    give: (res) => {
      res.status(304).end();
    },
    status: 304,
    fields: [],
  },
  {
    name: '304 may say the length that a 200 would have (RFC 9110 §8.6)',
    give: (res) => {
      res.status(304).header('Content-Length', 500).header('ETag', '"a"').end();
    },
    status: 304,
    fields: ['Content-Length: 500', 'ETag: "a"'],
  },
  {
    name: '205 has no body (RFC 9110 §15.3.6)',
    give: (res) => {
      res.status(205).end('surplus');
    },
    status: 205,
    fields: ['Content-Length: 0'],
  },
  {
    name: 'an answer to HEAD has the length of the body and no body',
    request: head('HEAD', '/'),
    give: (res) => {
      res.text('hello');
    },
    fields: ['Content-Type: text/plain; charset=utf-8', 'Content-Length: 5'],
  },
  {
    name: 'an answer to HEAD with a large body',
    request: head('HEAD', '/'),
    give: (res) => {
      res.end('x'.repeat(100_000));
    },
    fields: ['Content-Length: 100000'],
  },
  {
    name: 'an answer to HEAD may name the length without having the body',
    request: head('HEAD', '/'),
    give: (res) => {
      res.header('Content-Length', '77').end();
    },
    fields: ['Content-Length: 77'],
  },
  {
    name: 'an answer to HEAD without a body says nothing of the length that GET would get (RFC 9110 §8.6)',
    request: head('HEAD', '/'),
    give: (res) => {
      res.header('ETag', '"a"').end();
    },
    fields: ['ETag: "a"'],
  },
  {
    name: 'nor does one that is piped from nothing, such as the answer of another server to HEAD',
    request: head('HEAD', '/'),
    give: (res) => void res.pipe(Readable.from([])),
    fields: [],
  },
];

for (const name of ['Content-Length', 'Content-Type', 'Connection', 'X-A']) {
  for (const set of [true, false]) {
    CASES.push({
      name: `an empty array for ${name}, which is ${set ? '' : 'not '}set, leaves it to the server`,
      give: (res) => {
        if (set) res.header(name.toLowerCase(), name === 'Connection' ? 'close' : 7);
        res.header(name, []).text('hello');
      },
      text: 'hello',
      fields: ['Content-Type: text/plain; charset=utf-8', 'Content-Length: 5'],
    });
  }
}

function linesOf(answer: Answer): string[] {
  return answer.fields.filter(([name]) => name !== 'Date').map(([name, value]) => `${name}: ${value}`);
}

for (const { name, give, status = 200, reason, text = '', fields, request = get('/') } of CASES) {
  test(name, async (t) => {
    const { connect } = await startHandler(t, (_req, res) => {
      give(res);
    });
    const client = await connect();
    const answer = await client.ask(request, { head: request.startsWith('HEAD') });
    assert.equal(answer.status, status);
    if (reason !== undefined) assert.equal(answer.reason, reason);
    assert.equal(answer.text, text);
    assert.deepEqual(linesOf(answer), fields);
    if (answer.headers['connection'] === 'close') assert.equal(await client.ended(), 'fin');
    else assert.equal((await client.ask(request, { head: request.startsWith('HEAD') })).status, status);
  });
}

test('an answer has the Date of now, or the one that is set', async (t) => {
  const mine = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const { connect } = await startHandler(t, (req, res) => {
    if (req.path === '/mine') res.header('date', mine);
    if (req.path === '/listed') res.header('Date', [mine]);
    if (req.path === '/emptied') res.header('Date', mine).header('date', []);
    res.end();
  });
  const client = await connect();
  for (const path of ['/', '/emptied']) {
    const { headers } = await client.ask(get(path));
    assert.ok(Math.abs(Date.parse(headers['date']!) - Date.now()) < 5000, headers['date']);
  }
  assert.equal((await client.ask(get('/mine'))).headers['date'], mine);
  assert.equal((await client.ask(get('/listed'))).headers['date'], mine);
});
