// client.ts: a raw HTTP client: sends exactly the bytes it is told to, and reads answers strictly.

import assert from 'node:assert/strict';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { TestContext } from 'node:test';

import { takeAnswer, type Answer } from './answer-reader.js';

/** Where to connect to: what `listen()` gives, or a part of it. */
export type Target =
  | { readonly port: number; readonly address?: string | undefined; readonly path?: undefined }
  | { readonly path: string; readonly port?: undefined; readonly address?: undefined };

export interface ClientOptions {
  /** The client ends its side by itself when the server does; off: it stays half-open until {@link Client.finish}. */
  readonly allowHalfOpen?: boolean;
}

/** Longest wait for anything that has to come. Far above what a loaded machine needs: it ends tests, it times nothing. */
const PATIENCE_MS = 20_000;

/** The connection ended, or nothing more came in time, where something had to come. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Bytes of text: one for each character, so that tests can say any byte. */
export function bytesOf(data: string | Uint8Array): Buffer {
  return typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data);
}

export class Client {
  readonly socket: Socket;
  /** Joined only when somebody looks: large answers come in many pieces. */
  #pieces: Buffer[] = [];
  #bytes = 0;
  #end: 'fin' | 'reset' | undefined;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#pieces.push(chunk);
      this.#bytes += chunk.length;
      this.#wake();
    });
    socket.on('end', () => {
      this.#end ??= 'fin';
      this.#wake();
    });
    socket.on('error', () => {
      this.#end = 'reset';
      this.#wake();
    });
    socket.on('close', () => {
      this.#end ??= 'reset';
      this.#wake();
    });
  }

  /** Connects; the connection is destroyed at the end of the test. */
  static async connect(t: TestContext, target: Target, options: ClientOptions = {}): Promise<Client> {
    const client = await Client.open(target, options);
    t.after(() => {
      client.destroy();
    });
    return client;
  }

  /** Connects; whoever calls it destroys the connection. */
  static async open(target: Target, options: ClientOptions = {}): Promise<Client> {
    const host =
      target.address === undefined || /^(::|0\.0\.0\.0)$/.test(target.address) ? '127.0.0.1' : target.address;
    const where: NetConnectOpts =
      target.path === undefined ? { port: target.port, host } : { path: target.path };
    const socket = connect({ ...where, allowHalfOpen: options.allowHalfOpen ?? false });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Client(socket);
  }

  /** Sends text as latin1, so that each character is one byte. */
  send(data: string | Uint8Array): this {
    this.socket.write(bytesOf(data));
    return this;
  }

  /**
   * Sends in pieces that end at `cuts`. After each `arrived`, given the bytes sent so far, may wait until the server
   * has seen them; by default the client only lets the pieces leave one by one.
   */
  async sendCut(
    data: string | Uint8Array,
    cuts: readonly number[],
    arrived?: (bytes: number) => Promise<void>,
  ): Promise<this> {
    const bytes = bytesOf(data);
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      if (this.socket.destroyed || !this.socket.writable) break;
      await new Promise<void>((resolve) => {
        this.socket.write(bytes.subarray(from, to), () => {
          resolve();
        });
      });
      from = to;
      await (arrived === undefined ? turn() : arrived(to));
    }
    return this;
  }

  /** Ends the sending side: a FIN. */
  finish(): this {
    this.socket.end();
    return this;
  }

  /** The next final answer. */
  async answer(options: { head?: boolean } = {}): Promise<Answer> {
    for (let needed = 0; ;) {
      if (this.#bytes >= needed) {
        const taken = takeAnswer(this.#received, options.head ?? false);
        if ('answer' in taken) {
          this.#keep(taken.rest);
          return taken.answer;
        }
        needed = taken.needed;
      }
      if (this.#end !== undefined) {
        throw new NoAnswer(
          `the connection ended (${this.#end}) with no whole answer in ${show(this.#received)}`,
        );
      }
      await this.#change('an answer');
    }
  }

  /** Sends and reads the next answer. */
  ask(data: string | Uint8Array, options: { head?: boolean } = {}): Promise<Answer> {
    return this.send(data).answer(options);
  }

  /** As many answers. */
  async answers(count: number): Promise<Answer[]> {
    const all: Answer[] = [];
    while (all.length < count) all.push(await this.answer());
    return all;
  }

  /** Bytes that have come and belong to no answer that was read. */
  get unread(): Buffer {
    return this.#received;
  }

  /** How many. */
  get unreadBytes(): number {
    return this.#bytes;
  }

  /** Waits until that many bytes are unread, or the connection has ended. */
  async receive(bytes: number): Promise<void> {
    while (this.#bytes < bytes && this.#end === undefined) await this.#change(`${String(bytes)} bytes`);
  }

  /** The bytes of interim or partial answers, up to and with this text. */
  async readUntil(text: string): Promise<string> {
    for (;;) {
      const at = this.#received.indexOf(text, 0, 'latin1');
      if (at >= 0) {
        const read = this.#received.toString('latin1', 0, at + text.length);
        this.#keep(this.#received.subarray(at + text.length));
        return read;
      }
      if (this.#end !== undefined)
        throw new NoAnswer(`the connection ended (${this.#end}) ahead of ${JSON.stringify(text)}`);
      await this.#change(JSON.stringify(text));
    }
  }

  /** Waits for the server to end the connection, having sent nothing more; says how it did. */
  async ended(): Promise<'fin' | 'reset'> {
    while (this.#end === undefined) await this.#change('the end of the connection');
    assert.equal(show(this.#received), '', 'bytes that belong to no answer');
    return this.#end;
  }

  /** True once the server has ended the connection. */
  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Shows that the connection lives and has nothing to say: `request` gets an answer, and nothing came before it. */
  async stillServes(request: string): Promise<Answer> {
    assert.equal(show(this.#received), '', 'bytes that belong to no answer');
    return this.ask(request);
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Ends the connection with a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  get #received(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0]!;
  }

  #keep(rest: Buffer): void {
    this.#pieces = [Buffer.from(rest)];
    this.#bytes = rest.length;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #change(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(done);
        reject(new NoAnswer(`no ${what} in ${String(PATIENCE_MS)} ms; unread: ${show(this.#received)}`));
      }, PATIENCE_MS);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(done);
    });
  }
}

function show(bytes: Buffer): string {
  if (bytes.length === 0) return '';
  return (
    JSON.stringify(bytes.toString('latin1', 0, 500)) +
    (bytes.length > 500 ? ` and ${String(bytes.length - 500)} more` : '')
  );
}
