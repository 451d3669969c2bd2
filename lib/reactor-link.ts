// reactor-link.ts: one reactor as this JS thread sees it: where its requests come from and its answers go to.

import type { NativeThread } from './binding.js';
import { RequestRing, type ClaimedRun, type Claimer } from './request-ring.js';
import { ResponseRing } from './response-ring.js';
import {
  CONTROL_ABORT,
  CONTROL_PIECE,
  NEWS_BODY,
  NEWS_BODY_END,
  NEWS_DRAINED,
  NEWS_FILE_BROKEN,
  NEWS_FILE_GIVEN,
  NEWS_FILE_MISSING,
  NEWS_FILE_UNAVAILABLE,
  NEWS_GONE,
  NEWS_PEER_FINISHED,
  NEWS_TRAILERS,
  RESPONSE_CONTROL,
  SLEEP_DEEP,
} from './ring-layout.js';
import type { RingMemory } from './ring-memory.js';
import { throwLater } from './throw-later.js';
import { queueMicrotask } from './timers.js';
import { noteYoungBuffer, TAKES_MEMORY_OVER } from './young-buffers.js';

/** Slot, generation, kind and bytes. */
const NEWS_PARTS = 4;

const INTERNAL_SERVER_ERROR = 500;

/** An answer that has to wait: the arguments of `ResponseRing.push`. */
type Answer = Parameters<ResponseRing['push']>;

/** Who wants to hear of an exchange. */
export interface ExchangeWatch {
  readonly exchangeGeneration: number;
  /** Most of what was written before the reactor was asked has been sent. */
  onDrained(): void;
  /** What was asked for of the request's body. */
  onBody(bytes: Buffer, isLast: boolean): void;
  /** The same, but it is more than a Buffer can hold. */
  onBodyTooLarge(cause: Error): void;
  /** Field lines; the end of the body follows. */
  onTrailers(lines: string): void;
  /** The client has ended its side of the connection; what it is sent may still be read. */
  onPeerFinished(): void;
  /** What has become of a file that was to be sent: one of the news about files. */
  onFile(news: number): void;
  /** Nobody waits for the answer any more. */
  onExchangeGone(): void;
}

/** What a link has to know of its thread. */
export interface Thread {
  /** An answer is about to be given. False: the server has ended, it is for nobody. */
  beginAnswer(): boolean;
}

export class ReactorLink {
  readonly #native: NativeThread;
  readonly #reactor: number;
  readonly #requests: RequestRing;
  readonly #responses: ResponseRing;
  readonly #thread: Thread;
  /** What one of several threads claims is kept from the others: so it is one request, and then the next. */
  readonly claimsOneByOne: boolean;
  /** `limits.unsentBytes`: how much of one answer may be on its way. */
  readonly unsentBytes: number;
  /** By exchange slot. */
  readonly #watches = new Map<number, ExchangeWatch>();
  /** Those whose slots have been given to other requests before the news of their end was read. */
  readonly #overtaken: ExchangeWatch[] = [];

  /** Answers that found the ring full. */
  readonly #backlog: Answer[] = [];
  /** Answers have been published, and the reactor may sleep. */
  #isUntold = false;
  /** The run being handled, if the reactor cannot sleep deep before its last request begins. */
  #coveringRun: ClaimedRun | undefined;
  #isClosed = false;

  constructor(
    native: NativeThread,
    reactor: number,
    requests: RingMemory,
    responses: RingMemory,
    thread: Thread,
    unsentBytes: number,
    claimer: Claimer | undefined,
  ) {
    this.#native = native;
    this.#reactor = reactor;
    this.#requests = new RequestRing(requests, (index) => native.takeBody(reactor, index), claimer);
    this.claimsOneByOne = claimer !== undefined;
    this.#responses = new ResponseRing(responses, (index, body) => native.putBody(reactor, index, body));
    this.#thread = thread;
    this.unsentBytes = unsentBytes;
  }

