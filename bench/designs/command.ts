// command.ts: the command that starts a design.

import { builtFile } from '../paths.js';
import { programPath, whyUnavailable } from './availability.js';
import { CannotRun } from '../cannot-run.js';
import { compileDesign } from './compile.js';
import type { Design } from './design.js';
import { argumentsOf, type OptionValues } from './options.js';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** What it prints when it serves, as a line of its own: libraries of peers print such things as well, too early. */
export const ADDRESS = /^http:\/\/127\.0\.0\.1:(\d+)\/$/m;

/**
 * Compiles what has to be compiled. The process prints {@link ADDRESS}, and ends with 0 after SIGTERM.
 * @throws CannotRun where the design is not available.
 */
export function commandOf(design: Design, values: Partial<OptionValues>): Command {
  const reason = whyUnavailable(design);
  if (reason !== null) throw new CannotRun(`${design.name} cannot run here: ${reason}`);
  const { start } = design;
  const args = argumentsOf(values);
  if ('native' in start) return { file: compileDesign(start.native), args };
  if ('module' in start) {
    const file = programPath(start.program)!;
    return { file, args: [...start.args, builtFile(`designs/${start.module}.js`), ...args] };
  }
  return { file: process.execPath, args: [builtFile(`designs/${start.node}.js`), ...args] };
}
