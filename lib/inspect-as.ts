// inspect-as.ts: what console.log() shows of an object whose state is private.

import { inspect, type InspectOptionsStylized } from 'node:util';

/**
 * To be returned by a method `[inspect.custom]`, whose arguments `depth` and `options` are.
 * @param shown - A plain object, shown under the name of the class.
 */
export function inspectAs(
  name: string,
  shown: object,
  depth: number,
  options: InspectOptionsStylized,
): string {
  if (depth < 0) return options.stylize(`[${name}]`, 'special');
  return `${name} ${inspect(shown, { ...options, depth })}`;
}
