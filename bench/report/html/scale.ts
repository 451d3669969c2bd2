// scale.ts: from figures to places on a logarithmic axis.

/** Charts are so wide in their own units, which on a phone are about as many pixels. */
export const WIDTH = 340;
/** Room for half of a tick's label at both ends. */
const MARGIN = 14;

export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** From one power of two to another, around all values: for ratios. */
export function scaleOfRatios(values: readonly number[]): Scale {
  const logs = [...values.map(Math.log2), -1, 1];
  const low = Math.floor(Math.min(...logs));
  const high = Math.ceil(Math.max(...logs));
  const step = Math.ceil((high - low) / 6);
  // Counted from 1, which is to have a tick always.
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return {
    at: linear(low, high, Math.log2),
    ticks: Array.from({ length: count }, (_, i) => 2 ** ((first + i) * step)),
  };
}

/** Where a decade may have its ticks, from sparse to dense. */
const FACTORS: readonly (readonly number[])[] = [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]];
const FEWEST_TICKS = 3;

/** Around all values, with as few ticks as tell something: for durations. */
export function scaleOfDurations(values: readonly number[]): Scale {
  const low = Math.log10(Math.min(...values)) - 0.05;
  const high = Math.log10(Math.max(...values)) + 0.05;
  const decades = Array.from(
    { length: Math.ceil(high) - Math.floor(low) + 1 },
    (_, i) => Math.floor(low) + i,
  );
  const ticksAt = (factors: readonly number[]): number[] =>
    decades
      .flatMap((decade) => factors.map((factor) => factor * 10 ** decade))
      .filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
  const choices = FACTORS.map(ticksAt);
  const ticks = choices.find((choice) => choice.length >= FEWEST_TICKS) ?? choices.at(-1) ?? [];
  return { at: linear(low, high, Math.log10), ticks };
}

function linear(low: number, high: number, from: (value: number) => number): Scale['at'] {
  const room = WIDTH - 2 * MARGIN;
  return (value) => MARGIN + ((from(value) - low) / (high - low)) * room;
}
