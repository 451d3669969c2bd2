// load-report.ts: the result of `millrace load`, for people and for machines.

import type { LoadErrorKind, NativeLoadResult } from '../binding.js';
import type { WantedLoad } from './load-options.js';
import { bytesText, counted, grouped, threeDigits, timeText } from './quantities.js';

/** Why the run has ended. */
export type LoadEnd = 'done' | 'interrupted' | 'unreachable' | 'server-gone';

export function endOf(result: NativeLoadResult, isInterrupted: boolean): LoadEnd {
  if (result.isUnreachable) return 'unreachable';
  if (result.isServerGone) return 'server-gone';
  return isInterrupted ? 'interrupted' : 'done';
}

export interface LoadOutcome {
  readonly wanted: WantedLoad;
  /** Where the connections went. */
  readonly address: string;
  readonly end: LoadEnd;
  readonly result: NativeLoadResult;
}

const ERROR_NAMES: Readonly<Record<LoadErrorKind, string>> = {
  connect: 'connect',
  read: 'read',
  write: 'write',
  timeout: 'timeout',
  closedEarly: 'closed early',
  badResponse: 'bad response',
  wrongStatus: 'wrong status',
  wrongLength: 'wrong length',
  wrongBody: 'wrong body',
};

const PERCENTILES = [
  ['50 %', 'p50'],
  ['75 %', 'p75'],
  ['90 %', 'p90'],
  ['99 %', 'p99'],
  ['99.9 %', 'p999'],
  ['99.99 %', 'p9999'],
  ['slowest', 'max'],
] as const;

/** A client thread that is busy for more than this part of the time may be what was measured. */
const BUSY_SHARE = 0.9;
/** Shorter runs say nothing about that. */
const LONG_ENOUGH_SECONDS = 0.5;

export function errorCount({ errors }: NativeLoadResult): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

/** What belongs to a second, also of a run that had none. */
function perSecond(value: number, { seconds }: NativeLoadResult): number {
  return seconds > 0 ? value / seconds : 0;
}

/** How much of a core each thread of ours has used. */
function busyShare({ wanted, result }: LoadOutcome): number {
  return perSecond(result.cpuUserSeconds + result.cpuSystemSeconds, result) / wanted.threads;
}

/** Null where there were no answers. */
function cpuUsEach(result: NativeLoadResult): number | null {
  const us = (result.cpuUserSeconds + result.cpuSystemSeconds) * 1e6;
  return result.answers > 0 ? us / result.answers : null;
}

function timeOrDash(us: number | null): string {
  return us === null ? '–' : timeText(us);
}

/** `GET http://127.0.0.1:8080/, 64 connections, 1 thread, 10 s` */
export function headline(wanted: WantedLoad, address: string): string {
  const { url, method, mode, count, durationMs, rate, pipeline } = wanted;
  const isNamed =
    wanted.unixPath !== undefined || url.host.replace(/:\d+$/, '') !== address.replace(/:\d+$/, '');
  const parts = [
    `${mode === 'connections' ? 'connections to' : method} ${url.href}${isNamed ? ` at ${address}` : ''}`,
    `${counted(wanted.connections, 'connection')}${mode === 'keep-alive' ? '' : ' at a time'}`,
    counted(wanted.threads, 'thread'),
  ];
  if (pipeline > 1) parts.push(`${grouped(pipeline)} pipelined`);
  if (rate > 0) parts.push(`${grouped(rate)}/s`);
  if (count !== undefined)
    parts.push(
      `${grouped(count)} ${mode === 'connections' ? 'in all' : count === 1 ? 'request' : 'requests'}`,
    );
  if (durationMs !== undefined) parts.push(timeText(durationMs * 1000).replace(/\.0+(?= )/, ''));
  return parts.join(', ');
}

/** Columns, as wide as their widest cell; the second is aligned to the right. */
function table(rows: readonly (readonly [string, string, string?])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length));
  const middle = Math.max(...rows.map(([, value]) => value.length));
  return rows
    .map(
      ([name, value, more]) =>
        `  ${name.padEnd(left)}  ${value.padStart(middle)}  ${more ?? ''}`.trimEnd() + '\n',
    )
    .join('');
}

function figures(outcome: LoadOutcome): string {
  const { wanted, result } = outcome;
  const isStorm = wanted.mode === 'connections';
  const what = isStorm ? 'connections' : 'answers';
  const rows: [string, string, string?][] = [
    [what, grouped(result.answers), `in ${timeText(result.seconds * 1e6)}`],
    [`${what} a second`, grouped(perSecond(result.answers, result))],
  ];
  if (!isStorm) {
    rows.push(
      [
        'received',
        bytesText(result.bytesReceived),
        `${bytesText(perSecond(result.bytesReceived, result))}/s`,
      ],
      ['sent', bytesText(result.bytesSent), `${bytesText(perSecond(result.bytesSent, result))}/s`],
      ['connections opened', grouped(result.connections)],
    );
  }
  rows.push([
    `client CPU ${isStorm ? 'a connection' : 'an answer'}`,
    timeOrDash(cpuUsEach(result)),
    `${threeDigits(busyShare(outcome) * 100)} % of ${wanted.threads === 1 ? 'a core' : 'each thread’s core'}`,
  ]);
  return table(rows);
}

