// connections.ts: keep-alive connections of the bench itself, where its clients cannot say "open so many and keep them".

import { connect, type Socket } from 'node:net';
import { HELLO } from '../variants/applications.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
/** Opened at a time: no backlog overflows, and the server still gets them in bursts. */
const BATCH = 100;

/** A connection that has had one request answered and is idle since. */
export async function openConnections(port: number, count: number): Promise<Connections> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - sockets.length) }, () => openOne(port));
    sockets.push(...(await Promise.all(batch)));
  }
  return new Connections(sockets);
}

export class Connections {
  readonly #sockets: readonly Socket[];

  constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  /** Sends the number of requests over all connections, each with one request in flight. */
  async sendRequests(total: number): Promise<void> {
    let left = total;
    const work = async (socket: Socket): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await sendOne(socket);
      }
    };
    await Promise.all(this.#sockets.map(work));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function openOne(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.setEncoding('latin1');
  await sendOne(socket);
  return socket;
}

/** Resolves with the last byte of the answer, which is known: it ends with the greeting. */
function sendOne(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = '';
    const onData = (chunk: string): void => {
      received += chunk;
      if (received.endsWith(HELLO)) settle(resolve);
    };
    const onError = (error: Error): void => {
      settle(() => {
        reject(error);
      });
    };
    const onClose = (): void => {
      settle(() => {
        reject(new Error(`closed before the answer came: ${received}`));
      });
    };
    const settle = (then: () => void): void => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      then();
    };
    socket.on('data', onData).on('error', onError).on('close', onClose);
    socket.write(REQUEST);
  });
}
