// inputs.ts: made-up byte sequences near to what HTTP/1.1 is, where two readers come to differ.

import type { Random } from '../../helpers/random.js';
import { ACCEPTED } from '../../protocol/accepted-requests.js';
import { REFUSED } from '../../protocol/refused-requests.js';

const SEEDS: readonly string[] = [...ACCEPTED, ...REFUSED].map(({ bytes }) => bytes);

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'QUERY', 'PRI', 'CONNECT', 'get', 'BREW'];

const TARGETS = [
  '/',
  '/a?b',
  '/a/%2f',
  '/%',
  '/%g0',
  '/a|b',
  '/a\\b',
  '/?a\\b',
  '/a"b',
  '/a<b>',
  '/a?b#c',
  '/caf\u00e9',
  '//a',
  '*',
  'a',
  'a:1',
  'http://b',
  'http://b?c',
  'http://b/c',
  'HTTP://b:1/c',
  'http://u@b/',
  'http://b:99999/',
  'http://[::1]/',
  'http://[::g]/',
  'https://b/',
  'ws://b/',
];

const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.10', 'http/1.1'];

const HOSTS = [
  'a',
  'a:80',
  'a:',
  'a.b',
  '[::1]',
  '[::1',
  'a b',
  'a/b',
  'u@a',
  'a,b',
  '\u00e9',
  '%41',
  '%4',
  '',
];

const FIELDS = [
  'Content-Length: 0',
  'Content-Length: 3',
  'Content-Length: 003',
  'Content-Length: 3 ',
  'Content-Length: +3',
  'Content-Length: 3, 3',
  'Content-Length: 3 3',
  'Content-Length:',
  'Content-Length: 18446744073709551616',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding:\tCHUNKED ',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: gzip,chunked',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked;a=b',
  'Transfer-Encoding: chunkedx',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: , chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding:',
  'Transfer-Encoding : chunked',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: close, keep-alive',
  'Connection: keep-alive,close',
  'Connection: x,close ,y',
  'Connection: closed',
  'Connection: "close"',
  'Connection: upgrade',
  'Connection: upgrade, close',
  'Connection: close;q=1',
  'Connection:',
  'Proxy-Connection: close',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'Expect: 100-Continue, x',
  'Expect: 200-ok',
  'Expect:',
  'X: y',
  'X:y  ',
  'X: ',
  'X:\ty\tz',
  'X: \u00e9\u00ff',
  'X: "a\\"',
  'X: y\r\n z',
  'X: y\r\n\t',
  'X: \r\n z',
  'X : y',
  ' X: y',
  'X',
  ': y',
  'X Y: z',
  'X: a\x00b',
  'X: a\x7fb',
  'X: a\x01b',
  'X: a\rb',
  'X: a\nb',
  'X(: y',
  '\u00e9: y',
];

const CHUNKED_BODIES = [
  '0\r\n\r\n',
  '3\r\nabc\r\n0\r\n\r\n',
  '03\r\nabc\r\n00\r\n\r\n',
  'A\r\n0123456789\r\n0\r\n\r\n',
  '3;a\r\nabc\r\n0;b=c\r\n\r\n',
  '3;a="b;\\"c"\r\nabc\r\n0\r\n\r\n',
  '3; a = b\r\nabc\r\n0\r\n\r\n',
  '3 ;a\r\nabc\r\n0\r\n\r\n',
  '3 \r\nabc\r\n0\r\n\r\n',
  '3\t\r\nabc\r\n0\r\n\r\n',
  '3;\r\nabc\r\n0\r\n\r\n',
  '3;a=\r\nabc\r\n0\r\n\r\n',
  '3;a="b\r\nabc\r\n0\r\n\r\n',
  '3;\u00e9\r\nabc\r\n0\r\n\r\n',
  '3;a\nabc\r\n0\r\n\r\n',
  '3\nabc\r\n0\r\n\r\n',
  '3\r\nabc0\r\n\r\n',
  '3\r\nabc\n0\r\n\r\n',
  '3\r\nabcd\r\n0\r\n\r\n',
  '0\r\nX: y\r\n\r\n',
  '0\r\nX: y\r\n z\r\n\r\n',
  '0\r\nX\r\n\r\n',
  '0\r\nContent-Length: 3\r\n\r\n',
  '0\r\nTransfer-Encoding: chunked\r\n\r\n',
  '0\r\nTransfer-Encoding: gzip\r\n\r\n',
  '0\r\nConnection: close\r\n\r\n',
  '0\r\nHost: b\r\n\r\n',
  '0\r\nX: a\x00\r\n\r\n',
  '0\n\n',
  '0\r\n\n',
  `${'0'.repeat(40)}3\r\nabc\r\n0\r\n\r\n`,
  'fffffffffffffffff\r\nabc',
  '-3\r\nabc\r\n0\r\n\r\n',
  '0x3\r\nabc\r\n0\r\n\r\n',
];

