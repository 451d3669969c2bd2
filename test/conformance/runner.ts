// runner.ts: runs rows of the table against a server.

import { isTimed, type Group, type Row } from '../protocol/cases/row.js';
import { converse, type Observation, type Plan, type Subject } from './conversation.js';
import { describe, describeObservation, judge } from './judge.js';

export interface RowResult {
  readonly group: string;
  readonly id: string;
  readonly name: string;
  /** `left out`: timed, and the server's time-outs are not known. */
  readonly verdict: 'passed' | 'failed' | 'left out';
  /** Of the first connection that failed. */
  readonly expected?: string;
  readonly came?: string;
  readonly wrong?: string;
}

/** Connections at one time, besides those of timed rows, which mostly wait. */
const AT_ONCE = 16;
/** Where edges of blocks are: the smallest vector has 16 bytes. */
const BLOCK_BYTES = 16;

/** Runs all rows. Those that measure memory run alone, and last. */
export async function runTable(table: readonly Group[], subject: Subject): Promise<RowResult[]> {
  const rows = table.flatMap((group) => group.rows.map((row) => ({ group: group.name, row })));
  const waits = ({ row }: { row: Row }): boolean => isTimed(row.delivery);
  const isAlone = ({ row }: { row: Row }): boolean => row.delivery?.way === 'unread';
  const results = new Map<Row, RowResult>();
  const run = async ({ group, row }: { group: string; row: Row }): Promise<void> => {
    const known = { group, id: row.id, name: row.name };
    if (isTimed(row.delivery) && subject.clocks === undefined)
      results.set(row, { ...known, verdict: 'left out' });
    else results.set(row, { ...known, ...(await runRow(row, subject)) });
  };
  const timed = Promise.all(rows.filter(waits).map(run));
  await eachOf(
    rows.filter((each) => !waits(each) && !isAlone(each)),
    AT_ONCE,
    run,
  );
  await timed;
  await eachOf(rows.filter(isAlone), 1, run);
  return rows.map(({ row }) => results.get(row)!);
}

type Verdict = Pick<RowResult, 'verdict' | 'expected' | 'came' | 'wrong'>;

/** Every connection of a row has to come to one of its outcomes. Stops at the first that does not. */
export async function runRow(
  row: Row,
  subject: Subject,
  plans: Iterable<Plan> = plansOf(row),
): Promise<Verdict> {
  const all = [...plans];
  const isParallel = all.length > 1 && all[0]!.arrived === undefined;
  let failure: Verdict | undefined;
  await eachOf(all, isParallel ? AT_ONCE : 1, async (plan) => {
    if (failure !== undefined) return;
    const observed = await observationOf(subject, plan);
    const wrong = typeof observed === 'string' ? observed : judge(row, observed);
    if (wrong === undefined) return;
    failure ??= {
      verdict: 'failed',
      expected: describe(row),
      came: typeof observed === 'string' ? 'no connection' : describeObservation(observed),
      wrong: all.length > 1 ? `${wrong} (${nameOf(plan, all.indexOf(plan))})` : wrong,
    };
  });
  return failure ?? { verdict: 'passed' };
}

/** Without a server at the other end, the reason. */
async function observationOf(subject: Subject, plan: Plan): Promise<Observation | string> {
  try {
    return await converse(subject, plan);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return code;
  }
}

function nameOf({ cuts }: Plan, index: number): string {
  return cuts.length > 0 && cuts.length <= 2 ? `cut at ${cuts.join(' and ')}` : `variant ${index + 1}`;
}

/** The connections that a row asks for. */
export function* plansOf(row: Row): Generator<Plan> {
  for (const bytes of [row.bytes].flat()) {
    for (const cuts of cutsOf(row, bytes)) yield { row, bytes, cuts };
  }
}

function* cutsOf({ delivery }: Row, { length }: string): Generator<number[]> {
  const inside = Array.from({ length: Math.max(0, length - 1) }, (_, n) => n + 1);
  switch (delivery?.way) {
    case 'byte by byte':
      yield inside;
      break;
    case 'every two cuts':
      for (const first of inside) for (const second of inside.slice(first)) yield [first, second];
      break;
    case 'block edges':
      for (const cut of blockEdges(length)) yield [cut];
      break;
    case 'every prefix':
      for (const cut of inside) yield [cut];
      break;
    default:
      yield [];
  }
}

/** The offsets inside `length` bytes that are a multiple of a block, or next to one. */
export function blockEdges(length: number): number[] {
  const edges = Array.from({ length: Math.max(0, length - 1) }, (_, n) => n + 1);
  return edges.filter((at) => [0, 1, BLOCK_BYTES - 1].includes(at % BLOCK_BYTES));
}

/** Calls back for each item, so many at one time. */
async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  visit: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await visit(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
