// host.ts: Host and the authority that it names (RFC 9112 §3.2, RFC 9110 §7.2).

import { charactersOf, HIGH_BYTES } from './bytes.js';
import { answered, refused, refusedOr, row, type ExpectedAnswer, type Group } from './row.js';

function host(value: string): string {
  return `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;
}

function hosts(...values: readonly string[]): string[] {
  return values.map(host);
}

/** The app is told of exactly this host. */
function told(value: string): ExpectedAnswer {
  return { seen: { host: value } };
}

export const HOST: Group = {
  name: 'host',
  rows: [
    refused('missing', 'HTTP/1.1 without Host (RFC 9112 §3.2)', 'GET / HTTP/1.1\r\n\r\n'),
    refused('missing-others', 'HTTP/1.1 with other fields, but no Host (RFC 9112 §3.2)', [
      'GET / HTTP/1.1\r\nX-A: b\r\n\r\n',
      'GET / HTTP/1.1\r\nXHost: a\r\nHosts: a\r\nX-Forwarded-Host: a\r\n\r\n',
      'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello',
      'OPTIONS * HTTP/1.1\r\n\r\n',
    ]),
    refused('two', 'two Host lines (RFC 9112 §3.2)', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'),
    refused('two-alike', 'two Host lines that agree (RFC 9112 §3.2)', [
      'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\nhOST: a\r\n\r\n',
      'GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n',
    ]),
    refused('two-one-empty', 'two Host lines of which one is empty (RFC 9112 §3.2)', [
      'GET / HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n',
      'GET / HTTP/1.1\r\nHost:\r\nHost: a\r\n\r\n',
    ]),
    refused('empty', 'an empty Host: an http URI has one (RFC 9110 §4.2.1)', hosts('', ' ', '\t')),
    refused('list', 'a list of hosts (RFC 9110 §7.2)', hosts('a, b', 'a,b', 'a,a', 'a,')),
    refused('user', 'a user ahead of the host (RFC 9110 §7.2)', hosts('u@a', 'u:p@a', '@a', 'a@')),
    refused('path', 'a path behind the host (RFC 9110 §7.2)', hosts('a/x', 'a/', '/a', 'a:80/')),
    refused('query', 'a query or a fragment behind the host (RFC 9110 §7.2)', hosts('a?x', 'a#x', '?', '#')),
    refused('uri', 'a whole URI (RFC 9110 §7.2)', hosts('http://a', 'http://a/', 'https://a:443', '//a')),
    refused('backslash', 'a backslash (RFC 3986 §3.2.2)', hosts('a\\b', '\\a', 'a\\')),
    refused('space', 'white space inside (RFC 9110 §7.2)', hosts('a b', 'a\tb', 'a :80', 'a: 80', 'a:8 0')),
    refused(
      'visible',
      'visible characters that no host has (RFC 3986 §3.2.2)',
      charactersOf('"<>^`{|}[]%').flatMap((c) => hosts(`a${c}b`, c)),
    ),
    refused('bad-escape', 'an escape that is none (RFC 3986 §2.1)', hosts('a%zz', 'a%4', '%')),
    refused(
      'port-range',
      'a port above 65535 (RFC 3986 §3.2.3)',
      hosts('a:98777', 'a:65536', 'a:4294967376', `a:${'9'.repeat(100)}`),
    ),
    refused(
      'port-letters',
      'a port with letters (RFC 3986 §3.2.3)',
      hosts('a:8x', 'a:http', 'a:0x50', 'a:x8'),
    ),
    refused('port-sign', 'a port with a sign (RFC 3986 §3.2.3)', hosts('a:-80', 'a:+80', 'a:-1')),
    refused('port-twice', 'two ports (RFC 3986 §3.2.3)', hosts('a:80:80', 'a::80', 'a:80:', 'a::')),
    refused('port-alone', 'a port without a host (RFC 3986 §3.2.2)', hosts(':80', ':')),
    refused('high-byte', 'bytes above 127 (RFC 3986 §3.2.2)', [
      ...hosts('\xffa\xff', 'b\xfccher.test'),
      ...HIGH_BYTES.map((c) => host(`a${c}`)),
    ]),
    refused(
      'ipv6-open',
      'an IPv6 address with an open bracket (RFC 3986 §3.2.2)',
      hosts('[::1', '[', '[::1:80'),
    ),
    refused(
      'ipv6-bare',
      'an IPv6 address without brackets (RFC 3986 §3.2.2)',
      hosts('::1', '2001:db8::1', 'fe80::1:80'),
    ),
    refused('ipv6-prefix', 'text ahead of the bracket (RFC 3986 §3.2.2)', hosts('x[::1]:80', 'a[::1]')),
    refused(
      'ipv6-suffix',
      'text behind the bracket (RFC 3986 §3.2.2)',
      hosts('[::1]x', '[::1]80', '[::1]]', '[::1].a'),
    ),
    refused(
      'ipv6-wrong',
      'brackets around what is no address (RFC 3986 §3.2.2)',
      hosts(
        '[]',
        '[a]',
        '[1]',
        '[::g]',
        '[:::1]',
        '[1:2:3]',
        '[1::2::3]',
        '[12345::1]',
        '[::1.2.3]',
        '[::1.2.3.256]',
        '[127.0.0.1]',
        '[::1]:x',
        '[::1]:65536',
      ),
    ),

    answered('ipv6', 'an IPv6 address with a port (RFC 3986 §3.2.2)', host('[::1]:8080'), told('[::1]:8080')),
    answered(
      'ipv6-no-port',
      'an IPv6 address (RFC 3986 §3.2.2)',
      host('[2001:DB8::7]'),
      told('[2001:DB8::7]'),
    ),
    answered(
      'ipv6-ipv4',
      'an IPv6 address that ends like IPv4 (RFC 3986 §3.2.2)',
      host('[::ffff:192.0.2.1]'),
      told('[::ffff:192.0.2.1]'),
    ),
    answered(
      'ipv4',
      'an IPv4 address with a port (RFC 3986 §3.2.2)',
      host('127.0.0.1:80'),
      told('127.0.0.1:80'),
    ),
    answered('port', 'a host with a port (RFC 9110 §7.2)', host('a:8080'), told('a:8080')),
    answered('port-last', 'the largest port (RFC 3986 §3.2.3)', host('a:65535'), told('a:65535')),
    answered('port-empty', 'a colon and no port (RFC 3986 §3.2.3)', host('a:'), {
      seen: { host: ['a:', 'a'] },
    }),
    answered(
      'name-case',
      'the name in any case, a tab ahead of the value (RFC 9110 §5.1)',
      'GET / HTTP/1.1\r\nhoSt:\ta\r\n\r\n',
      told('a'),
    ),
    answered(
      'spaces',
      'spaces around the host (RFC 9110 §5.5)',
      'GET / HTTP/1.1\r\nHost:  \t a \t\r\n\r\n',
      told('a'),
    ),
    answered(
      'domain',
      'names with dots, hyphens and a dot at the end (RFC 3986 §3.2.2)',
      host('www.an-example.test.'),
      told('www.an-example.test.'),
    ),
    answered(
      'underscore',
      'an underscore, which a host may have (RFC 3986 §3.2.2)',
      host('a_b.test'),
      told('a_b.test'),
    ),
    refusedOr('port-zero', 'port 0 (RFC 3986 §3.2.3)', host('a:0'), told('a:0')),
    refusedOr('port-zeros', 'a port with zeros ahead (RFC 3986 §3.2.3)', host('a:00080'), {
      seen: { host: ['a:00080', 'a:80', 'a'] },
    }),
    refusedOr(
      'sub-delimiters',
      'the delimiters that a name may have (RFC 3986 §3.2.2)',
      host("a!$&'()*+;=b"),
      told("a!$&'()*+;=b"),
    ),
    refusedOr('escaped', 'escapes in a name (RFC 3986 §3.2.2)', host('%61'), {
      seen: { host: ['%61', 'a'] },
    }),
    refusedOr(
      'ipv6-zone',
      'an IPv6 address with a zone (RFC 6874 §2)',
      host('[fe80::1%25eth0]'),
      told('[fe80::1%25eth0]'),
    ),
    refusedOr(
      'ipv6-future',
      'an address of a version to come (RFC 3986 §3.2.2)',
      host('[v1.a:b]'),
      told('[v1.a:b]'),
    ),
    answered(
      'last',
      'Host behind other fields (RFC 9110 §7.2)',
      'GET / HTTP/1.1\r\nX-A: b\r\nHost: a\r\n\r\n',
      told('a'),
    ),
    answered(
      'http-1.0-none',
      'HTTP/1.0 needs no Host (RFC 9112 §3.2)',
      'GET / HTTP/1.0\r\n\r\n',
      told(''),
      'closed',
    ),
    answered(
      'http-1.0',
      'HTTP/1.0 with Host (RFC 9112 §3.2)',
      'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
      told('a'),
      'closed',
    ),
    refused(
      'http-1.0-bad',
      'an invalid Host is refused in HTTP/1.0 too (RFC 9112 §3.2)',
      'GET / HTTP/1.0\r\nHost: a b\r\n\r\n',
    ),
    row('long', 'a host of 300 characters (RFC 9110 §7.2)', host(`${'a'.repeat(60)}.`.repeat(5)), [
      { answers: [{ status: [400, 414, 431] }], then: 'closed' },
      { answers: [told(`${'a'.repeat(60)}.`.repeat(5))], then: 'open' },
    ]),
    refused(
      'next-not-read',
      'nothing behind a bad Host is read (RFC 9112 §2.2)',
      `${host('a b')}${host('a')}`,
    ),
  ],
};
