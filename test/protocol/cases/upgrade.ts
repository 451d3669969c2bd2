// upgrade.ts: leaving HTTP for WebSocket, and staying with it where nothing else is spoken (RFC 9110 §7.8, RFC 6455 §4).

import { GET, NEXT, NEXT_SEEN, POST } from './bytes.js';
import { answered, row, type ExpectedAnswer, type Group, type Outcome } from './row.js';

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const VERSION = 'Sec-WebSocket-Version: 13\r\n';
const WANTS = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const WS = 'GET /ws HTTP/1.1\r\nHost: a\r\n';

/** What the key of RFC 6455 §1.3 has to be answered with. */
const SWITCHED: ExpectedAnswer = {
  status: 101,
  fields: {
    'sec-websocket-accept': /^s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=$/,
    upgrade: /^websocket$/i,
    connection: /\bupgrade\b/i,
  },
  withoutFields: ['content-length', 'transfer-encoding'],
};

/** A text frame of a client, masked with zeros, and the same from a server. */
const FRAME = '\x81\x82\0\0\0\0hi';
const ECHO = '\x81\x02hi';

function switched(upgraded = ''): readonly Outcome[] {
  return [{ answers: [SWITCHED], then: 'open', upgraded }];
}

/** Anything but 101. */
function stays(...status: readonly number[]): readonly Outcome[] {
  return [{ answers: [{ status }], then: 'either' }];
}

