// orderly-end.ts: says where a design serves, and ends it in order at SIGTERM or SIGINT.

/** @param stop - Stops accepting, and resolves when all that was in flight is answered or cut off. */
export function serveUntilStopped(port: number, stop: () => Promise<unknown>): void {
  let isStopping = false;
  const end = (): void => {
    if (isStopping) return;
    isStopping = true;
    void stop().then(() => process.exit());
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  // The runner has gone without a word: nobody else would end this process.
  process.once('disconnect', end);
  console.log(`http://127.0.0.1:${port}/`);
}
