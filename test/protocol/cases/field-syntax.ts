// field-syntax.ts: field lines: names, colons, values and the white space between (RFC 9112 §5, RFC 9110 §5).

import { DELIMITERS, forEach, GET, HIGH_BYTES, POST, TOKEN_CHARACTERS } from './bytes.js';
import { answered, refused, refusedOr, type Group } from './row.js';

const OBS_TEXT = HIGH_BYTES.join('');

export const FIELD_SYNTAX: Group = {
  name: 'field-syntax',
  rows: [
    // The name and its colon.
    refused('space-before-colon', 'a space ahead of the colon (RFC 9112 §5.1)', `${GET}X-Test : v\r\n\r\n`),
    refused('white-space-before-colon', 'any white space ahead of the colon (RFC 9112 §5.1)', [
      `${GET}X-Test\t: v\r\n\r\n`,
      `${GET}X-Test  \t : v\r\n\r\n`,
      'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost\t: a\r\n\r\n',
      `${GET}X-Test :\r\n\r\n`,
    ]),
    refused('empty-name', 'a line without a name (RFC 9110 §5.1)', `${GET}: v\r\n\r\n`),
    refused('colon-alone', 'a line of a colon (RFC 9110 §5.1)', `${GET}:\r\n\r\n`),
    refused('colons-alone', 'a line that begins with colons (RFC 9110 §5.1)', [
      `${GET}::\r\n\r\n`,
      `${GET}::v\r\n\r\n`,
    ]),
    refused('no-colon', 'a line without a colon (RFC 9112 §5)', `${GET}NoColonHere\r\n\r\n`),
    refused('no-colon-first', 'a first line without a colon (RFC 9112 §5)', 'GET / HTTP/1.1\r\nHost\r\n\r\n'),
    refused('no-colon-words', 'words without a colon (RFC 9112 §5)', `${GET}no colon here\r\n\r\n`),
    refused(
      'space-for-colon',
      'a space in place of the colon (RFC 9112 §5)',
      `${GET}Content-Length 10\r\n\r\n`,
    ),
    refused('equals-for-colon', 'another sign in place of the colon (RFC 9112 §5)', [
      `${GET}X-A=b\r\n\r\n`,
      `${GET}X-A;b\r\n\r\n`,
    ]),
    refused('space-in-name', 'a space in a name (RFC 9110 §5.6.2)', `${GET}Foo Bar: v\r\n\r\n`),
    refused('at-in-name', 'an @ in a name (RFC 9110 §5.6.2)', `${GET}Fo@: v\r\n\r\n`),
    refused('brace-in-name', 'a brace in a name (RFC 9110 §5.6.2)', `${GET}X{: v\r\n\r\n`),
    refused('slash-in-name', 'a slash in a name (RFC 9110 §5.6.2)', `${GET}X/Y: v\r\n\r\n`),
    refused(
      'control-in-name',
      'a control character in a name (RFC 9110 §5.6.2)',
      `${GET}Foo\x01Bar: v\r\n\r\n`,
    ),
    refused('delete-in-name', 'a DEL in a name (RFC 9110 §5.6.2)', `${GET}a\x7fb: v\r\n\r\n`),
    refused('high-byte-in-name', 'a byte above 127 in a name (RFC 9110 §5.6.2)', [
      `${GET}\xeffoo: v\r\n\r\n`,
      ...forEach(HIGH_BYTES, (c) => `${GET}X-A${c}: v\r\n\r\n`),
    ]),
    refused(
      'delimiter-in-name',
      'a delimiter in a name, at each end and inside (RFC 9110 §5.6.2)',
      DELIMITERS.filter((c) => c !== ':').flatMap((c) => [
        `${GET}X${c}A: v\r\n\r\n`,
        `${GET}${c}A: v\r\n\r\n`,
        `${GET}A${c}: v\r\n\r\n`,
      ]),
    ),
    refused('tab-in-name', 'a tab in a name (RFC 9110 §5.6.2)', `${GET}Content\tLength: 99\r\n\r\n`),
    refused('cr-in-name', 'a CR in a name (RFC 9112 §2.2)', `${GET}Content\rLength: 3\r\n\r\n`),
    refused('lf-in-name', 'an LF in a name (RFC 9112 §2.2)', `${GET}Content\nLength: 3\r\n\r\n`),
    answered(
      'name-characters',
      'every character that a name may have (RFC 9110 §5.6.2)',
      `GET /seen HTTP/1.1\r\nHost: a\r\n${TOKEN_CHARACTERS.join('')}: v\r\n\r\n`,
      {
        seen: { fields: [[TOKEN_CHARACTERS.join('').toLowerCase(), 'v']] },
      },
    ),
    answered('name-case', 'a name in any case (RFC 9110 §5.1)', `${GET}x-a: v\r\n\r\n`, {
      seen: { xA: 'v' },
    }),
    answered(
      'name-short',
      'a name of one character (RFC 9110 §5.1)',
      `GET /seen HTTP/1.1\r\nHost: a\r\nx: v\r\n\r\n`,
      {
        seen: { fields: [['x', 'v']] },
      },
    ),
    refused('space-ahead-of-first', 'white space ahead of the first field (RFC 9112 §2.2)', [
      'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
      'GET / HTTP/1.1\r\n\tHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\n  \r\nHost: a\r\n\r\n',
    ]),
    refused(
      'space-ahead-only',
      'a line of white space and no field (RFC 9112 §2.2)',
      'GET / HTTP/1.1\r\n \r\n\r\n',
    ),

    // The value.
    answered('empty-value', 'empty values (RFC 9112 §5)', `${GET}X-A:\r\nX-B: \r\n\r\n`, {
      seen: { xA: '' },
    }),
    answered(
      'white-space-value',
      'a value of white space, which is empty (RFC 9110 §5.5)',
      `${GET}X-A: \t \t\r\n\r\n`,
      {
        seen: { xA: '' },
      },
    ),
    answered(
      'around-value',
      'white space around a value is none of it (RFC 9110 §5.5)',
      `${GET}X-A:\t  v \t\r\n\r\n`,
      {
        seen: { xA: 'v' },
      },
    ),
    answered('no-space', 'a value right behind the colon (RFC 9112 §5.1)', `${GET}X-A:v\r\n\r\n`, {
      seen: { xA: 'v' },
    }),
    answered(
      'obs-text',
      'bytes above 127 in a value stay what they are (RFC 9110 §5.5)',
      `${GET}X-A: caf\xe9 \x80\xff\r\n\r\n`,
      {
        seen: { xA: 'caf\xe9 \x80\xff' },
      },
    ),
    answered(
      'obs-text-all',
      'every byte above 127 in a value (RFC 9110 §5.5)',
      `${GET}X-A: ${OBS_TEXT}\r\n\r\n`,
      {
        seen: { xA: OBS_TEXT },
      },
    ),
    answered('value-tab', 'a tab inside a value (RFC 9110 §5.5)', `${GET}X-A: a\tb\r\n\r\n`, {
      seen: { xA: 'a\tb' },
    }),
    answered('value-spaces', 'several spaces inside a value (RFC 9110 §5.5)', `${GET}X-A: a  b\r\n\r\n`, {
      seen: { xA: 'a  b' },
    }),
    answered('value-colons', 'colons in a value (RFC 9112 §5)', `${GET}X-A: a:b::c:\r\n\r\n`, {
      seen: { xA: 'a:b::c:' },
    }),
    answered(
      'value-punctuation',
      'every visible character in a value (RFC 9110 §5.5)',
      `${GET}X-A: !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~\r\n\r\n`,
      {
        seen: { xA: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~' },
      },
    ),
    answered(
      'value-quotes',
      'a quotation that does not end, which is opaque here (RFC 9110 §5.5)',
      `${GET}X-A: "a\r\n\r\n`,
      {
        seen: { xA: '"a' },
      },
    ),
    answered(
      'repeated',
      'the same name twice: both values, in order (RFC 9110 §5.3)',
      `${GET}X-A: 1\r\nX-A: 2\r\n\r\n`,
      {
        seen: { xA: '1, 2' },
      },
    ),
    answered(
      'repeated-apart',
      'the same name in several spellings, with others between (RFC 9110 §5.3)',
      `${GET}X-A: 1\r\nX-B: x\r\nx-a: 2\r\nX-C: y\r\nx-A: 3\r\n\r\n`,
      {
        seen: { xA: '1, 2, 3' },
      },
    ),
    answered(
      'order',
      'fields in any order, Host last (RFC 9110 §5.3)',
      'GET / HTTP/1.1\r\nX-A: v\r\nAccept: */*\r\nHost: a\r\n\r\n',
      {
        seen: { xA: 'v', host: 'a' },
      },
    ),
    answered(
      'underscore-framing',
      'a name with an underscore is not that of framing (RFC 9110 §5.1)',
      `${POST}Content-Length: 5\r\nTransfer_Encoding: chunked\r\n\r\nhello`,
      {
        body: 'hello',
      },
    ),
    answered(
      'underscore-length',
      'nor is Content_Length (RFC 9110 §5.1)',
      `${POST}Content_Length: 9\r\n\r\n`,
      { body: '' },
    ),
    answered(
      'alike-framing',
      'names that only resemble those of framing (RFC 9110 §5.1)',
      `${POST}Content-Lengths: 9\r\nXContent-Length: 8\r\nTransfer-Encodings: chunked\r\nContent-Transfer-Encoding: chunked\r\n\r\n`,
      {
        body: '',
      },
    ),
    refusedOr(
      'authorization-twice',
      'a field twice that should come once (RFC 9110 §5.3)',
      `${GET}Authorization: x\r\nAuthorization: y\r\nX-A: v\r\n\r\n`,
      {
        seen: { xA: 'v' },
      },
    ),
  ],
};
