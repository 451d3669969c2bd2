// transfer-encoding.ts: which codings a request may have (RFC 9112 §6.1, §7).

import { CHUNKED, CONTROLS, HELLO, HIGH_BYTES, LAST, NEXT, NEXT_SEEN, POST } from './bytes.js';
import { answered, refused, refusedOr, type Group } from './row.js';

const BODY = { body: 'hello' } as const;
/** A coding that is unknown may be called that; one that cannot be is 400. */
const REFUSED = [400, 501];

/** A POST with such a coding, and a body in chunks. */
function coding(value: string): string {
  return `${POST}Transfer-Encoding: ${value}\r\n\r\n${HELLO}`;
}

function codings(...values: readonly string[]): string[] {
  return values.map(coding);
}

function lines(...values: readonly string[]): string {
  return `${POST}${values.map((value) => `Transfer-Encoding: ${value}\r\n`).join('')}\r\n${HELLO}`;
}

export const TRANSFER_ENCODING: Group = {
  name: 'transfer-encoding',
  rows: [
    answered('chunked', 'a body in chunks (RFC 9112 §7.1)', coding('chunked'), BODY),
    answered(
      'case',
      'chunked in any case (RFC 9112 §7)',
      [...codings('CHUNKED', 'Chunked', 'cHuNkEd'), `${POST}TRANSFER-ENCODING: chunked\r\n\r\n${HELLO}`],
      BODY,
    ),
    answered(
      'white-space',
      'white space around it (RFC 9110 §5.6.3)',
      [
        `${POST}Transfer-Encoding:\t chunked \t\r\n\r\n${HELLO}`,
        coding('\t chunked \t'),
        `${POST}Transfer-Encoding:chunked\r\n\r\n${HELLO}`,
      ],
      BODY,
    ),
    answered(
      'get',
      'a GET with a body, and the next request (RFC 9110 §9.3.1)',
      `GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}${NEXT}`,
      [BODY, NEXT_SEEN],
    ),
    answered(
      'any-method',
      'any method with a body, and the next request (RFC 9112 §6.3)',
      ['PUT', 'PATCH', 'DELETE', 'OPTIONS'].map(
        (method) => `${method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}${NEXT}`,
      ),
      [BODY, NEXT_SEEN],
    ),
    answered(
      'head',
      'HEAD with a body, and the next request (RFC 9110 §9.3.2)',
      `HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}${NEXT}`,
      [{ body: '', seen: { method: 'HEAD' } }, NEXT_SEEN],
    ),
    answered(
      'te-field',
      'TE, which is about the answer (RFC 9110 §10.1.4)',
      `${POST}TE: trailers, gzip;q=0.5\r\nContent-Length: 5\r\n\r\nhello`,
      BODY,
    ),
    answered(
      'content-encoding',
      'Content-Encoding frames nothing (RFC 9110 §8.4)',
      `${POST}Content-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello`,
      BODY,
    ),
    answered(
      'other-names',
      'names that only resemble it frame nothing (RFC 9110 §5.1)',
      [
        'Content-Transfer-Encoding',
        'X-Transfer-Encoding',
        'Transfer-Encodings',
        'TransferEncoding',
        'Transfer_Encoding',
        'Transfer.Encoding',
      ].map((name) => `${POST}${name}: chunked\r\nContent-Length: 5\r\n\r\nhello`),
      BODY,
    ),

    // Other codings.
    refused('gzip', 'a coding that the server has not (RFC 9112 §6.1)', coding('gzip'), REFUSED),
    refused(
      'others',
      'other registered codings (RFC 9112 §7)',
      codings('compress', 'deflate', 'x-gzip', 'br', 'trailers'),
      REFUSED,
    ),
    refused(
      'gzip-chunked',
      'a coding below chunked that the server has not (RFC 9112 §6.1)',
      codings('gzip, chunked', 'gzip,chunked', 'deflate, gzip, chunked'),
      REFUSED,
    ),
    refused(
      'chunked-gzip',
      'chunked that is not last (RFC 9112 §6.3)',
      codings('chunked, gzip', 'chunked,gzip', 'gzip, chunked, gzip'),
      REFUSED,
    ),
    refused(
      'chunked-twice',
      'chunked twice (RFC 9112 §7.1)',
      codings('chunked, chunked', 'chunked,chunked', 'chunked, CHUNKED'),
      REFUSED,
    ),
    refused('identity', 'identity, which was removed (RFC 9112 §7)', coding('identity'), REFUSED),
    refused(
      'identity-beside',
      'identity beside chunked (RFC 9112 §7)',
      codings('identity, chunked', 'chunked, identity', 'identity,chunked'),
      REFUSED,
    ),
    refused(
      'unknown',
      'codings that nobody knows (RFC 9112 §6.1)',
      codings('cow', '*', 'none', 'false', '0', '5'),
      REFUSED,
    ),
    refused('prefixed', 'a word that ends in chunked (RFC 9112 §6.1)', coding('xchunked'), REFUSED),
    refused('suffixed', 'a word that begins with chunked (RFC 9112 §6.1)', coding('chunkedchunked'), REFUSED),
    refused('cut', 'a beginning of chunked (RFC 9112 §6.1)', coding('chunk'), REFUSED),
    refused(
      'alike',
      'words that resemble it (RFC 9112 §6.1)',
      codings(
        'x-chunked',
        'chunked-x',
        'chunke',
        'hunked',
        'chunkd',
        'chunkeds',
        'chunked1',
        'chunked.',
        '.chunked',
        'chunked-',
        '_chunked',
        "chunked'",
      ),
      REFUSED,
    ),

    // Grammar.
    refused('parameter', 'chunked with a parameter (RFC 9112 §7.1)', coding('chunked;q=1'), REFUSED),
    refused(
      'parameter-empty',
      'chunked with a semicolon (RFC 9112 §7.1)',
      codings('chunked;', 'chunked ;', 'chunked; a', ';chunked'),
      REFUSED,
    ),
    refused('empty', 'no coding at all (RFC 9112 §6.1)', codings('', ' ', '\t'), REFUSED),
    refused(
      'commas',
      'empty elements beside it (RFC 9112 §6.1)',
      codings(',', ',chunked', 'chunked,', ', chunked', 'chunked, ,', ',,'),
      REFUSED,
    ),
    refused(
      'quoted',
      'chunked in quotation marks (RFC 9112 §7)',
      codings('"chunked"', "'chunked'", '"chunked', '<chunked>', '(chunked)', '[chunked]', '{chunked}'),
      REFUSED,
    ),
    refused(
      'two-words',
      'two words without a comma (RFC 9112 §7)',
      codings('chunked foo', 'foo chunked', 'chunked chunked', 'chunked\tfoo'),
      REFUSED,
    ),
    refused(
      'split',
      'white space inside the word (RFC 9112 §7)',
      codings('chun ked', 'chun\tked', 'c hunked'),
      REFUSED,
    ),
    refused(
      'colon',
      'a colon beside the word (RFC 9112 §7)',
      codings(': chunked', 'chunked:', 'chunked=1', '=chunked', 'chunked/1', '\\chunked', '@chunked'),
      REFUSED,
    ),
    refused('escaped', 'escapes (RFC 9112 §7)', codings('%63hunked', 'chunked%00', 'chunked%0d'), REFUSED),
    refused('vertical-tab', 'a vertical tab ahead (RFC 9110 §5.5)', coding('\vchunked'), REFUSED),
    refused('nul', 'a NUL behind (RFC 9110 §5.5)', coding('chunked\0')),
    refused('control', 'a control character behind (RFC 9110 §5.5)', coding('chunked\x11'), REFUSED),
    refused('delete', 'a DEL behind (RFC 9110 §5.5)', coding('chunked\x7f'), REFUSED),
    refused(
      'control-each',
      'each control character at each end (RFC 9110 §5.5)',
      CONTROLS.flatMap((c) => codings(`chunked${c}`, `${c}chunked`)),
      REFUSED,
    ),
    refused('no-break-space', 'spaces that are none (RFC 9110 §5.6.3)', coding('\xa0chunked\xa0'), REFUSED),
    refused('high-bytes', 'bytes above 127 (RFC 9110 §5.6.2)', coding('\xffchunked\xff'), REFUSED),
    refused(
      'high-byte-each',
      'each byte above 127 (RFC 9110 §5.6.2)',
      HIGH_BYTES.flatMap((c) => codings(`chunked${c}`, `${c}chunked`)),
      REFUSED,
    ),
    refused(
      'kelvin',
      'letters that become chunked in capitals or small ones (RFC 9112 §7)',
      codings('chun\xe2\x84\xaaed', 'chun\xcb\x8bed'),
      REFUSED,
    ),
    refused('bare-cr', 'CR in the value (RFC 9112 §2.2)', codings('\rchunked', 'chunked\r', 'chun\rked')),

    // Several lines.
    refused(
      'lines-unknown',
      'an unknown coding in a line of its own (RFC 9112 §6.1)',
      [lines('cow', 'chunked'), `${POST}Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}`],
      REFUSED,
    ),
    refused(
      'lines-identity',
      'identity in a line of its own (RFC 9112 §7)',
      [lines('identity', 'chunked'), lines('chunked', 'identity')],
      REFUSED,
    ),
    refused(
      'lines-twice',
      'chunked in two lines (RFC 9112 §7.1)',
      [lines('chunked', 'chunked'), lines('chunked', 'Chunked')],
      REFUSED,
    ),
    refused(
      'lines-behind',
      'another coding in a second line (RFC 9112 §6.3)',
      [lines('chunked', 'gzip'), lines('chunked', 'cow'), lines('chunked', 'x')],
      REFUSED,
    ),
    refused(
      'lines-empty',
      'an empty line beside chunked (RFC 9112 §6.1)',
      [lines('', 'chunked'), lines('chunked', '')],
      REFUSED,
    ),
    refused(
      'lines-spelling',
      'a second line in another spelling (RFC 9110 §5.1)',
      `${POST}Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n${HELLO}`,
      REFUSED,
    ),

    // The name.
    refused(
      'space-in-name',
      'a space ahead of the colon (RFC 9112 §5.1)',
      `${POST}Transfer-Encoding : chunked\r\n\r\n${LAST}`,
    ),
    refused(
      'tab-in-name',
      'a tab ahead of the colon (RFC 9112 §5.1)',
      `${POST}Transfer-Encoding\t: chunked\r\n\r\n${LAST}`,
    ),
    refused(
      'name-split',
      'a name in two words (RFC 9110 §5.6.2)',
      `${POST}Transfer Encoding: chunked\r\n\r\n${LAST}`,
    ),
    refused(
      'name-control',
      'a control character in the name (RFC 9110 §5.6.2)',
      CONTROLS.flatMap((c) => [
        `${POST}Transfer-Encoding${c}: chunked\r\n\r\n${LAST}`,
        `${POST}${c}Transfer-Encoding: chunked\r\n\r\n${LAST}`,
      ]),
    ),
    refused(
      'name-quoted',
      'a name in quotation marks (RFC 9110 §5.6.2)',
      `${POST}"Transfer-Encoding": chunked\r\n\r\n${LAST}`,
    ),

    // HTTP/1.0.
    refused(
      'http-1.0',
      'HTTP/1.0, where the framing is faulty (RFC 9112 §6.1)',
      `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}`,
    ),
    refused(
      'http-1.0-keep-alive',
      'HTTP/1.0 with keep-alive (RFC 9112 §6.1)',
      `POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}${NEXT}`,
    ),
    refused(
      'http-1.0-length',
      'HTTP/1.0 with both lengths (RFC 9112 §6.1)',
      `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello${NEXT}`,
    ),
    refused(
      'http-1.0-get',
      'a GET of HTTP/1.0 (RFC 9112 §6.1)',
      `GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${LAST}`,
    ),
    refused(
      'http-1.0-identity',
      'HTTP/1.0 with another coding (RFC 9112 §6.1)',
      `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello`,
      REFUSED,
    ),
    refusedOr(
      'trailer-field',
      'Trailer announces what follows (RFC 9110 §6.6.2)',
      `${POST}Trailer: X-T\r\n${CHUNKED.slice(POST.length)}5\r\nhello\r\n0\r\nX-T: a\r\n\r\n`,
      BODY,
    ),
  ],
};
