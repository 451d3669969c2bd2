// control-bytes.ts: NUL and other control characters (RFC 9110 §5.5).

import { CONTROLS, forEach, GET, POST } from './bytes.js';
import { refused, type Group } from './row.js';

export const CONTROL_BYTES: Group = {
  name: 'control-bytes',
  rows: [
    refused('nul', 'a NUL in a value (RFC 9110 §5.5)', `${GET}X-A: a\0b\r\n\r\n`),
    refused('nul-last', 'a NUL at the end of a value (RFC 9110 §5.5)', `${GET}X-A: evil\0\r\n\r\n`),
    refused('nul-first', 'a NUL at the beginning of a value (RFC 9110 §5.5)', [
      `${GET}X-A: \0evil\r\n\r\n`,
      `${GET}X-A:\0\r\n\r\n`,
    ]),
    refused('soh', 'a value with 0x01 (RFC 9110 §5.5)', `${GET}X-A: a\x01b\r\n\r\n`),
    refused('form-feed', 'a value with 0x0c (RFC 9110 §5.5)', `${GET}X-A: a\fb\r\n\r\n`),
    refused('escape', 'a value with 0x1b (RFC 9110 §5.5)', `${GET}X-A: a\x1bb\r\n\r\n`),
    refused('unit-separator', 'a value with 0x1f (RFC 9110 §5.5)', `${GET}X-A: a\x1fb\r\n\r\n`),
    refused('delete', 'a value with 0x7f (RFC 9110 §5.5)', `${GET}X-A: a\x7fb\r\n\r\n`),
    refused(
      'each-inside',
      'each control character inside a value (RFC 9110 §5.5)',
      forEach(CONTROLS, (c) => `${GET}X-A: a${c}b\r\n\r\n`),
    ),
    refused('each-first', 'each control character at the beginning of a value (RFC 9110 §5.5)', [
      ...forEach(CONTROLS, (c) => `${GET}X-A: ${c}b\r\n\r\n`),
      ...forEach(CONTROLS, (c) => `${GET}X-A:${c}b\r\n\r\n`),
    ]),
    refused('each-last', 'each control character at the end of a value (RFC 9110 §5.5)', [
      ...forEach(CONTROLS, (c) => `${GET}X-A: b${c}\r\n\r\n`),
      ...forEach(CONTROLS, (c) => `${GET}X-A: b ${c} \r\n\r\n`),
    ]),
    refused('each-in-name', 'each control character in a name (RFC 9110 §5.6.2)', [
      ...forEach(CONTROLS, (c) => `${GET}X${c}A: b\r\n\r\n`),
      ...forEach(CONTROLS, (c) => `${GET}${c}X-A: b\r\n\r\n`),
      ...forEach(CONTROLS, (c) => `${GET}X-A${c}: b\r\n\r\n`),
    ]),
    refused(
      'each-line',
      'a line of one control character (RFC 9112 §5)',
      forEach(CONTROLS, (c) => `${GET}${c}\r\n\r\n`),
    ),
    refused(
      'each-behind-cr',
      'each control character in place of an LF (RFC 9112 §2.2)',
      forEach(CONTROLS, (c) => `${GET}X-A: b\r${c}\r\n\r\n`),
    ),
    refused('known-names', 'a NUL in values that the server itself reads (RFC 9110 §5.5)', [
      `${GET}Connection: close\0\r\n\r\n`,
      `${POST}Content-Length: 5\0\r\n\r\nhello`,
      `${POST}Content-Length: \x005\r\n\r\nhello`,
      `${POST}Transfer-Encoding: \0chunked\r\n\r\n0\r\n\r\n`,
      `${POST}Expect: 100-continue\0\r\nContent-Length: 5\r\n\r\nhello`,
      `${GET}Upgrade: websocket\0\r\n\r\n`,
      `${GET}Cookie: a=b\0c\r\n\r\n`,
    ]),
    refused('nul-host', 'a NUL in Host (RFC 9110 §7.2)', 'GET / HTTP/1.1\r\nHost: a.example\0.b\r\n\r\n'),
    refused(
      'each-host',
      'each control character in Host (RFC 9110 §7.2)',
      forEach(CONTROLS, (c) => `GET / HTTP/1.1\r\nHost: a${c}b\r\n\r\n`),
    ),
    refused(
      'nul-long-value',
      'a NUL far inside a long value (RFC 9110 §5.5)',
      `${GET}X-A: ${'a'.repeat(5000)}\0${'a'.repeat(5000)}\r\n\r\n`,
    ),
    refused(
      'nul-second-field',
      'a NUL in a later field (RFC 9110 §5.5)',
      `${GET}X-A: b\r\nX-B: c\0\r\nX-C: d\r\n\r\n`,
    ),
  ],
};
