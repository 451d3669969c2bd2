// node-reader.ts: what node:http makes of bytes.

import { createServer, IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import type { End, Reading } from './reading.js';

/** A connection without a socket. What the server sends on it is dropped. */
class Connection extends Duplex {
  override _read(): void {
    // Bytes come as 'data' events that the reader makes.
  }
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** What happens on the connection that is being read. */
interface Watched {
  /** One for each head that was understood, given to the app or not. */
  readonly heads: IncomingMessage[];
  /** Of those that the app gets: does the connection stay? */
  readonly keepAlive: Map<IncomingMessage, boolean>;
  failure?: string;
}

/** A server of node:http with its defaults, whose connections are fed by hand. */
export class NodeReader {
  readonly #server: Server;
  #watched: Watched = { heads: [], keepAlive: new Map() };

  constructor() {
    const noteHead = (head: IncomingMessage): void => {
      this.#watched.heads.push(head);
    };
    class NotedMessage extends IncomingMessage {
      constructor(socket: Socket) {
        super(socket);
        noteHead(this);
      }
    }
    this.#server = createServer({ IncomingMessage: NotedMessage }, (request, response) => {
      this.#watched.keepAlive.set(request, response.shouldKeepAlive);
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException) => {
      this.#watched.failure ??= error.code ?? error.message;
    });
  }

  /**
   * Reads the bytes as all that a client sends. Everything happens before it returns, because node:http parses while
   * it gets a 'data' event; what remains to be freed needs a turn of the event loop now and then.
   * @param bytes - One character for each byte.
   */
  read(bytes: string): Reading {
    const watched: Watched = { heads: [], keepAlive: new Map() };
    this.#watched = watched;
    const connection = new Connection();
    this.#server.emit('connection', connection);
    connection.emit('data', Buffer.from(bytes, 'latin1'));
    // Taken before the end, which would drop what nobody has read.
    const requests = [];
    let refusal: string | undefined;
    for (const head of watched.heads) {
      const keepAlive = watched.keepAlive.get(head);
      if (keepAlive === undefined) refusal = whyNotHandled(head);
      if (keepAlive === undefined || !head.complete) break;
      requests.push({
        method: head.method ?? '',
        target: head.url ?? '',
        version: head.httpVersion,
        fields: head.rawHeaders,
        body: whatCameOf(head),
        trailers: head.rawTrailers,
        keepAlive,
      });
    }
    const half = requests.length < watched.heads.length;
    connection.emit('end');
    connection.destroy();
    const end = refusal === undefined ? endOf(watched.failure, half) : 'refused';
    return {
      requests,
      end: end === 'clean' && requests.at(-1)?.keepAlive === false ? 'closed' : end,
      reason: end === 'refused' ? (refusal ?? watched.failure ?? '') : '',
    };
  }
}

/** What has arrived of the body. Some versions of Node.js give all of it at once, others chunk by chunk. */
function whatCameOf(message: IncomingMessage): string {
  let body = '';
  for (;;) {
    const chunk = message.read() as Buffer | null;
    if (chunk === null) return body;
    body += chunk.toString('latin1');
  }
}

/** node:http answers some requests itself, and gives up connections for which nobody listens. */
function whyNotHandled(head: IncomingMessage): string {
  if (head.method === 'CONNECT') return 'CONNECT';
  return head.headers.expect === undefined ? 'no Host' : 'unknown expectation';
}

/** @param half - Has the body of a request not come whole? */
function endOf(failure: string | undefined, half: boolean): End {
  switch (failure) {
    case undefined:
      return half ? 'unfinished' : 'clean';
    case 'HPE_CLOSED_CONNECTION':
      return 'closed';
    case 'HPE_INVALID_EOF_STATE':
      return 'unfinished';
    default:
      return 'refused';
  }
}
