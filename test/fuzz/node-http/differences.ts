// differences.ts: every way in which millrace is known to read something differently from node:http, by name. Each one is
// argued in docs/conformance.md. A rule looks at why, not only at what: at the request as the one that took it
// understood it.

import { METHODS } from 'node:http';
import { isDeepStrictEqual } from 'node:util';

import type { Difference } from './compare.js';
import {
  elementsOf,
  isHost,
  isSoundChunkExtension,
  isSoundTransferEncoding,
  targetFault,
  type TargetFault,
} from './grammar.js';
import { valuesOf, type ReadRequest } from './reading.js';

export interface Rule {
  /** As docs/conformance.md has it. */
  readonly name: string;
  /** Bytes that show it. */
  readonly example: string;
  readonly explains: (difference: Difference) => boolean;
  /** The version of llhttp, node:http's parser, with which the difference has gone. */
  readonly until?: string;
}

/** Those of older ones are many more, and most of them are known as faults that have been mended. */
const OLDEST_LLHTTP = '9.3';

/** Whether the node:http at hand is one that the rules are about. */
export function isComparable(): boolean {
  return isLlhttp(OLDEST_LLHTTP);
}

/** Whether the rule holds for the node:http at hand. */
export function isCurrent({ until }: Rule): boolean {
  return until === undefined || !isLlhttp(until);
}

