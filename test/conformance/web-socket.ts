// web-socket.ts: the WebSocket endpoint of both test applications: `ws`, which sends every message back.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { WebSocketServer } from 'ws';

const endpoint = new WebSocketServer({ noServer: true, perMessageDeflate: false });

/** Answers a handshake, and what it leads to. */
export function echoMessages(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  endpoint.handleUpgrade(request, socket, head, (client) => {
    client.on('message', (data, isBinary) => {
      client.send(data, { binary: isBinary });
    });
    // A client that breaks the protocol, or vanishes.
    client.on('error', () => undefined);
  });
}

/** The answer to a request that is no handshake (RFC 9110 §15.5.22). */
export const noWebSocket = { status: 426, headers: { Upgrade: 'websocket' } } as const;
