// net-connection.ts: one connection of a server on node:net: requests out of its bytes, one at a time, and answers.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { MAX_BODY_BYTES } from '../limits.js';
import { parseRequest, type ParsedRequest } from './request-parser.js';
import { outcomeOf, type Outcome, textOutcome } from './routes.js';

/** What is still read of a client whose request was refused: see native/limits.h. */
const MAX_DISCARDED_BYTES = 16 * MAX_BODY_BYTES;

export class NetConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #needed = 1;
  #state: 'reading' | 'busy' | 'lingering' = 'reading';
  #discarded = 0;
  #isStopping = false;
  #hasEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (piece) => {
      this.#receive(piece);
    });
    // The client may have sent a request before it ended its side.
    socket.on('end', () => {
      this.#hasEnded = true;
      if (this.#state !== 'busy') socket.end();
    });
    socket.on('error', () => socket.destroy());
  }

  /** After the answer that is being made, or at once. */
  stop(): void {
    this.#isStopping = true;
    if (this.#state === 'reading') this.#socket.destroy();
  }

  #receive(piece: Buffer): void {
    if (this.#state === 'lingering') {
      this.#discarded += piece.length;
      if (this.#discarded > MAX_DISCARDED_BYTES) this.#socket.destroy();
      return;
    }
    this.#received = this.#received.length === 0 ? piece : Buffer.concat([this.#received, piece]);
    if (this.#state === 'reading') this.#next();
  }

  #next(): void {
    if (this.#received.length < this.#needed) return;
    const parsed = parseRequest(this.#received);
    switch (parsed.state) {
      case 'incomplete':
        this.#needed = parsed.bytes;
        return;
      case 'refused':
        this.#give(textOutcome(parsed.status, STATUS_CODES[parsed.status] ?? ''), false, false);
        return;
      case 'complete':
        this.#needed = 1;
        this.#received = this.#received.subarray(parsed.bytes);
        this.#answer(parsed.request);
    }
  }

  #answer({ method, target, body, keepAlive }: ParsedRequest): void {
    this.#state = 'busy';
    // Nothing more is held for this client until it has its answer.
    this.#socket.pause();
    const outcome = outcomeOf(method, target, body);
    const give = (): void => {
      this.#give(outcome, keepAlive && !this.#isStopping, method === 'HEAD');
    };
    if (outcome.afterMs > 0) setTimeout(give, outcome.afterMs);
    else give();
  }

  #give({ status, type, body }: Outcome, keepAlive: boolean, isHead: boolean): void {
    const head =
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n` +
      `Date: ${dateText()}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      (keepAlive ? '\r\n' : 'Connection: close\r\n\r\n');
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    if (!isHead) this.#socket.write(body);
    this.#socket.uncork();
    if (!keepAlive || this.#hasEnded) {
      this.#state = 'lingering';
      this.#socket.end();
      this.#socket.resume();
      return;
    }
    const goOn = (): void => {
      this.#state = 'reading';
      this.#socket.resume();
      this.#next();
    };
    // Not deeper and deeper for a client that sends many at once, and not ahead of what it takes.
    if (this.#socket.writableNeedDrain) this.#socket.once('drain', goOn);
    else if (this.#received.length > 0) setImmediate(goOn);
    else goOn();
  }
}

let text = '';
let second = 0;

/** Formatted once a second. */
function dateText(): string {
  const now = Math.trunc(Date.now() / 1000);
  if (now !== second) {
    text = new Date(now * 1000).toUTCString();
    second = now;
  }
  return text;
}
