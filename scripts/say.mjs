// say.mjs: how the scripts talk: one line a step, one sentence when something cannot work.

/** Ends the process with one clear sentence instead of a stack trace. */
export function fail(sentence) {
  process.stderr.write(`millrace: ${sentence}\n`);
  process.exit(1);
}

export function step(text) {
  process.stdout.write(`millrace: ${text}\n`);
}

export function seconds(sinceMs) {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}
