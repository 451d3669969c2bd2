// connection.ts: a keep-alive connection of the bench's own generators: one request at a time, its answer read in full.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const HEAD_END = '\r\n\r\n';

export class Connection {
  readonly #socket: Socket;
  #received = '';
  #waiting: Waiting | null = null;
  #isClosing = false;
  #lost: Error | null = null;

  /** `onLost` is called once, when the connection ends before `close()`. */
  private constructor(socket: Socket, onLost: (error: Error) => void) {
    this.#socket = socket;
    const lose = (error: Error): void => {
      if (this.#isClosing || this.#lost) return;
      this.#lost = error;
      this.#waiting?.reject(error);
      this.#waiting = null;
      onLost(error);
    };
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      try {
        this.#read();
      } catch (error) {
        socket.destroy();
        lose(error as Error);
      }
    });
    socket.on('error', lose);
    socket.on('close', () => {
      lose(new Error('the server closed the connection'));
    });
  }

  static async open(port: number, onLost: (error: Error) => void): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket, onLost);
  }

  get isBusy(): boolean {
    return this.#waiting !== null;
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** Only when it is not busy. Rejects when the connection ends before the answer is complete. */
  ask(path: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lost);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    });
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  #read(): void {
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd + 2);
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
    const length = /^content-length: *(\d+)\r$/im.exec(head)?.[1];
    if (status === undefined || length === undefined) throw new Error(`answered ${JSON.stringify(head)}`);
    const from = headEnd + HEAD_END.length;
    const until = from + Number(length);
    if (this.#received.length < until) return;
    const body = this.#received.slice(from, until);
    this.#received = this.#received.slice(until);
    const waiting = this.#waiting;
    if (!waiting) throw new Error(`answered ${status} without having been asked`);
    this.#waiting = null;
    waiting.resolve({ status: Number(status), body });
  }
}