function isLlhttp(oldest: string): boolean {
  const present = process.versions['llhttp'] ?? '0';
  return present.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Millrace refuses for one of these reasons what node:http understands, and `isWhy` finds the reason there. */
function stricter(
  name: string,
  example: string,
  reasons: readonly string[],
  isWhy: (request: ReadRequest, rest: string) => boolean,
): Rule {
  return {
    name,
    example,
    explains: ({ rest, millrace, node }) =>
      'end' in millrace &&
      reasons.includes(millrace.reason) &&
      'request' in node &&
      isWhy(node.request, rest),
  };
}

/** node:http refuses with one of these codes what millrace understands, and `isWhy` finds the reason there. */
function moreTolerant(
  name: string,
  example: string,
  codes: readonly string[],
  isWhy: (request: ReadRequest, rest: string) => boolean,
): Rule {
  return {
    name,
    example,
    explains: ({ rest, millrace, node }) =>
      'end' in node && codes.includes(node.reason) && 'request' in millrace && isWhy(millrace.request, rest),
  };
}

function stricterTarget(fault: TargetFault, reasons: readonly string[], target: string): Rule {
  return stricter(
    `target-${fault}`,
    `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`,
    reasons,
    ({ method, target: seen }) => targetFault(method, seen) === fault,
  );
}

const TARGETS: readonly Rule[] = [
  stricterTarget('form', ['invalid request target'], 'https://b/'),
  stricterTarget('bytes', ['invalid request target'], '/a"b'),
  stricterTarget('fragment', ['request target with a fragment'], '/a#b'),
  stricterTarget(
    'asterisk',
    ['asterisk-form target, but the method is not OPTIONS', 'invalid request target'],
    '*',
  ),
  stricterTarget('authority', ['invalid authority in the request target'], 'http://u@b/'),
];

const REQUEST_LINES: readonly Rule[] = [
  stricter(
    'version',
    'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    // The line of HTTP/0.9 has no version: to millrace the line end is a byte of the target.
    ['HTTP version is not 1.x', 'invalid request target', 'invalid authority in the request target'],
    ({ version, method, target }) =>
      ['0.9', '2.0'].includes(version) && targetFault(method, target) === undefined,
  ),
  stricter(
    'spaces',
    'GET /  HTTP/1.1\r\nHost: a\r\n\r\n',
    ['invalid HTTP version', 'invalid request target'],
    (_, rest) => /^(?:\r\n)*\S+ (?: |\S+ {2,}HTTP\/)/.test(rest),
  ),
  moreTolerant(
    'method',
    'BREW / HTTP/1.1\r\nHost: a\r\n\r\n',
    ['HPE_INVALID_METHOD'],
    ({ method }) => !METHODS.includes(method),
  ),
  {
    name: 'method-of-http-2',
    example: 'PRI / HTTP/1.1\r\nHost: a\r\n\r\n',
    explains: ({ millrace, node }) =>
      'request' in millrace &&
      millrace.request.method === 'PRI' &&
      'end' in node &&
      (node.reason === 'HPE_INVALID_VERSION' || node.end === 'unfinished'),
  },
  moreTolerant('minor-version', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', ['HPE_INVALID_VERSION'], (_, rest) =>
    /^(?:\r\n)*\S+ \S+ HTTP\/1\.[2-9]\r\n/.test(rest),
  ),
];

const EMPTY_LINES: readonly Rule[] = [
  {
    name: 'empty-lines',
    example: `\n${GET}\r\n`,
    explains: ({ rest, millrace, node }) => {
      const reasons = ['LF without CR', 'CR without LF', 'too many empty lines ahead of the request line'];
      const lineEnds = /^[\r\n]*/.exec(rest)![0];
      return (
        'end' in millrace &&
        reasons.includes(millrace.reason) &&
        ('request' in node || (node.end === 'clean' && lineEnds === rest)) &&
        !/^(?:\r\n){0,4}$/.test(lineEnds)
      );
    },
  },
];

const FIELDS: readonly Rule[] = [
  stricter('host', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', ['invalid Host'], ({ fields }) =>
    valuesOf(fields, 'host').some((host) => !isHost(host)),
  ),
  stricter(
    'host-repeated',
    `${GET}Host: a\r\n\r\n`,
    ['more than one Host'],
    ({ fields }) => valuesOf(fields, 'host').length > 1,
  ),
  stricter(
    'expectation-beside-continue',
    `${GET}Expect: 100-continue, x\r\n\r\n`,
    ['unknown expectation'],
    ({ fields }) => elementsOf(valuesOf(fields, 'expect')).some((element) => element !== '100-continue'),
  ),
  moreTolerant(
    'expectation-of-nothing',
    `${GET}Expect:\r\n\r\n`,
    ['unknown expectation'],
    ({ fields }) => elementsOf(valuesOf(fields, 'expect')).length === 0,
  ),
];

const FRAMING: readonly Rule[] = [
  stricter(
    'transfer-encoding',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked\r\n\r\n0\r\n\r\n',
    ['invalid Transfer-Encoding'],
    ({ fields }) => !isSoundTransferEncoding(valuesOf(fields, 'transfer-encoding')),
  ),
  stricter(
    'transfer-coding',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ['unknown transfer coding'],
    ({ fields }) => elementsOf(valuesOf(fields, 'transfer-encoding')).some((coding) => coding !== 'chunked'),
  ),
  stricter(
    'transfer-encoding-in-1.0',
    'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ['Transfer-Encoding in HTTP/1.0'],
    ({ version, fields }) => version === '1.0' && valuesOf(fields, 'transfer-encoding').length > 0,
  ),
  {
    ...moreTolerant(
      'tab-behind-framing',
      `${GET}Content-Length: 0\t\r\n\r\n`,
      ['HPE_INVALID_CONTENT_LENGTH', 'HPE_INVALID_TRANSFER_ENCODING'],
      (_, rest) => /\n(?:content-length:[ \t]*\d+|transfer-encoding:[ \t]*chunked) *\t[ \t]*\r\n/i.test(rest),
    ),
    until: '9.4',
  },
  stricter('chunk-extension', `${CHUNKED}3;a=\r\nabc\r\n0\r\n\r\n`, ['invalid chunk extension'], (_, rest) =>
    [...rest.matchAll(/\n[0-9a-f]+(;.*)\r\n/gi)].some(([, extension]) => !isSoundChunkExtension(extension!)),
  ),
  stricter(
    'chunk-size-digits',
    `${CHUNKED}${'0'.repeat(40)}\r\n\r\n`,
    ['chunk size has too many digits'],
    (_, rest) => /\n[0-9a-f]{33,}/i.test(rest),
  ),
  moreTolerant(
    'framing-in-trailers',
    `${CHUNKED}0\r\nContent-Length: 3\r\n\r\n`,
    ['HPE_INVALID_TRANSFER_ENCODING', 'HPE_INVALID_CONTENT_LENGTH', 'HPE_UNEXPECTED_CONTENT_LENGTH'],
    ({ trailers }) =>
      [...valuesOf(trailers, 'content-length'), ...valuesOf(trailers, 'transfer-encoding')].length > 0,
  ),
];

/** Both took the request, and as the same but for whether the connection stays. */
function persistence(
  name: string,
  example: string,
  isWhy: (request: ReadRequest, rest: string) => boolean,
): Rule {
  return {
    name,
    example,
    explains: ({ rest, millrace, node }) =>
      'request' in millrace &&
      'request' in node &&
      isDeepStrictEqual({ ...node.request, keepAlive: millrace.request.keepAlive }, millrace.request) &&
      isWhy(millrace.request, rest),
  };
}

const CONNECTIONS: readonly Rule[] = [
  persistence(
    'proxy-connection',
    `${GET}Proxy-Connection: close\r\n\r\n`,
    ({ fields }) => valuesOf(fields, 'proxy-connection').length > 0,
  ),
  persistence(
    'close-beside-keep-alive',
    'GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n',
    ({ version, fields, keepAlive }) => {
      const options = elementsOf(valuesOf(fields, 'connection'));
      return version === '1.0' && options.includes('close') && options.includes('keep-alive') && !keepAlive;
    },
  ),
  {
    ...persistence('tab-behind-option', `${GET}Connection: close\t\r\n\r\n`, (_, rest) =>
      /\n(?:proxy-)?connection:[^\r\n]*[^ \t\r\n][ \t]*\t/i.test(rest),
    ),
    until: '9.4',
  },
  {
    name: 'connection-in-trailers',
    example: `${CHUNKED}0\r\nConnection: close\r\n\r\n${GET}\r\n`,
    explains: ({ previous, node }) =>
      'end' in node &&
      node.end === 'closed' &&
      ['connection', 'proxy-connection'].some((name) =>
        elementsOf(valuesOf(previous?.trailers ?? [], name)).includes('close'),
      ),
  },
  {
    name: 'upgrade',
    example: `${GET}Connection: upgrade\r\nUpgrade: h2c\r\n\r\n${GET}\r\n`,
    // node:http drops what follows, and takes no notice of errors in the request's own body either.
    explains: ({ previous, millrace, node }) =>
      'end' in node &&
      ((node.end === 'clean' && asksForUpgrade(previous)) ||
        (node.end === 'unfinished' && 'request' in millrace && asksForUpgrade(millrace.request))),
  },
];

function asksForUpgrade(request: ReadRequest | undefined): boolean {
  return (
    request !== undefined &&
    valuesOf(request.fields, 'upgrade').length > 0 &&
    elementsOf(valuesOf(request.fields, 'connection')).includes('upgrade')
  );
}

/** docs/limits.md has those of both. */
const LIMITS: readonly Rule[] = [
  stricter(
    'limit-of-request-line',
    `GET /${'x'.repeat(8192)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    ['request line exceeds the limit'],
    (_, rest) => /^(?:\r\n)*[^\r\n]{8193}/.test(rest),
  ),
  stricter(
    'limit-of-fields',
    `${GET}${'X: y\r\n'.repeat(100)}\r\n`,
    ['more field lines than the limit'],
    ({ fields }) => fields.length / 2 > 100,
  ),
  stricter(
    'limit-of-trailers',
    `${CHUNKED}0\r\n${'X: y\r\n'.repeat(101)}\r\n`,
    ['more trailers than the limit'],
    ({ trailers }) => trailers.length / 2 > 100,
  ),
];

/** Neither takes it, and one knows before the end of the bytes. */
const TIMING: readonly Rule[] = [
  {
    name: 'sooner-or-later',
    example: 'GEX',
    explains: ({ millrace, node }) => {
      if (!('end' in millrace) || !('end' in node)) return false;
      const ends = [millrace.end, node.end];
      return ends.includes('refused') && ends.includes('unfinished');
    },
  },
];

export const RULES: readonly Rule[] = [
  ...TARGETS,
  ...REQUEST_LINES,
  ...EMPTY_LINES,
  ...FIELDS,
  ...FRAMING,
  ...CONNECTIONS,
  ...LIMITS,
  ...TIMING,
];

export function ruleFor(difference: Difference): Rule | undefined {
  return RULES.find(({ explains }) => explains(difference));
}
