// duration.ts: reads lengths of time as people write them: 1500, '90s', '1h', '7 days'.

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_557_600_000, // 365.25 days
};

const UNIT_NAMES: Readonly<Record<string, string>> = {
  millisecond: 'ms',
  msec: 'ms',
  second: 's',
  sec: 's',
  minute: 'm',
  min: 'm',
  hour: 'h',
  hr: 'h',
  day: 'd',
  week: 'w',
  year: 'y',
  yr: 'y',
};

/** Milliseconds; undefined for what is no length of time. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const parts = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(value.trim());
  if (parts === null) return undefined;
  const name = parts[2]!.toLowerCase();
  const unit = name === '' ? 'ms' : (UNIT_NAMES[name] ?? UNIT_NAMES[name.replace(/s$/, '')] ?? name);
  const factor = Object.hasOwn(MILLISECONDS, unit) ? MILLISECONDS[unit] : undefined;
  return factor === undefined ? undefined : Number(parts[1]) * factor;
}