function latencies({ wanted, result }: LoadOutcome): string {
  const { latencyUs } = result;
  const since =
    wanted.rate > 0 ? ', from when each was due' : wanted.mode === 'keep-alive' ? '' : ', with connecting';
  const rows = PERCENTILES.map(([name, key]): [string, string] => [name, timeOrDash(latencyUs[key])]);
  const mean = `mean ${timeOrDash(latencyUs.mean)}, standard deviation ${timeOrDash(latencyUs.stdev)}`;
  const what = wanted.mode === 'connections' ? 'connecting' : `latency${since}`;
  return `\n${what}: ${mean}\n${table(rows)}`;
}

function problems({ result }: LoadOutcome): string {
  const kinds = Object.entries(result.errors).filter(([, count]) => count > 0) as [LoadErrorKind, number][];
  if (kinds.length === 0) return '';
  const rows = kinds.map(([kind, count]): [string, string, string] => {
    const first = result.firstErrors[kind];
    return [ERROR_NAMES[kind], grouped(count), first === '' ? '' : `first: ${first}`];
  });
  return `\n${counted(errorCount(result), 'error')}\n${table(rows)}`;
}

function statuses({ result }: LoadOutcome): string {
  const codes = Object.entries(result.statuses);
  if (codes.length === 0 || (codes.length === 1 && codes[0]?.[0] === '200')) return '';
  return `\nstatus codes\n${table(codes.map(([code, count]) => [code, grouped(count)]))}`;
}

function unsentText({ wanted, result, end }: LoadOutcome): string {
  const { mode, rate, count } = wanted;
  const what = counted(result.unsent, mode === 'connections' ? 'connection' : 'request');
  const happened = mode === 'connections' ? 'opened' : 'sent';
  if (end === 'done' || end === 'interrupted') {
    return rate > 0
      ? `${what} of ${grouped(rate)}/s could not be ${happened} in time: no connection was free`
      : `${what} could not be ${happened}: a thread had given up, as it could not connect`;
  }
  return `${what}${count === undefined ? '' : ` of ${grouped(count)}`} ${result.unsent === 1 ? 'was' : 'were'} never ${happened}`;
}

function notes(outcome: LoadOutcome): string {
  const { result, end } = outcome;
  const lines: string[] = [];
  if (end === 'interrupted') {
    lines.push(`interrupted, with ${counted(result.unanswered, 'request')} under way`);
  }
  if (result.unsent > 0) lines.push(unsentText(outcome));
  if (result.latencyUs.lowerBounds > 0) {
    const { lowerBounds, count } = result.latencyUs;
    lines.push(
      `${grouped(lowerBounds)} of the ${counted(count, 'latency', 'latencies')} are lower bounds: how long requests that ` +
        'were not sent or not answered had waited',
    );
  }
  if (busyShare(outcome) > BUSY_SHARE && result.seconds > LONG_ENOUGH_SECONDS) {
    lines.push(
      'this client was busy nearly all the time: it may be the limit, not the server; more --threads help',
    );
  }
  return lines.length === 0 ? '' : `\n${lines.map((line) => `note: ${line}\n`).join('')}`;
}

export function textReport(outcome: LoadOutcome): string {
  return figures(outcome) + latencies(outcome) + statuses(outcome) + problems(outcome) + notes(outcome);
}

/** docs/load.md describes it. */
export function jsonReport(outcome: LoadOutcome): string {
  const { wanted, address, end, result } = outcome;
  const { latencyUs, cpuUserSeconds, cpuSystemSeconds } = result;
  const object = {
    url: wanted.url.href,
    address,
    method: wanted.method,
    mode: wanted.mode,
    connections: wanted.connections,
    threads: wanted.threads,
    pipeline: wanted.pipeline,
    rate: wanted.rate === 0 ? null : wanted.rate,
    end,
    seconds: result.seconds,
    sent: result.sent,
    answers: result.answers,
    answersPerSecond: perSecond(result.answers, result),
    unanswered: result.unanswered,
    unsent: result.unsent,
    connectionsOpened: result.connections,
    bytesSent: result.bytesSent,
    bytesReceived: result.bytesReceived,
    latencyUs,
    statuses: result.statuses,
    errors: { total: errorCount(result), ...result.errors },
    firstErrors: Object.fromEntries(Object.entries(result.firstErrors).filter(([, text]) => text !== '')),
    cpu: { userSeconds: cpuUserSeconds, systemSeconds: cpuSystemSeconds, usPerAnswer: cpuUsEach(result) },
  };
  return `${JSON.stringify(object, undefined, 2)}\n`;
}
