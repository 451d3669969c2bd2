// signals.mjs: hands on the signals that are to end a script to the program that it waits for, which would go on alone.

const HANDED_ON = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Until the child ends; then this process ends too, if there was such a signal, as shells say it. */
export function handOnSignals(child) {
  let received;
  const listeners = Object.keys(HANDED_ON).map((signal) => {
    const listener = () => {
      received = signal;
      child.kill(signal);
    };
    process.on(signal, listener);
    return [signal, listener];
  });
  child.once('exit', () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
    if (received !== undefined) process.exit(128 + HANDED_ON[received]);
  });
}
