// load-progress.ts: one line on a terminal that says how far `millrace load` is.

import type { NativeLoad } from '../binding.js';
import { counted, grouped, threeDigits } from './quantities.js';

const EVERY_MS = 250;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[K';

/** Nothing unless `stream` is a terminal that can do it. Returns what takes the line away again. */
export function showProgress(stream: NodeJS.WriteStream, load: NativeLoad, unit: string): () => void {
  if (!stream.isTTY || process.env['TERM'] === 'dumb') return () => undefined;
  const start = performance.now();
  let last = { at: start, answers: 0 };
  const timer = setInterval(() => {
    const now = performance.now();
    const { answers, errors } = load.progress();
    const rate = ((answers - last.answers) * 1000) / (now - last.at);
    last = { at: now, answers };
    const seconds = (now - start) / 1000;
    const line = [
      `${seconds.toFixed(seconds < 100 ? 1 : 0)} s`,
      `${rate < 100 ? threeDigits(rate) : grouped(rate)}/s`,
      counted(answers, unit),
      ...(errors > 0 ? [counted(errors, 'error')] : []),
    ].join('  ');
    // Not wider than the terminal: a line that wraps cannot be taken back. Some say 0, for unknown.
    stream.write(`${CLEAR_LINE}${line.slice(0, (stream.columns || DEFAULT_COLUMNS) - 1)}`);
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    stream.write(CLEAR_LINE);
  };
}
