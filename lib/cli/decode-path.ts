// decode-path.ts: which directory a path names, by the rules of native/files/request_path.cc.

export interface DecodedPath {
  /** Relative, no slash at either end; empty is the root. Bytes, since names of files need not be UTF-8. */
  readonly path: Buffer;
  readonly wantsDirectory: boolean;
  readonly hasDotfile: boolean;
}

const NAME_BYTES = 255;
const PATH_BYTES = 4095;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const DELETE = 0x7f;

/** Whether files whose names have this byte are served. */
export function mayBeInName(byte: number): boolean {
  return byte >= FIRST_PRINTABLE && byte !== DELETE && byte !== BACKSLASH && byte !== SLASH;
}

/** Undefined: no file can be called that. */
export function decodePath(raw: string): DecodedPath | undefined {
  const names = raw.split('/').filter((segment) => segment !== '');
  const decoded = names.map(decodeSegment);
  if (decoded.some((name) => name === undefined)) return undefined;
  const segments = decoded as string[];
  const path = Buffer.from(segments.join('/'), 'latin1');
  if (path.length > PATH_BYTES) return undefined;
  return {
    path,
    wantsDirectory: raw === '' || raw.endsWith('/'),
    hasDotfile: segments.some((name) => name.startsWith('.')),
  };
}

/** Bytes as Latin-1. */
function decodeSegment(raw: string): string | undefined {
  if (/%(?![\da-f]{2})/i.test(raw)) return undefined;
  const name = raw.replaceAll(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  const isName = name !== '.' && name !== '..' && name.length <= NAME_BYTES;
  return isName && [...Buffer.from(name, 'latin1')].every(mayBeInName) ? name : undefined;
}
