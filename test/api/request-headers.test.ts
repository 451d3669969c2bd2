import assert from 'node:assert/strict';
import { createServer as createNodeServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import type { HttpRequest } from 'millrace';

import { Client } from '../helpers/client.js';
import { startHandler, type TestServer } from '../helpers/server.js';

type Line = readonly [name: string, value: string];

const CASES: readonly { name: string; lines: readonly Line[] }[] = [
  { name: 'no fields but Host', lines: [] },
  {
    name: 'names in any case',
    lines: [
      ['X-A', '1'],
      ['x-b', '2'],
      ['ACCEPT', '3'],
    ],
  },
  {
    name: 'white space around values',
    lines: [
      ['X-A', ' \t a \t b\t '],
      ['X-B', ''],
    ],
  },
  {
    name: 'bytes above 127',
    lines: [
      ['X-A', '\u00e9\u00ff\u0080'],
      ['X-B', 'caf\u00c3\u00a9'],
    ],
  },
  {
    name: 'the same unknown field three times',
    lines: [
      ['X-A', '1'],
      ['x-a', '2'],
      ['X-a', ''],
    ],
  },
  {
    name: 'several Cookies, joined with semicolons',
    lines: [
      ['Cookie', 'a=1'],
      ['cookie', 'b=2; c=3'],
    ],
  },
  {
    name: 'several Set-Cookies, an array',
    lines: [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
  },
  { name: 'one Set-Cookie, an array too', lines: [['Set-Cookie', 'a=1']] },
  {
    name: 'names that objects have',
    lines: [
      ['constructor', 'b'],
      ['toString', 'c'],
      ['hasOwnProperty', 'd'],
    ],
  },
  { name: 'names of all token characters', lines: [["!#$%&'*+-.^_`|~09AZaz", 'v']] },
  {
    name: 'a name that is one letter',
    lines: [
      ['A', '1'],
      ['a', '2'],
    ],
  },
  ...[
    'Age',
    'Authorization',
    'Content-Type',
    'ETag',
    'Expires',
    'From',
    'If-Modified-Since',
    'If-Unmodified-Since',
    'Last-Modified',
    'Location',
    'Max-Forwards',
    'Proxy-Authorization',
    'Referer',
    'Retry-After',
    'Server',
    'User-Agent',
    'Accept',
    'Accept-Encoding',
    'Accept-Language',
    'Accept-Charset',
    'Allow',
    'Cache-Control',
    'Content-Encoding',
    'Content-Language',
    'Date',
    'Forwarded',
    'From-X',
    'If-Match',
    'If-None-Match',
    'If-Range',
    'Link',
    'Origin',
    'Pragma',
    'Range',
    'Sec-Fetch-Mode',
    'Sec-WebSocket-Protocol',
    'Trailer',
    'Vary',
    'Via',
    'Warning',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
  ].map((name) => ({
    name: `two lines of ${name}`,
    lines: [
      [name, 'first'],
      [name.toLowerCase(), 'second'],
    ] as const,
  })),
  {
    name: 'many fields',
    lines: Array.from({ length: 98 }, (_, n) => [`X-${String(n)}`, `v${String(n)}`] as const),
  },
];

function bytesFor(lines: readonly Line[]): string {
  return `GET / HTTP/1.1\r\nHost: test\r\n${lines.map(([name, value]) => `${name}:${value}\r\n`).join('')}\r\n`;
}

interface SeenFields {
  readonly headers: readonly (readonly [string, unknown])[];
  readonly rawHeaders: readonly string[];
}

/** What node:http makes of the same bytes. */
async function nodesView(t: TestContext, bytes: string): Promise<SeenFields> {
  let seen: IncomingMessage | undefined;
  const server = createNodeServer((req, res) => {
    seen = req;
    res.end();
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = await Client.connect(t, server.address() as AddressInfo);
  await client.ask(bytes);
  client.destroy();
  return { headers: Object.entries(seen!.headers), rawHeaders: seen!.rawHeaders };
}

async function ourView(t: TestContext, bytes: string): Promise<HttpRequest> {
  let seen: HttpRequest | undefined;
  const { connect }: TestServer = await startHandler(t, (req, res) => {
    seen = req;
    res.end();
  });
  await (await connect()).ask(bytes);
  return seen!;
}

for (const { name, lines } of CASES) {
  test(`fields are as node:http gives them: ${name}`, async (t) => {
    const bytes = bytesFor(lines);
    const [theirs, ours] = [await nodesView(t, bytes), await ourView(t, bytes)];
    assert.deepEqual(Object.entries(ours.headers), theirs.headers);
    assert.deepEqual(ours.rawHeaders, theirs.rawHeaders);
    assert.equal(Object.getPrototypeOf(ours.headers), null);
    for (const [field, value] of theirs.headers) {
      for (const spelling of [field, field.toUpperCase()]) {
        assert.deepEqual(ours.header(spelling), value, `header('${spelling}')`);
      }
    }
  });
}

test('a field that was not sent is undefined', async (t) => {
  const request = await ourView(t, bytesFor([['X-A', '1']]));
  for (const name of ['accept', 'x-b', 'X', 'x-aa', '', 'constructor', '__proto__', 'set-cookie', 'cookie']) {
    assert.equal(request.header(name), undefined, name);
    assert.equal(request.headers[name], undefined, name);
  }
});

test('a field may have any name, also __proto__, which node:http loses', async (t) => {
  const { headers, rawHeaders } = await ourView(
    t,
    bytesFor([
      ['__proto__', 'a'],
      ['__PROTO__', 'b'],
    ]),
  );
  assert.deepEqual(Object.entries(headers), [
    ['host', 'test'],
    ['__proto__', 'a, b'],
  ]);
  assert.deepEqual(rawHeaders, ['Host', 'test', '__proto__', 'a', '__PROTO__', 'b']);
});

test('headers is made once, so what an app adds to it stays', async (t) => {
  const request = await ourView(t, bytesFor([]));
  request.headers['x-added'] = 'by the app';
  assert.equal(request.headers['x-added'], 'by the app');
  assert.equal(request.header('x-added'), undefined);
});

test('headers have the types of node:http, so that a field of the known ones is text and libraries take them', async (t) => {
  const { headers } = await ourView(t, bytesFor([['Content-Type', 'text/html; charset=utf-8']]));
  const type: string | undefined = headers['content-type'];
  const cookies: string[] | undefined = headers['set-cookie'];
  const forLibraries: IncomingHttpHeaders = headers;
  assert.equal(type, 'text/html; charset=utf-8');
  assert.equal(cookies, undefined);
  assert.equal(forLibraries.host?.toUpperCase(), 'TEST');
});
