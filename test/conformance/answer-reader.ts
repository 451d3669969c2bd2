// answer-reader.ts: takes answers out of what a server sends, as strictly as the RFCs are.
//
// test/helpers/answer-reader.ts holds millrace to more than that. This one reads the answers of any server: a body may
// be ended by the connection, Date may be missing, chunks may have extensions.

/** One final answer. */
export interface ReceivedAnswer {
  readonly status: number;
  /** By lower-case name; several lines joined by `, `. */
  readonly fields: ReadonlyMap<string, string>;
  /** Statuses of the interim answers ahead of it. */
  readonly interim: readonly number[];
  /** One character for each byte. */
  readonly body: string;
  /** False: the connection has ended inside it. */
  readonly complete: boolean;
}

const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2}) [\t\x20-\x7e\x80-\xff]*$/;
const FIELD_LINE =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?[\t ]*$/;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,12})(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const HEAD_END = '\r\n\r\n';
const LINE_END = '\r\n';

/** What is wrong with an answer. */
class Fault extends Error {}

interface Head {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
}

/** A body, or as much of it as there is; `end`: the first byte behind it. */
interface Body {
  readonly text: string;
  readonly end: number;
  readonly complete: boolean;
}

export class AnswerReader {
  readonly answers: ReceivedAnswer[] = [];
  /** What no client could make sense of. Nothing behind it is read. */
  fault: string | undefined;
  /** Of an interim answer 100. */
  hasContinue = false;
  #isHead: boolean;
  #interim: number[] = [];
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Before there are so many bytes, looking again cannot help. */
  #needed = 0;

  /** @param firstIsHead - The first answer is one to HEAD, so it has no body whatever its fields say. */
  constructor(firstIsHead: boolean) {
    this.#isHead = firstIsHead;
  }

  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes >= this.#needed) this.#readAll(false);
  }

  /** The connection has ended: what there is of an answer is all that comes. */
  end(): void {
    this.#readAll(true);
    if (this.fault === undefined && !this.isUpgraded && this.#bytes > 0)
      this.fault = 'an answer head that ends early';
  }

  /** An answer 101 has come, so what follows is another protocol. */
  get isUpgraded(): boolean {
    return this.answers.at(-1)?.status === 101;
  }

  /** What belongs to no answer yet; behind a 101, all that has come. */
  get rest(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  #readAll(ended: boolean): void {
    const received = this.rest;
    let at = 0;
    try {
      while (at < received.length && this.fault === undefined && !this.isUpgraded) {
        const end = this.#readOne(received, at, ended);
        if (end === undefined) break;
        at = end;
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.fault = error.message;
    }
    this.#needed -= at;
    this.#pieces = [Buffer.from(received.slice(at), 'latin1')];
    this.#bytes = received.length - at;
  }

  /** Returns where the answer that begins there ends, or undefined while it is incomplete. */
  #readOne(received: string, start: number, ended: boolean): number | undefined {
    const headEnd = received.indexOf(HEAD_END, start);
    if (headEnd < 0) {
      const beginning = received.slice(start, start + 7);
      if (!'HTTP/1.'.startsWith(beginning))
        throw new Fault(`${show(received.slice(start))} where an answer should be`);
      this.#needed = received.length + 1;
      return undefined;
    }
    const head = readHead(received.slice(start, headEnd));
    const bodyStart = headEnd + HEAD_END.length;
    if (head.status < 200 && head.status !== 101) {
      this.#interim.push(head.status);
      this.hasContinue ||= head.status === 100;
      return bodyStart;
    }
    const body = this.#readBody(received, bodyStart, head, ended);
    if (!body.complete && !ended) return undefined;
    this.answers.push({ ...head, interim: this.#interim, body: body.text, complete: body.complete });
    this.#interim = [];
    this.#isHead = false;
    return body.end;
  }

  #readBody(received: string, start: number, { status, fields }: Head, ended: boolean): Body {
    if (this.#isHead || status === 101 || status === 204 || status === 304)
      return { text: '', end: start, complete: true };
    if (fields.has('transfer-encoding')) {
      const body = readChunks(received, start);
      if (!body.complete) this.#needed = received.length + 1;
      return body;
    }
    const length = fields.get('content-length');
    const end = length === undefined ? Infinity : start + Number(length);
    if (received.length < end) this.#needed = Math.min(end, Number.MAX_SAFE_INTEGER);
    const text = received.slice(start, end);
    const complete = length === undefined ? ended : received.length >= end;
    return { text, end: start + text.length, complete };
  }
}

function readHead(text: string): Head {
  const [first = '', ...lines] = text.split(LINE_END);
  const status = Number(STATUS_LINE.exec(first)?.[1] ?? NaN);
  if (Number.isNaN(status)) throw new Fault(`the status line ${show(first)}`);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [name, value] = readField(line);
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  checkFraming(status, fields);
  return { status, fields };
}

function readField(line: string): [name: string, value: string] {
  const [, name, value = ''] = FIELD_LINE.exec(line) ?? [];
  if (name === undefined) throw new Fault(`the field line ${show(line)}`);
  return [name.toLowerCase(), value];
}

function checkFraming(status: number, fields: ReadonlyMap<string, string>): void {
  const length = fields.get('content-length');
  const coding = fields.get('transfer-encoding');
  if (length !== undefined && coding !== undefined)
    throw new Fault('Content-Length beside Transfer-Encoding');
  if (length !== undefined && !/^\d+$/.test(length)) throw new Fault(`Content-Length ${show(length)}`);
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new Fault(`Transfer-Encoding ${show(coding)}`);
  if ((status < 200 || status === 204) && (length ?? coding) !== undefined)
    throw new Fault(`a length in a ${status}`);
}

function readChunks(received: string, start: number): Body {
  let text = '';
  let at = start;
  const line = (): string | undefined => {
    const end = received.indexOf(LINE_END, at);
    if (end < 0) return undefined;
    const found = received.slice(at, end);
    at = end + LINE_END.length;
    return found;
  };
  for (let first = line(); first !== undefined; first = line()) {
    const digits = CHUNK_LINE.exec(first)?.[1];
    if (digits === undefined) throw new Fault(`the chunk size ${show(first)}`);
    const size = Number.parseInt(digits, 16);
    if (size === 0) {
      for (let trailer = line(); trailer !== undefined; trailer = line()) {
        if (trailer === '') return { text, end: at, complete: true };
        readField(trailer);
      }
      break;
    }
    text += received.slice(at, at + size);
    at += size;
    if (received.length < at + LINE_END.length) break;
    if (!received.startsWith(LINE_END, at)) throw new Fault('chunk data without its line end');
    at += LINE_END.length;
  }
  return { text, end: received.length, complete: false };
}

/** Text for people, ASCII only. */
export function show(text: string): string {
  const LONGEST = 60;
  const shown = JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);
  return shown.replaceAll(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
