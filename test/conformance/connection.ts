// connection.ts: a client's connection to the server under test: sends bytes, reads answers, knows how it ended.

import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

import { AnswerReader } from './answer-reader.js';

/** `fin`: by a FIN; `reset`: by anything else. */
export type End = 'fin' | 'reset';

/** Waits until the server has received so many bytes of what is sent, or has ended the connection. */
export type Arrived = (bytes: number, connection: Connection) => Promise<unknown>;

export class Connection {
  readonly reader: AnswerReader;
  end: End | undefined;
  /** Everything that has come, one character for each byte; kept only where a row asks for it. */
  received = '';
  readonly #socket: Socket;
  readonly #keepsAll: boolean;
  readonly #startedMs = performance.now();
  #endedMs = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket, reader: AnswerReader, keepsAll: boolean) {
    this.#socket = socket;
    this.reader = reader;
    this.#keepsAll = keepsAll;
    socket.setNoDelay(true);
    socket.on('data', (piece: Buffer) => {
      if (this.#keepsAll) this.received += piece.toString('latin1');
      reader.push(piece);
      this.#wake();
    });
    socket.on('end', () => {
      this.#ended('fin');
    });
    socket.on('error', () => {
      this.#ended('reset');
    });
    socket.on('close', () => {
      this.#ended('reset');
    });
  }

  /**
   * Connects to a port of this machine.
   * @param options.firstIsHead - See {@link AnswerReader}.
   * @param options.keepsAll - Keeps all that comes in {@link received}.
   */
  static async open(port: number, options: { firstIsHead: boolean; keepsAll: boolean }): Promise<Connection> {
    // Half-open: a client that is told of the end could otherwise not show that it goes on sending.
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Connection(socket, new AnswerReader(options.firstIsHead), options.keepsAll);
  }

  /** Sends text, one byte for each character. Does nothing once the server has ended the connection. */
  send(text: string): void {
    if (this.end === undefined && this.#socket.writable && text !== '') this.#socket.write(text, 'latin1');
  }

  /**
   * Sends the pieces that `cuts` makes of a text. Each leaves when the one before has left, and when `arrived` says
   * so.
   */
  async sendCut(text: string, cuts: readonly number[], arrived: Arrived = () => turn()): Promise<void> {
    let from = 0;
    for (const to of [...cuts, text.length]) {
      if (this.end !== undefined || !this.#socket.writable) return;
      const piece = text.slice(from, to);
      await new Promise((resolve) => this.#socket.write(piece, 'latin1', resolve));
      from = to;
      if (to < text.length) await arrived(to, this);
    }
  }

  /** Ends the sending side. */
  finish(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Of a connection that is paused: takes so many bytes, if there are that many. */
  take(bytes: number): void {
    this.#socket.read(bytes);
  }

  /** Milliseconds from the start to the end. */
  get lifeMs(): number {
    return this.#endedMs - this.#startedMs;
  }

  /** Waits until `isSo`, or the connection has ended, or nothing has come for so long. Says whether it is so. */
  async until(isSo: () => boolean, patienceMs: number): Promise<boolean> {
    while (!isSo() && this.end === undefined) {
      if (!(await this.#change(patienceMs))) break;
    }
    return isSo();
  }

  close(): void {
    this.#socket.destroy();
  }

  #ended(how: End): void {
    if (this.end !== undefined) return;
    this.end = how;
    this.#endedMs = performance.now();
    this.reader.end();
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** False: nothing has happened. */
  #change(patienceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        resolve(false);
      }, patienceMs);
      this.#waiting.add(wake);
    });
  }
}
