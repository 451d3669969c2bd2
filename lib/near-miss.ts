// near-miss.ts: finds the option somebody probably meant.

/** Names that other servers use for the same thing, without case, separators and the unit `Ms`. */
const NAMES_ELSEWHERE: Readonly<Record<string, string>> = {
  bodylimit: 'limits.bodyBytes',
  bodysize: 'limits.bodyBytes',
  maxbody: 'limits.bodyBytes',
  maxbodysize: 'limits.bodyBytes',
  maxrequestbodysize: 'limits.bodyBytes',
  maxheadersize: 'limits.headerBytes',
  maxheaderscount: 'limits.headerCount',
  highwatermark: 'limits.unsentBytes',
  headertimeout: 'timeouts.headerMs',
  headerstimeout: 'timeouts.headerMs',
  bodytimeout: 'timeouts.bodyMs',
  requesttimeout: 'timeouts.bodyMs',
  keepalivetimeout: 'timeouts.keepAliveMs',
  idle: 'timeouts.keepAliveMs',
  idletimeout: 'timeouts.keepAliveMs',
  handlertimeout: 'timeouts.handlerMs',
  writetimeout: 'timeouts.writeMs',
  hostname: 'host',
  socketpath: 'path',
  timeout: 'graceMs',
};

/** Longer names are not typing mistakes, and the comparison takes quadratic time. */
const LONGEST_COMPARED = 40;

/** A group costs less than a letter: where a name is as near to two options, the one beside it is meant. */
const OTHER_GROUP = 0.5;

/** An abbreviation (`keepAlive`) or a prefixed name (`maxConnections`) counts like one wrong letter. */
const PART_OF_NAME = 1;

/** Parts shorter than this are part of too much. */
const SHORTEST_PART = 4;

/**
 * Finds the name in `names` nearest to `wrong`, or undefined if none is near.
 * @param names - Full names, such as `limits.bodyBytes`; so is `wrong`.
 */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const wrongLeaf = plain(leafOf(wrong));
  if (wrongLeaf === '' || wrongLeaf.length > LONGEST_COMPARED) return undefined;

  const unitless = wrongLeaf.replace(/ms$/, '');
  const elsewhere = Object.hasOwn(NAMES_ELSEWHERE, unitless) ? NAMES_ELSEWHERE[unitless] : undefined;
  if (elsewhere !== undefined && names.includes(elsewhere)) return elsewhere;

  const wrongGroup = plain(groupOf(wrong));
  let best: string | undefined;
  let bestScore = Math.max(1, Math.floor(wrongLeaf.length / 3)) + OTHER_GROUP;
  for (const name of names) {
    const sameGroup = plain(groupOf(name)) === wrongGroup;
    const distance = distanceOf(wrongLeaf, plain(leafOf(name)));
    // Who opened another group on purpose does not mean a name there that is merely alike.
    if (!sameGroup && wrongGroup !== '' && distance > 0) continue;
    const score = distance + (sameGroup ? 0 : OTHER_GROUP);
    if (score < bestScore || (score === bestScore && best === undefined)) {
      best = name;
      bestScore = score;
    }
  }
  return best;
}

function distanceOf(wrong: string, right: string): number {
  const abbreviated = wrong.length >= SHORTEST_PART && right.startsWith(wrong);
  const prefixed = right.length >= SHORTEST_PART && wrong.endsWith(right);
  const distance = editDistance(wrong, right);
  return abbreviated || prefixed ? Math.min(PART_OF_NAME, distance) : distance;
}

/** Without what people vary: case, `_` and `-`. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_\- ]/g, '');
}

function leafOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function groupOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

/** Levenshtein's distance in which two swapped neighbours count once (`prot`, `port`). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
