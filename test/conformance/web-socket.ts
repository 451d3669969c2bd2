// web-socket.ts: the WebSocket endpoint of both test applications: `ws`, which sends every message back.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { WebSocketServer } from 'ws';

const endpoint = new WebSocketServer({ noServer: true, perMessageDeflate: false });

/** RFC 6455 §4.1. */
const VERSION = '13';

/** Answers a handshake, and what it leads to. */
export function echoMessages(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // Ahead of `ws`, which would answer HEAD with a body, and takes a version 8 that no RFC knows.
  if (request.method !== 'GET') {
    refuse(socket, '405 Method Not Allowed', 'Allow: GET');
    return;
  }
  if (request.headers['sec-websocket-version'] !== VERSION) {
    refuse(socket, '426 Upgrade Required', `Upgrade: websocket\r\nSec-WebSocket-Version: ${VERSION}`);
    return;
  }
  endpoint.handleUpgrade(request, socket, head, (client) => {
    client.on('message', (data, isBinary) => {
      client.send(data, { binary: isBinary });
    });
    // A client that breaks the protocol, or vanishes.
    client.on('error', () => undefined);
  });
}

function refuse(socket: Duplex, status: string, fields: string): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\n${fields}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** The answer to a request that is no handshake (RFC 9110 §15.5.22). */
export const noWebSocket = { status: 426, headers: { Upgrade: 'websocket' } } as const;
