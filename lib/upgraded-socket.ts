// upgraded-socket.ts: a connection that has been handed over to a handler (RFC 9110 §7.8), as a Duplex.

import { Duplex } from 'node:stream';

import { AbortedError } from './errors.js';
import { IncomingBody } from './incoming-body.js';
import type { ResponseStream } from './response-stream.js';

/** Where its client is, as a `net.Socket` says it. */
interface Peer {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

/**
 * Every byte that is written goes to the client as it is, beginning with the status line of the answer. What the client
 * sends behind its request is read here. When this side ends first, what the client still sends is not read any more.
 */
export class UpgradedSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly #exchange: ResponseStream;
  readonly #incoming: IncomingBody;

  constructor(exchange: ResponseStream, peer: Peer) {
    super();
    this.remoteAddress = peer.remoteAddress;
    this.remotePort = peer.remotePort;
    this.#exchange = exchange;
    this.#incoming = new IncomingBody(exchange);
    exchange.beginRaw();
    exchange.whenOver(() => {
      if (exchange.isGone) this.destroy(new AbortedError());
    });
  }

  override _read(): void {
    this.#incoming.next().then(
      (piece) => {
        // It may have been on its way when this side ended.
        if (!this.#exchange.isOver) this.push(piece ?? null);
      },
      // Whoever has ended the exchange has said so already, or is about to.
      () => undefined,
    );
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#exchange.write(chunk)) {
      done();
      return;
    }
    this.#exchange.drained().then(() => {
      done();
    }, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'latin1', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#exchange.end('');
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#exchange.isOver) {
      if (error === null) this.#exchange.end('');
      else this.#exchange.abort();
    }
    done(error);
  }
}
