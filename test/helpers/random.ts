// random.ts: numbers that look random and come again with the same seed.

/** A generator of whole numbers below a bound. mulberry32: small, and good enough to make up tests. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** The seed for a test: another one in each run, or the one that MILLRACE_TEST_SEED asks for. */
export function testSeed(): number {
  return Number(process.env['MILLRACE_TEST_SEED'] ?? Date.now() % 1_000_000_007);
}