  /**
   * Claims up to `most` requests and copies them out. {@link endRun} has to follow.
   * @returns False: there are none.
   */
  claim(most: number, into: ClaimedRun): boolean {
    if (!this.#requests.claim(most, into)) return false;
    // With two requests open and this thread at work a reactor only naps. While one of the run has not begun there is
    // that one and the one that is answered, so this one look holds for all answers until then. (A client that vanishes
    // in between can make it deep all the same: then the other's answer waits for the end of the slice.)
    const isCovered = into.count > 1 && this.#requests.reactorSleep() !== SLEEP_DEEP;
    this.#coveringRun = isCovered ? into : undefined;
    return true;
  }

  endRun(): void {
    this.#coveringRun = undefined;
  }

  /** Is there anything to claim? For the last look before this thread sleeps. */
  hasWork(): boolean {
    return this.#requests.hasWork();
  }

  /** Gives an answer to the reactor. The arguments are those of {@link ResponseRing.push}. */
  answer(
    exchangeSlot: number,
    exchangeGeneration: number,
    packed: number,
    reason: string,
    fields: string,
    body: string | Uint8Array,
  ): void {
    if (!this.#thread.beginAnswer()) return;
    if (this.#backlog.length > 0) this.retryBacklog();
    const isBehindOthers = this.#backlog.length > 0; // which have asked for room
    if (
      isBehindOthers ||
      !this.#responses.push(exchangeSlot, exchangeGeneration, packed, reason, fields, body)
    ) {
      // The app may reuse its buffer as soon as end() has returned.
      const kept = typeof body === 'string' ? body : Uint8Array.from(body);
      this.#backlog.push([exchangeSlot, exchangeGeneration, packed, reason, fields, kept]);
      if (!isBehindOthers) this.retryBacklog();
      return;
    }
    // A reactor that does not know that this thread works may sleep for long: one that does is told now, since this
    // handler may never come to an end.
    const run = this.#coveringRun;
    const mayBeDeep = run === undefined || run.begun === run.count;
    if (mayBeDeep && this.#requests.reactorSleep() === SLEEP_DEEP) this.#wake();
    else this.#isUntold = true;
  }

  /** The reactor has ended: whoever waits for it is told. */
  close(): void {
    this.#isClosed = true;
    const watches = [...this.#overtaken.splice(0), ...this.#watches.values()];
    this.#watches.clear();
    for (const watch of watches) tell(watch, NEWS_GONE);
  }

  /** From now on `watch` hears what the reactor has to say of the exchange. */
  watch(exchangeSlot: number, watch: ExchangeWatch): void {
    if (this.#isClosed) {
      queueMicrotask(() => {
        watch.onExchangeGone();
      });
      return;
    }
    // Requests overtake news: that the slot has another request says that nobody waits for the answer to the one before.
    // The news are on their way; until then it waits, since this is the context of another request's handler.
    const before = this.#watches.get(exchangeSlot);
    if (before !== undefined && isNewer(before, watch)) {
      // A handler that begins only now to stream, to read or to listen to its signal, long after its client has gone.
      this.#overtaken.push(watch);
      return;
    }
    if (before !== undefined) this.#overtaken.push(before);
    this.#watches.set(exchangeSlot, watch);
  }

  unwatch(exchangeSlot: number, watch: ExchangeWatch): void {
    if (this.#watches.get(exchangeSlot) === watch) this.#watches.delete(exchangeSlot);
  }

  /** Passes on what the reactor has to say of exchanges. */
  readNews(): void {
    for (const watch of this.#overtaken.splice(0)) tell(watch, NEWS_GONE);
    const news = this.#native.takeNews(this.#reactor, TAKES_MEMORY_OVER);
    for (let i = 0; i < news.length; i += NEWS_PARTS) {
      const bytes = news[i + 3] as Buffer | Error | undefined;
      if (isBuffer(bytes)) noteYoungBuffer(bytes.length);
      const slot = news[i] as number;
      const watch = this.#watches.get(slot);
      // Its answer may have been completed in the meantime, and another request be in its place.
      if (watch === undefined || (watch.exchangeGeneration | 0) !== ((news[i + 1] as number) | 0)) continue;
      const kind = news[i + 2] as number;
      if (kind === NEWS_GONE) this.#watches.delete(slot);
      tell(watch, kind, bytes);
    }
  }

  /** Is somebody still waiting for this answer? */
  isLive(exchangeSlot: number, exchangeGeneration: number): boolean {
    return this.#native.isLive(this.#reactor, exchangeSlot, exchangeGeneration);
  }

  /** Wakes the reactor if it sleeps over published answers. */
  tell(): void {
    if (!this.#isUntold) return;
    this.#isUntold = false;
    this.#wake();
  }

  /** Publishes what has been waiting for room, as far as there is some; else the doorbell will ring when there is. */
  retryBacklog(): void {
    const waiting = this.#backlog;
    if (waiting.length === 0) return;
    let sent = this.#pushWaiting(0);
    if (sent < waiting.length) {
      this.#responses.askForRoom();
      sent = this.#pushWaiting(sent);
    }
    waiting.splice(0, sent);
    this.#isUntold = true;
  }

  /** As far as there is room, from this one on; returns the first for which there is none. */
  #pushWaiting(from: number): number {
    const waiting = this.#backlog;
    let at = from;
    while (at < waiting.length && this.#pushOrGiveUp(waiting, at)) at++;
    return at;
  }

  #pushOrGiveUp(waiting: Answer[], at: number): boolean {
    try {
      return this.#responses.push(...waiting[at]!);
    } catch (error) {
      // There is no memory for it, and its handler is elsewhere: whoever answers now, or waits behind it, is not to blame.
      throwLater(error);
      waiting[at] = inPlaceOf(waiting[at]!);
      return this.#responses.push(...waiting[at]);
    }
  }

  #wake(): void {
    if (this.#requests.winWake()) this.#native.wake(this.#reactor);
  }
}

/** What needs no memory, where there is none for this answer, or for this piece of one. */
function inPlaceOf([exchangeSlot, exchangeGeneration, packed]: Answer): Answer {
  const isPiece = ((packed >>> 24) & RESPONSE_CONTROL) !== 0 && (packed & 0xffff) === CONTROL_PIECE;
  const instead = isPiece ? (RESPONSE_CONTROL << 24) | CONTROL_ABORT : INTERNAL_SERVER_ERROR;
  return [exchangeSlot, exchangeGeneration, instead, '', '', ''];
}

/** Generations only grow, modulo 2^32. */
function isNewer(watch: ExchangeWatch, than: ExchangeWatch): boolean {
  return ((watch.exchangeGeneration - than.exchangeGeneration) | 0) > 0;
}

/** What a watch throws, such as the destroy() of an app's stream, is no reason for others to hear nothing. */
function tell(watch: ExchangeWatch, kind: number, bytes?: Buffer | Error): void {
  try {
    pass(watch, kind, bytes);
  } catch (error) {
    throwLater(error);
  }
}

/** Not by its class: the addon's Error may be that of another realm, as under Jest. */
function isBuffer(bytes: Buffer | Error | undefined): bytes is Buffer {
  return ArrayBuffer.isView(bytes);
}

function pass(watch: ExchangeWatch, kind: number, bytes: Buffer | Error | undefined): void {
  switch (kind) {
    case NEWS_DRAINED:
      watch.onDrained();
      break;
    case NEWS_BODY:
    case NEWS_BODY_END:
      if (isBuffer(bytes)) watch.onBody(bytes, kind === NEWS_BODY_END);
      else watch.onBodyTooLarge(bytes!);
      break;
    case NEWS_TRAILERS:
      watch.onTrailers((bytes as Buffer).toString('latin1'));
      break;
    case NEWS_PEER_FINISHED:
      watch.onPeerFinished();
      break;
    case NEWS_FILE_GIVEN:
    case NEWS_FILE_MISSING:
    case NEWS_FILE_UNAVAILABLE:
    case NEWS_FILE_BROKEN:
      watch.onFile(kind);
      break;
    case NEWS_GONE:
      watch.onExchangeGone();
      break;
  }
}
