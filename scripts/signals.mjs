// signals.mjs: the signals that are to end a script: handed on to the program that it waits for, and each heard once.

const HANDED_ON = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Longer than npm needs to pass a signal on, shorter than a person to press Ctrl-C again. */
const ECHO_MS = 300;
/** Those that npm passes on. */
const ECHOED = ['SIGINT', 'SIGTERM'];

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

/**
 * Ctrl-C comes twice: from the terminal, and once more from npm, which passes on what it gets; so does SIGTERM from
 * `timeout npm run ...`, which sends it to the whole group. A program that leaves in order at the first and at once at
 * the second would never get to do the former. From now on the listeners of this process hear the first one of those
 * that come in short succession. To be called before anybody listens: Node binds `emit` when the first one does.
 */
export function dropEchoes() {
  const last = new Map(ECHOED.map((signal) => [signal, -Infinity]));
  const emit = process.emit.bind(process);
  process.emit = (event, ...args) => {
    const before = last.get(event);
    if (before === undefined) return emit(event, ...args);
    const now = performance.now();
    last.set(event, now);
    return now - before < ECHO_MS ? true : emit(event, ...args);
  };
  for (const signal of ECHOED) {
    process.on(signal, function listener() {
      if (process.listenerCount(signal) > 1) return;
      // The program does not listen, or no longer: what happens to it without us.
      process.off(signal, listener);
      process.kill(process.pid, signal);
    });
  }
}