export const UPGRADE: Group = {
  name: 'upgrade',
  rows: [
    row('websocket', 'the handshake (RFC 6455 §4.2.2)', `${WS}${WANTS}${KEY}${VERSION}\r\n`, switched()),
    row(
      'websocket-case',
      'the handshake in any case, with other options (RFC 6455 §4.2.1)',
      `${WS}connection: keep-alive, UPGRADE\r\nupgrade: WebSocket\r\n${KEY}${VERSION}\r\n`,
      switched(),
    ),
    row(
      'websocket-order',
      'the handshake in another order (RFC 6455 §4.1)',
      `${WS}${VERSION}${KEY}Upgrade: websocket\r\nX-A: b\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n\r\n`,
      switched(),
    ),
    row(
      'early-frame',
      'a frame in the same piece as the handshake is not lost (RFC 6455 §4.1)',
      `${WS}${WANTS}${KEY}${VERSION}\r\n${FRAME}`,
      switched(ECHO),
    ),
    row(
      'early-frames',
      'nor are three (RFC 6455 §4.1)',
      `${WS}${WANTS}${KEY}${VERSION}\r\n${FRAME.repeat(3)}`,
      switched(ECHO.repeat(3)),
    ),
    row(
      'cut',
      'the handshake and a frame, byte by byte (RFC 6455 §4.1)',
      `${WS}${WANTS}${KEY}${VERSION}\r\n${FRAME}`,
      switched(ECHO),
      { delivery: { way: 'byte by byte' } },
    ),
    row(
      'behind-request',
      'the handshake behind another request (RFC 9112 §9.3.2)',
      `${GET}\r\n${WS}${WANTS}${KEY}${VERSION}\r\n${FRAME}`,
      [{ answers: [{}, SWITCHED], then: 'open', upgraded: ECHO }],
    ),
    row(
      'behind-slow',
      'the handshake behind a slow answer (RFC 9112 §9.3.2)',
      `GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${WS}${WANTS}${KEY}${VERSION}\r\n${FRAME}`,
      [{ answers: [{ body: 'slow' }, SWITCHED], then: 'open', upgraded: ECHO }],
    ),
    row(
      'version',
      'another version is told the right one (RFC 6455 §4.4)',
      ['99', '8', '013', '13, 8'].map(
        (version) => `${WS}${WANTS}${KEY}Sec-WebSocket-Version: ${version}\r\n\r\n`,
      ),
      [{ answers: [{ status: [400, 426], fields: { 'sec-websocket-version': /\b13\b/ } }], then: 'either' }],
    ),
    row('no-version', 'no version (RFC 6455 §4.2.1)', `${WS}${WANTS}${KEY}\r\n`, stays(400, 426)),
    row('no-key', 'no key (RFC 6455 §4.2.1)', `${WS}${WANTS}${VERSION}\r\n`, stays(400)),
    row('two-keys', 'two keys (RFC 6455 §11.3.1)', `${WS}${WANTS}${KEY}${KEY}${VERSION}\r\n`, stays(400)),
    row(
      'bad-key',
      'a key that is not 16 bytes in base64 (RFC 6455 §4.2.1)',
      [
        '',
        'abc',
        'dGhlIHNhbXBsZSBub25jZQ',
        'dGhlIHNhbXBsZSBub25jZQ==x',
        'dGhlIHNhbXBsZSBub25jZQ===',
        '****************==',
        'dGhlIHNhbXBsZSBub25jZSBsb25nZXI=',
      ].map((key) => `${WS}${WANTS}Sec-WebSocket-Key: ${key}\r\n${VERSION}\r\n`),
      stays(400),
    ),
    row(
      'post',
      'a POST, a HEAD (RFC 6455 §4.1), whose answer has no body (RFC 9110 §9.3.2)',
      [
        `POST /ws HTTP/1.1\r\nHost: a\r\n${WANTS}${KEY}${VERSION}Content-Length: 0\r\n\r\n`,
        `HEAD /ws HTTP/1.1\r\nHost: a\r\n${WANTS}${KEY}${VERSION}\r\n`,
      ],
      stays(400, 404, 405, 426),
    ),
    row(
      'plain',
      'a plain request for what is only a WebSocket (RFC 9110 §15.5.22)',
      `${WS}\r\n`,
      stays(400, 403, 404, 405, 426),
    ),
    row(
      'no-connection',
      'no upgrade in Connection, so the field means nothing (RFC 9110 §7.8)',
      [
        `${WS}Upgrade: websocket\r\n${KEY}${VERSION}\r\n`,
        `${WS}Connection: keep-alive\r\nUpgrade: websocket\r\n${KEY}${VERSION}\r\n`,
        `${WS}Connection: upgrades\r\nUpgrade: websocket\r\n${KEY}${VERSION}\r\n`,
      ],
      stays(400, 403, 404, 405, 426),
    ),
    row(
      'no-upgrade',
      'no Upgrade (RFC 6455 §4.2.1)',
      `${WS}Connection: Upgrade\r\n${KEY}${VERSION}\r\n`,
      stays(400, 403, 404, 405, 426),
    ),
    row(
      'other-protocol',
      'another protocol than websocket (RFC 6455 §4.2.1)',
      [
        `${WS}Connection: Upgrade\r\nUpgrade: h2c\r\n${KEY}${VERSION}\r\n`,
        `${WS}Connection: Upgrade\r\nUpgrade: websockets\r\n${KEY}${VERSION}\r\n`,
      ],
      stays(400, 403, 404, 405, 426),
    ),
    row(
      'no-host',
      'the handshake without Host (RFC 9112 §3.2)',
      `GET /ws HTTP/1.1\r\n${WANTS}${KEY}${VERSION}\r\n`,
      [{ answers: [{ status: 400 }], then: 'closed' }],
    ),
    row(
      'both-lengths',
      'the handshake with both lengths (RFC 9112 §6.1)',
      `${WS}${WANTS}${KEY}${VERSION}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
      [{ answers: [{ status: 400 }], then: 'closed' }],
    ),
    row(
      'http-1.0',
      'Upgrade is ignored in HTTP/1.0 (RFC 9110 §7.8)',
      `GET /ws HTTP/1.0\r\nHost: a\r\n${WANTS}${KEY}${VERSION}\r\n`,
      stays(200, 400, 404, 405, 426, 505),
    ),
    answered(
      'unknown',
      'a protocol that nobody speaks is ignored (RFC 9110 §7.8)',
      `${GET}Connection: Upgrade\r\nUpgrade: made-up/1.0\r\n\r\n`,
      { seen: { path: '/' } },
    ),
    answered(
      'unknown-list',
      'and so is a list of them (RFC 9110 §7.8)',
      `${GET}Connection: Upgrade\r\nUpgrade: IRC/6.9, RTA/x11\r\n\r\n${NEXT}`,
      [{ seen: { path: '/' } }, NEXT_SEEN],
    ),
    answered(
      'h2c',
      'HTTP/2 over an upgrade, which is obsolete (RFC 9113 §3.1)',
      `${GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
      { seen: { path: '/' } },
    ),
    answered(
      'tls',
      'TLS over an upgrade (RFC 2817 §3)',
      `OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0\r\n\r\n`,
      { status: [200, 204] },
    ),
    answered(
      'websocket-elsewhere',
      'the handshake where there is no WebSocket (RFC 9110 §7.8)',
      `${GET}${WANTS}${KEY}${VERSION}\r\n`,
      { status: [200, 400, 404, 426] },
      'either',
    ),
    answered(
      'post-body',
      'a POST with a body whose upgrade nobody follows (RFC 9110 §7.8)',
      `${POST}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello${NEXT}`,
      [{ body: 'hello' }, NEXT_SEEN],
    ),
  ],
};
