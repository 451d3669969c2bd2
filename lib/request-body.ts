// request-body.ts: the body of a request, as it came out of the ring.

import { bodyTooLarge } from './errors.js';

/** Nothing is decoded or copied again before it is asked for. */
export class RequestBody {
  /** A body in the ring's arena has been copied with the record, one character a byte: from `#start` to `#end`. */
  readonly #records: string;
  readonly #start: number;
  readonly #end: number;
  readonly #isAscii: boolean;
  #buffer: Buffer | undefined;

  constructor(records: string, start: number, end: number, isAscii: boolean, buffer?: Buffer) {
    this.#records = records;
    this.#start = start;
    this.#end = end;
    this.#isAscii = isAscii;
    this.#buffer = buffer;
  }

  /** A body that was too large for the arena. */
  static ofBuffer(buffer: Buffer): RequestBody {
    return new RequestBody('', 0, 0, false, buffer);
  }

  /** The same each time: it is the app's to change. */
  buffer(): Buffer {
    return (this.#buffer ??= Buffer.from(this.#bytes(), 'latin1'));
  }

  /** Decoded as UTF-8, without a byte order mark. */
  text(): string {
    if (this.#isAscii && this.#buffer === undefined) return this.#bytes();
    return decodeUtf8(this.buffer());
  }

  #bytes(): string {
    return this.#records.slice(this.#start, this.#end);
  }
}

/** Without a byte order mark. */
export function decodeUtf8(bytes: Buffer): string {
  const hasMark = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return bytes.toString('utf8', hasMark ? 3 : 0);
  } catch (error) {
    throw bodyTooLarge('a string', error);
  }
}
