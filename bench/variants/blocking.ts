// blocking.ts: an application whose JavaScript thread is busy with something else for half of the time.

/** Long enough that nobody would wait for it gladly, and short enough for many in one run. Milliseconds. */
const BLOCKED_MS = 50;

export function blockHalfOfTheTime(): void {
  setInterval(() => {
    const end = performance.now() + BLOCKED_MS;
    while (performance.now() < end);
  }, 2 * BLOCKED_MS);
}
