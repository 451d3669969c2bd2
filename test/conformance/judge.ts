// judge.ts: compares what came with what a row expects, and says both in words.

import type { ExpectedAnswer, Outcome, Row, Seen } from '../protocol/cases/row.js';
import { show, type ReceivedAnswer } from './answer-reader.js';
import type { Observation } from './conversation.js';

/** Most a Date may be off, in ms: its own resolution, and a machine that is busy. */
const DATE_TOLERANCE_MS = 6000;
const FIXDATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/** What is wrong with an observation; undefined if it is one of the row's outcomes. */
export function judge(row: Row, observed: Observation): string | undefined {
  const general = generalFaults(observed);
  if (general.length > 0) return general.join('; ');
  const verdicts = row.expect.map((outcome) => outcomeFaults(outcome, observed));
  if (verdicts.some((faults) => faults.length === 0)) return undefined;
  // Of several outcomes the one that was missed by least says most.
  return verdicts.reduce((a, b) => (b.length < a.length ? b : a)).join('; ');
}

/** Whether these answers, so far, are those of an outcome. */
export function answersMatch(outcome: Outcome, answers: readonly ReceivedAnswer[]): boolean {
  return answerFaults(outcome, answers).length === 0;
}

function generalFaults({ fault, complaints }: Observation): string[] {
  return fault === undefined ? [...complaints] : [fault, ...complaints];
}

function outcomeFaults(outcome: Outcome, observed: Observation): string[] {
  const { answers, end, received, upgraded } = observed;
  const faults = answerFaults(outcome, answers);
  if (outcome.then === 'open' && end !== 'open') faults.push('the connection ended');
  if (outcome.then === 'closed' && end === 'open') faults.push('the connection stayed open');
  if (outcome.then === 'fin' && end !== 'fin')
    faults.push(end === 'open' ? 'the connection stayed open' : 'a reset');
  for (const text of outcome.never ?? []) if (received.includes(text)) faults.push(`${show(text)} came back`);
  if (outcome.upgraded !== undefined && !upgraded.startsWith(outcome.upgraded))
    faults.push(`${show(upgraded)} behind the 101`);
  return faults;
}

function answerFaults(outcome: Outcome, answers: readonly ReceivedAnswer[]): string[] {
  const wanted = outcome.answers.length;
  if (outcome.more === true ? answers.length < wanted : answers.length !== wanted) {
    const statuses = answers.map(({ status }) => status).join(' ');
    return [`${answers.length} answers${statuses === '' ? '' : `: ${statuses}`}`];
  }
  return outcome.answers.flatMap((expected, n) => {
    const faults = faultsOf(expected, answers[n]!);
    return outcome.answers.length > 1 ? faults.map((fault) => `answer ${n + 1}: ${fault}`) : faults;
  });
}

function faultsOf(expected: ExpectedAnswer, answer: ReceivedAnswer): string[] {
  const statuses = [expected.status ?? 200].flat();
  if (!statuses.includes(answer.status)) return [`status ${answer.status}`];
  const faults: string[] = [];
  if (answer.complete === (expected.cutShort === true))
    faults.push(answer.complete ? 'a whole answer' : 'an answer cut short');
  if (expected.body !== undefined && answer.body !== expected.body)
    faults.push(`the body ${show(answer.body)}`);
  for (const [name, pattern] of Object.entries(expected.fields ?? {})) {
    const value = answer.fields.get(name);
    if (value === undefined) faults.push(`no ${name}`);
    else if (!pattern.test(value)) faults.push(`${name}: ${show(value)}`);
  }
  for (const name of expected.withoutFields ?? []) {
    const value = answer.fields.get(name);
    if (value !== undefined) faults.push(`${name}: ${show(value)}`);
  }
  if (expected.interim !== undefined && String(answer.interim) !== String(expected.interim)) {
    faults.push(`interim answers [${answer.interim.join(' ')}]`);
  }
  if (expected.dated === true) faults.push(...dateFaults(answer.fields.get('date')));
  if (expected.seen !== undefined) faults.push(...seenFaults(expected.seen, answer));
  return faults;
}

function dateFaults(date: string | undefined): string[] {
  if (date === undefined) return ['no date'];
  const isRight = FIXDATE.test(date) && Math.abs(Date.parse(date) - Date.now()) <= DATE_TOLERANCE_MS;
  return isRight ? [] : [`date: ${show(date)}`];
}

function seenFaults(seen: Seen, answer: ReceivedAnswer): string[] {
  const faults: string[] = [];
  const compare = (
    what: string,
    expected: string | readonly string[] | undefined,
    got: string | undefined,
  ): void => {
    if (expected === undefined || [expected].flat().includes(got!)) return;
    faults.push(`the app saw ${what} ${got === undefined ? 'not at all' : show(got)}`);
  };
  compare('the method', seen.method, answer.fields.get('x-seen-method'));
  compare('the path', seen.path, answer.fields.get('x-seen-path'));
  compare('the query', seen.query, answer.fields.get('x-seen-query'));
  compare('the host', seen.host, answer.fields.get('x-seen-host'));
  if (seen.xA !== undefined)
    compare('X-A', seen.xA, parsed(answer.fields.get('x-seen-x-a')) as string | undefined);
  const { fields, withoutFields, body } = seen;
  if (fields === undefined && withoutFields === undefined && body === undefined) return faults;
  const echo = parsed(answer.body) as { headers?: [string, string][]; body?: string } | undefined;
  const echoed = new Map(echo?.headers ?? []);
  compare('the body', body, echo?.body);
  for (const [name, value] of fields ?? []) compare(name, value, echoed.get(name));
  for (const name of withoutFields ?? []) if (echoed.has(name)) faults.push(`the app saw a field ${name}`);
  return faults;
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** What a row expects, in words. */
export function describe({ expect }: Row): string {
  return [...new Set(expect.map(describeOutcome))].join(', or ');
}

function describeOutcome({ answers, then }: Outcome): string {
  const endings = { open: 'then open', closed: 'then the end', fin: 'then a FIN', either: '' };
  const statuses = answers.map(({ status = 200 }) => [status].flat().join('/'));
  const shown = statuses.length > 4 ? `${statuses.length} answers` : statuses.join(' and ');
  return [shown === '' ? 'no answer' : shown, endings[then]].filter(Boolean).join(' ');
}

/** What came, in words. */
export function describeObservation({ answers, end }: Observation): string {
  const statuses = answers.map(({ status }) => status);
  const shown = statuses.length > 4 ? `${statuses.length} answers` : statuses.join(' and ');
  const endings = { open: 'then open', fin: 'then the end', reset: 'then a reset' };
  return `${shown === '' ? 'no answer' : shown} ${endings[end]}`;
}
