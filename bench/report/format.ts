// format.ts: figures as people read them.

import type { Metric } from '../scenario.js';
import type { Spread } from '../verdict.js';

interface MetricFormat {
  /** Head of a column: what, and in which unit. */
  readonly head: readonly [what: string, unit: string];
  readonly unit: string;
  readonly digits: number;
}

export const METRICS: Readonly<Record<Metric, MetricFormat>> = {
  requestsPerSecond: { head: ['req/s', ''], unit: '', digits: 0 },
  serverCpu: { head: ['server CPU', 'µs/req'], unit: ' µs', digits: 2 },
  jsCpu: { head: ['JS thread', 'µs/req'], unit: ' µs', digits: 2 },
  jsShare: { head: ['JS thread', 'of a core'], unit: '', digits: 3 },
  p50: { head: ['p50', 'ms'], unit: ' ms', digits: 2 },
  p99: { head: ['p99', 'ms'], unit: ' ms', digits: 2 },
  memory: { head: ['memory', 'MB'], unit: ' MB', digits: 0 },
  timerLateness: { head: ['timer late', 'ms at most'], unit: ' ms', digits: 1 },
  loopDelay: { head: ['loop late', 'p99 ms'], unit: ' ms', digits: 2 },
  idleImbalance: { head: ['idle', 'max/min'], unit: '', digits: 2 },
  busyImbalance: { head: ['busy', 'max/min'], unit: '', digits: 2 },
  bytesPerConnection: { head: ['growth', 'bytes/conn'], unit: ' B', digits: 0 },
  quickP50: { head: ['quick p50', 'ms'], unit: ' ms', digits: 2 },
  quickP99: { head: ['quick p99', 'ms'], unit: ' ms', digits: 2 },
  sentLateP99: { head: ['sent late', 'p99 ms'], unit: ' ms', digits: 2 },
  answers: { head: ['200', ''], unit: '', digits: 0 },
  kills: { head: ['threads', 'killed'], unit: '', digits: 0 },
  killed503s: { head: ['503', ''], unit: '', digits: 0 },
  differing503s: { head: ['503', 'elsewhere'], unit: '', digits: 0 },
  miscounted503s: { head: ['503', 'uncounted'], unit: '', digits: 0 },
  lostConnections: { head: ['conns', 'lost'], unit: '', digits: 0 },
  unanswered: { head: ['requests', 'unanswered'], unit: '', digits: 0 },
  wrongAnswers: { head: ['answers', 'wrong'], unit: '', digits: 0 },
};

export const ABSENT = '–';

export function formatFigure(metric: Metric, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return ABSENT;
  const { digits } = METRICS[metric];
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
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
  // wrk says 0.00 ms for what is too quick for it: two of these have no ratio.
  if (!Number.isFinite(ratio)) return ABSENT;
  return isFraction(ratio) ? `1/${oneDigit(1 / ratio)}` : `${threeDigits(ratio)} x`;
}

/** "1.12–1.17", or "1/19–17" where the median is a fraction. */
export function formatRatioSpread({ median, low, high }: Spread): string {
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
