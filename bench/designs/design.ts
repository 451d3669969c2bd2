// design.ts: what the registry says of each design.

import type { OptionName } from './options.js';

/** Whose sockets, parser and threads they are. */
export type Kind = 'javascript' | 'native' | 'millrace' | 'peer';

export type Route = '/' | '/sleep' | '/echo';

export type Start =
  /** A module of this folder, run by this Node.js. */
  | { readonly node: string; readonly packages?: readonly string[]; readonly program?: string }
  /** A source in native/, compiled when it is first needed. */
  | { readonly native: string }
  /** A module of this folder, run by a program that is no Node.js. */
  | { readonly program: string; readonly args: readonly string[]; readonly module: string };

export interface Design {
  readonly name: string;
  readonly kind: Kind;
  /** One sentence. */
  readonly description: string;
  readonly start: Start;
  /** Those that make a difference. */
  readonly options: readonly OptionName[];
  /** What it cannot answer. */
  readonly lacks?: readonly Route[];
}
