// limits.ts: what all designs answer, and what bounds it; native/limits.h says the same for C++.

/** GET / */
export const HELLO = 'Hello, World!';

/** GET /sleep: the longest that may be asked for. */
export const MAX_SLEEP_MS = 10_000;

/** POST /echo holds the body in memory; a longer one is refused with 413. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** A longer head is refused with 431, by the designs that have a parser of their own. */
export const MAX_HEAD_BYTES = 16 * 1024;

export const SLEEP_PROBLEM = `ms must be a whole number from 0 to ${MAX_SLEEP_MS}: /sleep?ms=100`;

/** Of `?ms=N`, N; undefined where it is not what /sleep takes. */
export function sleepMsOf(query: string): number | undefined {
  const [, digits] = /^ms=(\d{1,5})$/.exec(query) ?? [];
  const ms = Number(digits);
  return digits !== undefined && ms <= MAX_SLEEP_MS ? ms : undefined;
}

export function sleptText(ms: number): string {
  return `slept ${ms}`;
}

/** A target, cut at its question mark. */
export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
