// figures.ts: what a run found out, as it is kept in a file: the report and the comparison are made from this alone.

import { readFileSync } from 'node:fs';
import { CannotRun } from './cannot-run.js';
import type { Machine } from './measure/machine.js';
import type { Metric, Plan, Sample, Scenario, ServerName } from './scenario.js';
import { SUBJECT } from './scenario.js';
import { bootstrapMedian, type Interval, medianOf, type Spread, spreadOf } from './statistics.js';
import { figures, judge, type Judgement, type Rounds } from './verdict.js';

/** Told by the files, so that one that is older or newer than this program is recognised. */
const FORMAT = 1;
/** More digits than any run can know, and half of the size. */
const SIGNIFICANT_DIGITS = 6;

/** One metric of the subject divided by a reference's, over the rounds. */
export interface Ratio extends Spread {
  readonly metric: Metric;
  readonly reference: ServerName;
  readonly rounds: number;
  /** The bootstrap's; low and high are the sign test's. */
  readonly interval: Interval;
}

export interface Result {
  readonly scenario: string;
  readonly title: string;
  readonly plan: Plan;
  /** In the order in which they were measured. */
  readonly servers: readonly ServerName[];
  readonly columns: readonly Metric[];
  /** What was found out before the first round, and which servers are missing and why. */
  readonly notes: readonly string[];
  readonly rounds: Rounds;
  readonly ratios: readonly Ratio[];
  readonly judgements: readonly Judgement[];
  /** As the scenario. */
  readonly isPaced?: true;
  readonly failure?: string;
}

export interface Figures {
  readonly format: typeof FORMAT;
  /** The command that was given. */
  readonly asked: string;
  readonly machine: Machine;
  readonly results: readonly Result[];
}

export function resultOf(
  scenario: Scenario,
  plan: Plan,
  rounds: Rounds,
  notes: readonly string[],
  failure?: string,
): Result {
  const { name, title, servers, columns, claims } = scenario;
  return {
    ...{ scenario: name, title, plan, servers, columns, notes, rounds },
    ratios: ratiosOf(rounds, servers),
    judgements: claims.map((claim) => judge(claim, rounds)),
    ...(scenario.isPaced && { isPaced: true }),
    ...(failure !== undefined && { failure }),
  };
}

export function figuresOf(asked: string, machine: Machine, results: readonly Result[]): Figures {
  return { format: FORMAT, asked, machine, results };
}

/** Of everything that was measured of both. */
function ratiosOf(rounds: Rounds, servers: readonly ServerName[]): Ratio[] {
  const metrics = metricsIn(rounds[SUBJECT] ?? []);
  return servers
    .filter((name) => name !== SUBJECT)
    .flatMap((reference) =>
      metrics.flatMap((metric): Ratio[] => {
        // wrk says 0 ms for what is too quick for it: two of these have no ratio.
        const ratios = figures(metric, reference, rounds).filter((ratio) => ratio > 0 && ratio < Infinity);
        if (ratios.length === 0) return [];
        const common = { metric, reference, rounds: ratios.length };
        return [{ ...common, ...spreadOf(ratios), interval: bootstrapMedian(ratios) }];
      }),
    );
}

/** Of one server's rounds; undefined where it was not measured. */
export function medianIn(samples: readonly Sample[], metric: Metric): number | undefined {
  const values = samples.flatMap((sample) => sample.values[metric] ?? []);
  return values.length > 0 ? medianOf(values) : undefined;
}

export function metricsIn(samples: readonly Sample[]): Metric[] {
  return [...new Set(samples.flatMap(({ values }) => Object.keys(values) as Metric[]))];
}

/** A line for each scenario, so that a difference between two of these files can be read. */
export function formatFigures({ results, ...head }: Figures): string {
  const compact = (value: unknown): string => JSON.stringify(value, roundNumbers);
  const [opening] = JSON.stringify(head, null, 2).split(/\n\}$/);
  return `${opening},\n  "results": [\n${results.map(compact).join(',\n')}\n  ]\n}\n`;
}

/** For JSON.stringify. */
export function roundNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(SIGNIFICANT_DIGITS)) : value;
}

/** @throws CannotRun when there is no such file, or it holds something else. */
export function readFigures(file: string): Figures {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CannotRun(`${file} cannot be read: ${(error as Error).message}`);
  }
  return parseFigures(text, file);
}

/** `file` is what complaints name. Ratios and verdicts are computed anew from the rounds. */
export function parseFigures(text: string, file: string): Figures {
  let read: unknown;
  try {
    // JSON has no NaN: what could not be computed is null there, and is nothing here.
    read = JSON.parse(text, (_key, value: unknown) => (value === null ? undefined : value));
  } catch (error) {
    throw new CannotRun(`${file} is no JSON: ${(error as Error).message}`);
  }
  const wrong = whatIsWrong(read);
  if (wrong !== null) throw new CannotRun(`${file} is not what npm run bench -- --json writes: ${wrong}`);
  const { results, ...head } = read as Figures;
  return {
    ...head,
    results: results.map((result) => ({
      ...result,
      ratios: ratiosOf(result.rounds, result.servers),
      judgements: result.judgements.map(({ claim }) => judge(claim, result.rounds)),
    })),
  };
}

/** Null where it can be worked with. */
function whatIsWrong(read: unknown): string | null {
  if (!isObject(read)) return 'it is no object';
  if (read['format'] !== FORMAT)
    return `its format is ${String(read['format'])}, and this program reads ${FORMAT}`;
  if (!isObject(read['machine'])) return 'it has no machine';
  if (!Array.isArray(read['results'])) return 'it has no list of results';
  const wrong = read['results'].map(whatIsWrongWithResult);
  const first = wrong.findIndex((reason) => reason !== null);
  return first < 0 ? null : `results[${first}] ${wrong[first]}`;
}

function whatIsWrongWithResult(result: unknown): string | null {
  if (!isObject(result)) return 'is no object';
  for (const name of ['scenario', 'title']) if (typeof result[name] !== 'string') return `has no ${name}`;
  for (const name of ['servers', 'columns', 'notes', 'judgements'])
    if (!Array.isArray(result[name])) return `has no list of ${name}`;
  if (!isObject(result['plan'])) return 'has no plan';
  if (!(result['judgements'] as unknown[]).every((item) => isObject(item) && isObject(item['claim'])))
    return 'has a judgement without claim';
  const { rounds } = result;
  if (!isObject(rounds)) return 'has no rounds';
  const bad = Object.keys(rounds).find((server) => !isListOfSamples(rounds[server]));
  return bad === undefined ? null : `has something else than samples for ${bad}`;
}

function isListOfSamples(samples: unknown): boolean {
  return (
    Array.isArray(samples) &&
    samples.every((sample) => isObject(sample) && isObject(sample['values']) && areNumbers(sample['values']))
  );
}

function areNumbers(values: Record<string, unknown>): boolean {
  return Object.values(values).every((value) => typeof value === 'number');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