/** What comes ahead of a request, mostly nothing. */
const AHEAD = ['\r\n', '\r\n\r\n', '\n', '\r', '\r\n'.repeat(5), ' ', '\0'];

/** Bytes that mean something somewhere. */
const MEANINGFUL = '\r\n\t :;=,"\\/?#%[]@*0x\0\x7f\u0080\u00ff';

/** More of something than a limit allows. */
const LONG = ['x'.repeat(9000), 'X: y\r\n'.repeat(120), 'x'.repeat(20_000)];

function oneOf(random: Random, items: readonly string[]): string {
  return items[random(items.length)]!;
}

/** The first of the items mostly, else any of them. */
function mostlyFirst(random: Random, items: readonly string[]): string {
  return random(6) > 0 ? items[0]! : oneOf(random, items);
}

/** A framing field and the body for it, or a body without one, or none. */
function framedFrom(random: Random): readonly [fields: readonly string[], body: string] {
  const chunked = mostlyFirst(random, CHUNKED_BODIES);
  switch (random(8)) {
    case 0:
    case 1:
    case 2:
      return [[], ''];
    case 3:
      return [['Content-Length: 3'], 'abc'];
    case 4:
      return [[], oneOf(random, ['abc', '\r\n', chunked])];
    default:
      return [['Transfer-Encoding: chunked'], random(2) === 0 ? chunked : oneOf(random, CHUNKED_BODIES)];
  }
}

function composedFrom(random: Random): string {
  const lineEnd = random(60) === 0 ? oneOf(random, ['\n', '\r', '\r\r\n']) : '\r\n';
  const [framing, body] = framedFrom(random);
  const lines = [
    `${mostlyFirst(random, METHODS)} ${mostlyFirst(random, TARGETS)} ${mostlyFirst(random, VERSIONS)}`,
  ];
  if (random(30) > 0) lines.push(`Host: ${mostlyFirst(random, HOSTS)}`);
  if (random(60) === 0) lines.push('Host: b');
  for (let fields = random(3); fields > 0; --fields) {
    lines.push(random(2) === 0 ? 'Accept: */*' : oneOf(random, FIELDS));
  }
  lines.push(...framing);
  const ahead = random(20) === 0 ? oneOf(random, AHEAD) : '';
  return ahead + lines.join(lineEnd) + lineEnd + lineEnd + body;
}

/** Another byte, one that means something, a piece cut out, doubled, or taken from elsewhere, or something long. */
function changed(random: Random, bytes: string, other: string): string {
  const at = random(bytes.length + 1);
  const to = at + random(Math.min(bytes.length - at, 20) + 1);
  const otherAt = random(other.length + 1);
  switch (random(20)) {
    case 0:
      return bytes.slice(0, at) + oneOf(random, LONG) + bytes.slice(at);
    case 1:
    case 2:
    case 3:
    case 4:
      return bytes.slice(0, at) + String.fromCharCode(random(256)) + bytes.slice(at + 1);
    case 5:
    case 6:
    case 7:
    case 8:
      return bytes.slice(0, at) + MEANINGFUL[random(MEANINGFUL.length)]! + bytes.slice(at + random(2));
    case 9:
    case 10:
    case 11:
    case 12:
      return bytes.slice(0, at) + bytes.slice(to);
    case 13:
    case 14:
    case 15:
      return bytes.slice(0, to) + bytes.slice(at);
    default:
      return bytes.slice(0, at) + other.slice(otherAt, otherAt + random(20)) + bytes.slice(at);
  }
}

function requestFrom(random: Random): string {
  return random(5) === 0 ? oneOf(random, SEEDS) : composedFrom(random);
}

/** What a client sends: one to three requests, most of them with something wrong. One character for each byte. */
export function inputFrom(random: Random): string {
  let bytes = requestFrom(random);
  for (let more = random(3); more > 0; --more) bytes += requestFrom(random);
  for (let changes = random(6) - 2; changes > 0; --changes)
    bytes = changed(random, bytes, requestFrom(random));
  return bytes;
}
