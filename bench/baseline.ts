// baseline.ts: ratios kept from one run, to see by a later one what has become better or worse.

import { readFileSync } from 'node:fs';
import { CannotRun } from './cannot-run.js';
import { type Figures, type Ratio, type Result, roundNumbers } from './figures.js';
import { METRICS } from './report/format.js';
import { type Metric, SUBJECT, type ServerName } from './scenario.js';
import type { Interval } from './statistics.js';
import { clientWasBottleneck, FEWEST_ROUNDS } from './verdict.js';

const FORMAT = 1;

/** What is worth a warning. The other figures explain these, or are mostly noise. */
const COMPARED: readonly Metric[] = [
  'requestsPerSecond',
  'serverCpu',
  'jsCpu',
  'quickP99',
  'memory',
  'bytesPerConnection',
];

/** Memory hardly varies within an hour, so that its intervals are narrower than what a day changes. */
const LEAST_CHANGE = 1.05;

export interface BaselineRatio extends Interval {
  readonly scenario: string;
  readonly metric: Metric;
  readonly reference: ServerName;
  readonly median: number;
}

export interface Baseline {
  readonly format: typeof FORMAT;
  /** Where it comes from. Ratios outlive a machine, though not every difference between two. */
  readonly machine: string;
  readonly node: string;
  readonly commit: string;
  readonly date: string;
  readonly ratios: readonly BaselineRatio[];
}

export type Change = 'better' | 'worse' | 'same' | 'unclear';

export interface Comparison {
  readonly then: BaselineRatio;
  readonly now: BaselineRatio;
  readonly change: Change;
  /** Why it is unclear. */
  readonly reason?: string;
}

export function baselineOf({ machine, results }: Figures): Baseline {
  const { cpu, cores, node, commit, date } = machine;
  const ratios = results.flatMap((result) =>
    comparable(result).flatMap((ratio) =>
      whyUnclear(result, ratio) === null ? [inBaseline(result, ratio)] : [],
    ),
  );
  return { format: FORMAT, machine: `${cpu}, ${cores} cores`, node, commit, date, ratios };
}

/** Of those that both have. */
export function compareWith({ ratios }: Baseline, { results }: Figures): Comparison[] {
  return results.flatMap((result) =>
    comparable(result).flatMap((ratio): Comparison[] => {
      const now = inBaseline(result, ratio);
      const then = ratios.find((item) => isSame(item, now));
      if (!then) return [];
      const reason = whyUnclear(result, ratio);
      if (reason !== null) return [{ then, now, change: 'unclear', reason }];
      return [{ then, now, change: changeOf(then, now) }];
    }),
  );
}

/** Only where not even the ends of the intervals meet, and the difference is worth a word. */
function changeOf(then: BaselineRatio, now: BaselineRatio): Change {
  if (now.low <= then.high && now.high >= then.low) return 'same';
  if (Math.abs(Math.log(now.median / then.median)) < Math.log(LEAST_CHANGE)) return 'same';
  const isMore = now.low > then.high;
  return isMore === (METRICS[now.metric].better === 'more') ? 'better' : 'worse';
}

function comparable({ ratios }: Result): Ratio[] {
  return ratios.filter(({ metric }) => COMPARED.includes(metric));
}

function inBaseline({ scenario }: Result, { metric, reference, median, interval }: Ratio): BaselineRatio {
  return { scenario, metric, reference, median, low: interval.low, high: interval.high };
}

function isSame(a: BaselineRatio, b: BaselineRatio): boolean {
  return a.scenario === b.scenario && a.metric === b.metric && a.reference === b.reference;
}

/** The reasons for which verdicts are refused as well. */
function whyUnclear({ rounds }: Result, { reference, rounds: count }: Ratio): string | null {
  if (count < FEWEST_ROUNDS) return `it takes ${FEWEST_ROUNDS} rounds, and this run had ${count}`;
  for (const name of [SUBJECT, reference]) {
    const samples = rounds[name] ?? [];
    const problem = samples.find((sample) => sample.problem !== undefined)?.problem;
    if (problem !== undefined) return `the client saw on ${name}: ${problem}`;
    if (clientWasBottleneck(samples))
      return `the client was at its limit while ${name} was idle half of the time`;
  }
  return null;
}

export function formatBaseline({ ratios, ...head }: Baseline): string {
  const [opening] = JSON.stringify(head, null, 2).split(/\n\}$/);
  const lines = ratios.map((ratio) => `    ${JSON.stringify(ratio, roundNumbers)}`);
  return `${opening},\n  "ratios": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

/** @throws CannotRun when there is none, or it is something else. */
export function readBaseline(file: string): Baseline {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const how = 'npm run bench:compare -- --save figures.json makes one';
    throw new CannotRun(`${file} cannot be read (${(error as Error).message}); ${how}`);
  }
  if (!isBaseline(read)) throw new CannotRun(`${file} is not what npm run bench:compare -- --save writes`);
  return read;
}

function isBaseline(read: unknown): read is Baseline {
  if (typeof read !== 'object' || read === null) return false;
  const { format, ratios } = read as Partial<Baseline>;
  return format === FORMAT && Array.isArray(ratios) && ratios.every(isRatio);
}

function isRatio(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const { scenario, metric, reference, median, low, high } = item as Partial<BaselineRatio>;
  return (
    [scenario, metric, reference].every((name) => typeof name === 'string') &&
    [median, low, high].every((figure) => typeof figure === 'number')
  );
}
