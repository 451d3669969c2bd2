// verdict.ts: what of a stress run's outcome is a failure.

import { MOST_GROWTH_BYTES, type Outcome } from './stress-run.js';

/** A sentence for each failure; none: the run has passed. */
export function failuresOf({ tally, warmUp, before, after, left }: Outcome): string[] {
  const failures = [...warmUp.described, ...tally.described, ...left];
  const open = surplus(after.descriptors, before.descriptors);
  if (open.length > 0) failures.push(`descriptors left open: ${open.join(', ')}`);
  const grown = after.residentBytes - before.residentBytes;
  if (grown > MOST_GROWTH_BYTES) failures.push(`resident memory has grown by ${grown} bytes`);
  return failures;
}

/** What is in the first list more often than in the second. */
function surplus(now: readonly string[], before: readonly string[]): string[] {
  const rest = [...before];
  return now.filter((item) => {
    const at = rest.indexOf(item);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
