// conversation.ts: what a client does on one connection for one row, and what it observes.

import { setTimeout as sleep } from 'node:timers/promises';

import { GET } from '../protocol/cases/bytes.js';
import { isTimed, type Clock, type Outcome, type Row, type TimedDelivery } from '../protocol/cases/row.js';
import type { ReceivedAnswer } from './answer-reader.js';
import { millisecondsOf, type Clocks } from './clocks.js';
import { Connection, type Arrived, type End } from './connection.js';
import { answersMatch } from './judge.js';

/** What one connection has come to. */
export interface Observation {
  readonly answers: readonly ReceivedAnswer[];
  readonly end: End | 'open';
  /** What no client could make sense of. */
  readonly fault: string | undefined;
  /** Behind a 101. */
  readonly upgraded: string;
  readonly received: string;
  /** What is wrong besides the answers: something came too early, or memory grew. */
  readonly complaints: readonly string[];
}

/** What a conversation needs to know of the server. */
export interface Subject {
  readonly port: number;
  /** Undefined: timed rows cannot be run. */
  readonly clocks: Clocks | undefined;
  /** How long a client waits for something that has to come. */
  readonly patienceMs: number;
}

/** One of the connections of a row. */
export interface Plan {
  readonly row: Row;
  readonly bytes: string;
  readonly cuts: readonly number[];
  /** Without it, pieces only leave one by one. Others must not talk to the server then. */
  readonly arrived?: Arrived;
}

/** How long nothing may come where nothing has to: on the wrong server an early answer would have come by then. */
const QUIET_MS = 20;
/** How long a client that does not read waits before the server is asked what it holds. */
const UNREAD_MS = 1500;
const READ_EVERY_MS = 1000;

/** Known by its path, as long as no row asks for the same. */
const PROBE = { bytes: GET.replace('/', '/still-open') + '\r\n', path: '/still-open' };
/** Of a WebSocket: a text frame, masked with zeros, and the same from a server. */
const PROBE_FRAME = '\x81\x85\0\0\0\0still';
const PROBE_ECHO = '\x81\x05still';

export async function converse(subject: Subject, plan: Plan): Promise<Observation> {
  const { row, bytes } = plan;
  const connection = await Connection.open(subject.port, {
    firstIsHead: bytes.startsWith('HEAD '),
    keepsAll: row.expect.some(({ never }) => never !== undefined),
  });
  try {
    const complaints = await deliver(connection, subject, plan);
    if (isTimed(row.delivery)) {
      complaints.push(...(await waitForTimeout(connection, subject, row.delivery)));
    } else if ((await answersHaveCome(connection, subject, row)) && !row.expect.every(({ more }) => more)) {
      const probed = await probe(connection, subject, row);
      if (probed !== undefined) return observe(connection, complaints, probed);
      await connection.until(() => connection.end !== undefined, subject.patienceMs);
    }
    return observe(connection, complaints);
  } finally {
    connection.close();
  }
}

function observe(
  connection: Connection,
  complaints: readonly string[],
  probed?: { readonly answers: number; readonly complaint?: string | undefined },
): Observation {
  const { reader, end, received } = connection;
  const more = probed?.complaint === undefined ? [] : [probed.complaint];
  return {
    answers: probed === undefined ? reader.answers : reader.answers.slice(0, probed.answers),
    end: probed === undefined ? (end ?? 'open') : 'open',
    fault: reader.fault,
    upgraded: reader.isUpgraded ? reader.rest : '',
    received,
    complaints: [...complaints, ...more],
  };
}

/** Waits for the end that a time-out has to bring. Returns what is wrong with it. */
async function waitForTimeout(
  connection: Connection,
  subject: Subject,
  delivery: TimedDelivery,
): Promise<string[]> {
  await connection.until(() => connection.end !== undefined, timedPatience(subject, delivery.clock));
  return delivery.way === 'stall'
    ? earlyEnd(connection, millisecondsOf(subject.clocks!, delivery.clock))
    : [];
}

/** Waits for as many answers as the longest outcome has. False: the connection has ended, or cannot be read on. */
async function answersHaveCome(connection: Connection, subject: Subject, { expect }: Row): Promise<boolean> {
  const { reader } = connection;
  const most = Math.max(...expect.map(({ answers }) => answers.length));
  await connection.until(
    () => reader.fault !== undefined || reader.answers.length >= most,
    subject.patienceMs,
  );
  return connection.end === undefined && reader.fault === undefined;
}

/** How long a time-out may take until it has surely struck. */
function timedPatience({ clocks, patienceMs }: Subject, clock: Clock): number {
  return Math.max(slowReadMs(clocks!, clock), patienceMs);
}

/** A client that does not read sees no end: it goes on reading slowly for so long, whatever the server does. */
function slowReadMs(clocks: Clocks, clock: Clock): number {
  return 2 * millisecondsOf(clocks, clock) + 1000;
}

/**
 * Sends one more request, if the answers so far are those of an outcome that leaves the connection open. Returns
 * undefined if they are not, or if the server has ended the connection.
 */
