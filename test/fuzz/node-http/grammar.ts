// grammar.ts: what the RFCs, and millrace where they leave a choice, allow in a request. Written from those and not from
// the parser, because it says whether the parser was right to refuse something.

import { isIPv6 } from 'node:net';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** RFC 9112 §7.1.1, the part of a chunk's first line behind the size. */
const CHUNK_EXTENSION = new RegExp(
  `^(?:;${TOKEN}(?:=(?:${TOKEN}|"(?:[\\t !#-[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"))?)*$`,
);

/** RFC 3986 §3.3 and §3.4, and of what else URLs have in browsers all but the backslash in a path. */
const PATH_AND_QUERY =
  /^(?:[-\w.~!$&'()*+,;=:@/[\]{}|^`]|%[0-9A-Fa-f]{2})*(?:\?[-\w.~!$&'()*+,;=:@/[\]{}|^`?\\%]*)?$/;

/** RFC 3986 §3.2.2, without the comma that two joined Host fields have. */
const REGISTERED_NAME = /^(?:[-\w.~!$&'()*+;=]|%[0-9A-Fa-f]{2})+$/;
const FUTURE_ADDRESS = /^\[v[0-9a-f]+\.[-\w.~!$&'()*+;=:]+\]$/i;

const LARGEST_PORT = 65_535;

/** RFC 9110 §7.2: `host[:port]`. */
export function isHost(text: string): boolean {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(text) ?? [];
  if (Number(port) > LARGEST_PORT) return false;
  // A zone (RFC 6874) means something on the sending machine only.
  if (host.startsWith('['))
    return (isIPv6(host.slice(1, -1)) && !host.includes('%')) || FUTURE_ADDRESS.test(host);
  return REGISTERED_NAME.test(host);
}

/** RFC 9112 §3.2, for a server that is no proxy and has no TLS. */
export type TargetFault = 'fragment' | 'asterisk' | 'authority' | 'form' | 'bytes';

/** Why the target is none, or undefined. The one that comes first in it. */
export function targetFault(method: string, target: string): TargetFault | undefined {
  if (target.startsWith('*')) return method === 'OPTIONS' && target === '*' ? undefined : 'asterisk';
  const [, scheme = '', authority = '', rest = ''] = /^(http:\/\/([^/?#]*))?(.*)$/is.exec(target) ?? [];
  if (scheme === '' && !target.startsWith('/')) return 'form';
  if (scheme !== '' && !isHost(authority)) return 'authority';
  const fragment = rest.indexOf('#');
  if (!PATH_AND_QUERY.test(fragment < 0 ? rest : rest.slice(0, fragment))) return 'bytes';
  return fragment < 0 ? undefined : 'fragment';
}

/** The elements of a list field (RFC 9110 §5.6.1). */
export function elementsOf(values: readonly string[]): string[] {
  return values
    .join(',')
    .split(',')
    .map((element) => element.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase())
    .filter((element) => element !== '');
}

/** RFC 9112 §6.1 and §7.1: `chunked` is there once, at the end, and every other coding has a name. */
export function isSoundTransferEncoding(values: readonly string[]): boolean {
  const codings = values.length === 1 ? values[0]!.split(',').map((coding) => coding.trim()) : [];
  return (
    codings.length > 0 &&
    codings.every((coding) => new RegExp(`^${TOKEN}[ \\t]*(?:;.*)?$`).test(coding)) &&
    codings.findIndex((coding) => /^chunked[ \t]*(?:;|$)/i.test(coding)) === codings.length - 1 &&
    codings.at(-1)!.toLowerCase() === 'chunked'
  );
}

export function isSoundChunkExtension(text: string): boolean {
  return CHUNK_EXTENSION.test(text);
}
