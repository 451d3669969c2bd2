// verdict.ts: what the rounds say about a claim, and when they say nothing.

import { type Claim, type Metric, type Sample, SUBJECT, type ServerName } from './scenario.js';
import { bootstrapMedian, type Interval, type Spread, spreadOf } from './statistics.js';

export type Verdict = 'goal' | 'holds' | 'misses' | 'unclear';

export interface Judgement {
  readonly claim: Claim;
  /** Null where there is nothing to judge: a server was left out or failed. */
  readonly spread: Spread | null;
  /** The bootstrap's, of the same rounds; where the worst round is judged there is no median to have one. */
  readonly interval?: Interval;
  readonly verdict: Verdict;
  /** Why the verdict is refused. */
  readonly reason?: string;
  /** What would be said of `claim.beside`. */
  readonly beside?: { readonly spread: Spread; readonly verdict: Verdict };
}

/** The samples of each server, one a round. */
export type Rounds = Readonly<Partial<Record<ServerName, readonly Sample[]>>>;

/** All of them is the least that the spread of a median can be told from. */
export const FEWEST_ROUNDS = 5;

/** The client at its limit, in cores: a thread that computes all the time reads as 0.97 to 1. */
const CLIENT_LIMIT = 0.95;
/** A server that is idle more than half of the time did not set the pace. */
const SERVER_IDLE = 0.5;
/** Cores used by other processes in half of the rounds: from here on they decide what threads find free. */
const OTHERS_DECIDE = 0.25;

export function judge(claim: Claim, rounds: Rounds): Judgement {
  const judgement = judgeSubject(claim, rounds);
  const values =
    claim.beside === undefined ? [] : figures(claim.metric, claim.reference, rounds, claim.beside);
  if (values.length < FEWEST_ROUNDS) return judgement;
  const spread = spreadOf(values);
  return { ...judgement, beside: { spread, verdict: compare(claim, spread).verdict } };
}

function judgeSubject(claim: Claim, rounds: Rounds): Judgement {
  const values = figures(claim.metric, claim.reference, rounds);
  if (values.length === 0) return { claim, spread: null, verdict: 'unclear', reason: 'not measured' };
  if (claim.judge === 'worst') return judgeValues(claim, rounds, values.length, worstOf(claim, values));
  return {
    ...judgeValues(claim, rounds, values.length, spreadOf(values)),
    interval: bootstrapMedian(values),
  };
}

function judgeValues(claim: Claim, rounds: Rounds, count: number, spread: Spread): Judgement {
  const reason = whyRefuse(claim, rounds, count);
  if (reason !== null) return { claim, spread, verdict: 'unclear', reason };
  const { verdict, reason: doubt } = compare(claim, spread);
  if (verdict === 'misses' && controlFailed(claim, rounds))
    return {
      claim,
      spread,
      verdict: 'unclear',
      reason: `${claim.control} missed it as well: a busy machine`,
    };
  return { claim, spread, verdict, ...(doubt !== undefined && { reason: doubt }) };
}

/** One figure a round: the ratio of neighbours in time, so that what slows the machine slows both. */
export function figures(
  metric: Metric,
  reference: ServerName | undefined,
  rounds: Rounds,
  subject: ServerName = SUBJECT,
): number[] {
  const theirs = reference === undefined ? null : (rounds[reference] ?? []);
  return (rounds[subject] ?? []).flatMap((sample, round) => {
    const ours = sample.values[metric];
    const other = theirs === null ? 1 : theirs[round]?.values[metric];
    return ours === undefined || other === undefined ? [] : [ours / other];
  });
}

function worstOf(claim: Claim, values: readonly number[]): Spread {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return { median: claim.must === 'be at most' ? high : low, low, high };
}

function whyRefuse(claim: Claim, rounds: Rounds, count: number): string | null {
  const names = [SUBJECT, ...(claim.reference ? [claim.reference] : [])];
  const samples = names.flatMap((name) => (rounds[name] ?? []).map((sample) => ({ name, sample })));
  const troubled = samples.find(({ sample }) => sample.problem !== undefined);
  if (troubled) return `the client saw on ${troubled.name}: ${troubled.sample.problem}`;
  if (count < (claim.enoughRounds ?? FEWEST_ROUNDS))
    return `a verdict takes ${FEWEST_ROUNDS} rounds, and this run had ${count}`;
  const disturbed = claim.needsQuiet && names.find((name) => othersIn(rounds[name] ?? []) > OTHERS_DECIDE);
  if (disturbed) {
    const share = Math.round(othersIn(rounds[disturbed] ?? []) * 100);
    return `other processes used ${share} % of a core beside ${disturbed}: a quieter machine`;
  }
  const held = names.find((name) => clientWasBottleneck(rounds[name] ?? []));
  return held
    ? `the client was at its limit while ${held} was idle half of the time: this measured the client`
    : null;
}

/** Cores that other processes used, by the median round. */
function othersIn(samples: readonly Sample[]): number {
  const shares = samples.flatMap(({ occupation }) => occupation?.others ?? []);
  return shares.length > 0 ? spreadOf(shares).median : 0;
}

/** In most rounds: one round can be an accident of the scheduler. */
export function clientWasBottleneck(samples: readonly Sample[]): boolean {
  const held = samples.filter(
    ({ occupation }) => occupation && occupation.client >= CLIENT_LIMIT && occupation.server < SERVER_IDLE,
  );
  return held.length * 2 > samples.length;
}

function controlFailed(claim: Claim, rounds: Rounds): boolean {
  if (!claim.control) return false;
  return (rounds[claim.control] ?? []).some(
    ({ values }) => !keeps(claim, values[claim.metric] ?? 0, claim.bound),
  );
}

function compare(claim: Claim, spread: Spread): { verdict: Verdict; reason?: string } {
  if (claim.judge === 'worst') return { verdict: verdictOf(claim, spread.median) };
  const [best, worst] = claim.must === 'be at most' ? [spread.low, spread.high] : [spread.high, spread.low];
  if (keeps(claim, worst, claim.bound)) return { verdict: verdictOf(claim, worst) };
  if (!keeps(claim, best, claim.bound)) return { verdict: 'misses' };
  return {
    verdict: 'unclear',
    reason: 'the bound lies within the spread: more rounds, or a quieter machine',
  };
}

function verdictOf(claim: Claim, value: number): Verdict {
  if (!keeps(claim, value, claim.bound)) return 'misses';
  return claim.goal !== undefined && keeps(claim, value, claim.goal) ? 'goal' : 'holds';
}

function keeps(claim: Claim, value: number, bound: number): boolean {
  return claim.must === 'be at most' ? value <= bound : value >= bound;
}