async function probe(
  connection: Connection,
  subject: Subject,
  row: Row,
): Promise<{ answers: number; complaint?: string } | undefined> {
  const { reader } = connection;
  const answers = reader.answers.length;
  const stays = row.expect.some((outcome) => mayStay(outcome) && answersMatch(outcome, reader.answers));
  if (!stays) return undefined;
  if (reader.isUpgraded) return probeUpgraded(connection, subject, row);
  const { bytes, path } = row.completion ?? PROBE;
  connection.send(bytes);
  const isAnswered = await connection.until(() => reader.answers.length > answers, subject.patienceMs);
  const answer = reader.answers[answers];
  if (connection.end !== undefined && answer === undefined) return undefined;
  const complaint = 'nothing to a further request';
  if (!isAnswered || answer === undefined) return { answers, complaint };
  if (answer.fields.get('x-seen-path') !== path) return { answers: answers + 1 };
  return { answers };
}

async function probeUpgraded(
  connection: Connection,
  subject: Subject,
  row: Row,
): Promise<{ answers: number; complaint?: string }> {
  const { reader } = connection;
  const wanted = (row.expect[0]?.upgraded ?? '') + PROBE_ECHO;
  connection.send(PROBE_FRAME);
  const isRight = await connection.until(() => reader.rest.length >= wanted.length, subject.patienceMs);
  const answers = reader.answers.length;
  if (isRight && reader.rest === wanted) return { answers };
  return { answers, complaint: `${JSON.stringify(reader.rest)} behind the 101` };
}

function mayStay({ then }: Outcome): boolean {
  return then === 'open' || then === 'either';
}

/** Sends the bytes in the way that the row says. Returns what is wrong already. */
async function deliver(connection: Connection, subject: Subject, plan: Plan): Promise<string[]> {
  const { bytes, cuts, arrived } = plan;
  const { delivery } = plan.row;
  switch (delivery?.way) {
    case 'every prefix':
      return await sendPrefix(connection, bytes, cuts[0] ?? 0);
    case 'half-close':
      await connection.sendCut(bytes, cuts, arrived);
      connection.finish();
      return [];
    case 'after 100':
      await connection.sendCut(bytes, cuts, arrived);
      if (await connection.until(() => connection.reader.hasContinue, subject.patienceMs))
        connection.send(delivery.more);
      return [];
    case 'unread':
      return await withoutReading(connection, subject, bytes, delivery);
    case 'stall':
      connection.send(bytes);
      return [];
    case 'drip':
      connection.send(bytes);
      return await drip(connection, delivery.more, delivery.everyMs, timedPatience(subject, delivery.clock));
    case 'slow reader':
      return await readSlowly(connection, bytes, delivery, slowReadMs(subject.clocks!, delivery.clock));
    default:
      await connection.sendCut(bytes, cuts, arrived);
      return [];
  }
}

async function sendPrefix(connection: Connection, bytes: string, length: number): Promise<string[]> {
  connection.send(bytes.slice(0, length));
  await sleep(QUIET_MS);
  const came = connection.end !== undefined || connection.reader.answers.length > 0;
  connection.send(bytes.slice(length));
  return came ? [`an answer or the end behind ${length} of ${bytes.length} bytes`] : [];
}

/** A time-out that strikes before half its time is as wrong as one that never does. */
function earlyEnd({ end, lifeMs }: Connection, clockMs: number): string[] {
  return end !== undefined && lifeMs < clockMs / 2
    ? [`the end after ${Math.round(lifeMs)} ms, of ${clockMs}`]
    : [];
}

async function drip(connection: Connection, more: string, everyMs: number, forMs: number): Promise<string[]> {
  const over = performance.now() + forMs;
  while (connection.end === undefined && performance.now() < over) {
    await sleep(everyMs);
    connection.send(more);
  }
  return [];
}

async function readSlowly(
  connection: Connection,
  bytes: string,
  { bytesPerSecond }: { readonly bytesPerSecond: number },
  forMs: number,
): Promise<string[]> {
  connection.pause();
  connection.send(bytes);
  const over = performance.now() + forMs;
  while (connection.end === undefined && performance.now() < over) {
    await sleep(READ_EVERY_MS);
    connection.take(bytesPerSecond);
  }
  connection.resume();
  return [];
}

async function withoutReading(
  connection: Connection,
  subject: Subject,
  bytes: string,
  bounds: { readonly maxAnswers: number; readonly maxGrowthBytes: number },
): Promise<string[]> {
  const before = await gauge(subject);
  connection.pause();
  connection.send(bytes);
  await sleep(UNREAD_MS);
  const after = await gauge(subject);
  connection.resume();
  const growth = after.rss - before.rss;
  const answers = after.made - before.made;
  const complaints: string[] = [];
  if (!(growth < bounds.maxGrowthBytes)) complaints.push(`memory that grew by ${growth} bytes`);
  if (!(answers <= bounds.maxAnswers)) complaints.push(`${answers} answers made while nothing was read`);
  return complaints;
}

/** What the server holds, and how many large answers it has made so far. */
async function gauge(subject: Subject): Promise<{ rss: number; made: number }> {
  const [rss, made] = [await figure(subject, '/rss'), await figure(subject, '/made')];
  return { rss, made };
}

async function figure(subject: Subject, path: string): Promise<number> {
  const connection = await Connection.open(subject.port, { firstIsHead: false, keepsAll: false });
  try {
    connection.send(GET.replace('/', path) + 'Connection: close\r\n\r\n');
    await connection.until(() => connection.reader.answers.length > 0, subject.patienceMs);
    return Number(connection.reader.answers[0]?.body ?? NaN);
  } finally {
    connection.close();
  }
}
