// format.ts: figures as people read them.

import type { Metric, ServerName } from '../scenario.js';
import type { Spread } from '../statistics.js';

interface MetricFormat {
  /** What it is called where there is room. */
  readonly title: string;
  /** Head of a column: what, and in which unit. */
  readonly head: readonly [what: string, unit: string];
  readonly unit: string;
  readonly digits: number;
  /** Null where neither more nor less is a merit. */
  readonly better: 'more' | 'less' | null;
}

function metric(
  title: string,
  head: MetricFormat['head'],
  digits: number,
  better: MetricFormat['better'],
  unit = '',
): MetricFormat {
  return { title, head, unit: unit && ` ${unit}`, digits, better };
}

export const METRICS: Readonly<Record<Metric, MetricFormat>> = {
  requestsPerSecond: metric('requests a second', ['req/s', ''], 0, 'more'),
  capacity: metric('requests a second, closed loop', ['capacity', 'req/s'], 0, 'more'),
  serverCpu: metric('server CPU a request', ['server CPU', 'µs/req'], 2, 'less', 'µs'),
  userCpu: metric('– of it user', ['user CPU', 'µs/req'], 2, 'less', 'µs'),
  systemCpu: metric('– of it system', ['system CPU', 'µs/req'], 2, 'less', 'µs'),
  jsCpu: metric('JS-thread CPU a request', ['JS thread', 'µs/req'], 2, 'less', 'µs'),
  jsShare: metric('JS thread, share of a core', ['JS thread', 'of a core'], 3, 'less'),
  p50: metric('latency p50', ['p50', 'ms'], 2, 'less', 'ms'),
  p90: metric('latency p90', ['p90', 'ms'], 2, 'less', 'ms'),
  p99: metric('latency p99', ['p99', 'ms'], 2, 'less', 'ms'),
  p999: metric('latency p99.9', ['p99.9', 'ms'], 2, 'less', 'ms'),
  waits: metric('threads waited, per 1,000 requests', ['waits', '/1000 req'], 1, 'less'),
  preemptions: metric('threads preempted, per 1,000 requests', ['preempted', '/1000 req'], 1, 'less'),
  systemCalls: metric('system calls a request', ['syscalls', '/req'], 2, 'less'),
  memory: metric('memory', ['memory', 'MB'], 0, 'less', 'MB'),
  timerLateness: metric('timer late by, at most', ['timer late', 'ms at most'], 1, 'less', 'ms'),
  loopDelay: metric('event loop late, p99', ['loop late', 'p99 ms'], 2, 'less', 'ms'),
  idleImbalance: metric('fullest to emptiest reactor, idle', ['idle', 'max/min'], 2, 'less'),
  busyImbalance: metric('fullest to emptiest reactor, busy', ['busy', 'max/min'], 2, 'less'),
  bytesPerConnection: metric('memory of an idle connection', ['growth', 'bytes/conn'], 0, 'less', 'B'),
  quickP50: metric('latency of the others, p50', ['quick p50', 'ms'], 2, 'less', 'ms'),
  quickP99: metric('latency of the others, p99', ['quick p99', 'ms'], 2, 'less', 'ms'),
  sentLateP99: metric('sent late by the client, p99', ['sent late', 'p99 ms'], 2, null, 'ms'),
  answers: metric('answered 200', ['200', ''], 0, null),
  kills: metric('threads killed', ['threads', 'killed'], 0, null),
  killed503s: metric('answered 503', ['503', ''], 0, null),
  differing503s: metric('503 elsewhere', ['503', 'elsewhere'], 0, 'less'),
  miscounted503s: metric('503 uncounted', ['503', 'uncounted'], 0, 'less'),
  lostConnections: metric('connections lost', ['conns', 'lost'], 0, 'less'),
  unanswered: metric('requests unanswered', ['requests', 'unanswered'], 0, 'less'),
  wrongAnswers: metric('wrong answers', ['answers', 'wrong'], 0, 'less'),
};

export const ABSENT = '–';

export function formatFigure(metric: Metric, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return ABSENT;
  const { digits } = METRICS[metric];
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const SPELLINGS: Partial<Record<ServerName, string>> = {
  'node-http': 'node:http',
  uwebsockets: 'uWebSockets.js',
  express: 'Express',
  fastify: 'Fastify',
};

/** As its users write it. */
export function formatServer(name: ServerName): string {
  return SPELLINGS[name] ?? name;
}

export function formatShare(cores: number | undefined): string {
  return cores === undefined ? ABSENT : `${Math.round(cores * 100)} %`;
}

/** A ratio well below one reads better as "one eighteenth": 1/18. */
const READS_AS_FRACTION = 0.5;

function isFraction(ratio: number): boolean {
  return ratio > 0 && ratio <= READS_AS_FRACTION;
}

export function formatRatio(ratio: number): string {
  const text = formatRatioAlone(ratio);
  return text === ABSENT || isFraction(ratio) ? text : `${text} x`;
}

/** Where it is plain that it is one. */
export function formatRatioAlone(ratio: number): string {
  // wrk says 0.00 ms for what is too quick for it: two of these have no ratio.
  if (!Number.isFinite(ratio)) return ABSENT;
  return isFraction(ratio) ? `1/${oneDigit(1 / ratio)}` : threeDigits(ratio);
}

/** "1.12–1.17", or "1/19–17" where the median is a fraction. */
export function formatRatioSpread({ median, low, high }: Spread): string {
  if (!Number.isFinite(median)) return ''; // as formatRatio(), which says that there is none
  if (!isFraction(median)) return `${threeDigits(low)}–${threeDigits(high)}`;
  const inverse = (ratio: number): string =>
    1 / ratio < 9.95 ? oneDigit(1 / ratio) : (1 / ratio).toFixed(0);
  return `1/${inverse(low)}–${inverse(high)}`;
}

/** More would claim a precision that no run has, and would not fit. */
function threeDigits(ratio: number): string {
  if (ratio < 9.995) return ratio.toFixed(2);
  return ratio.toFixed(ratio < 99.95 ? 1 : 0);
}

/** "18.2", but "12" for 12.0. */
function oneDigit(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}
