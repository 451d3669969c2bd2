// app-arguments.ts: what both test applications are started with, and how they say that they listen.

import type { Clocks } from './clocks.js';

export interface AppArguments {
  /** 0: any free one. */
  readonly port: number;
  readonly clocks: Clocks | undefined;
}

/** `PORT [HEADER,BODY,KEEPALIVE]`: a port, and the three time-outs in milliseconds. */
export function readArguments(args: readonly string[]): AppArguments {
  const [port = '0', times] = args;
  if (times === undefined) return { port: Number(port), clocks: undefined };
  return { port: Number(port), clocks: readClocks(times) };
}

/** `HEADER,BODY,KEEPALIVE`. */
export function readClocks(times: string): Clocks {
  const [header, body, keepAlive] = times.split(',').map(Number);
  if (!(header! > 0 && body! > 0 && keepAlive! > 0)) {
    throw new RangeError(`HEADER,BODY,KEEPALIVE are three numbers of milliseconds, not ${times}`);
  }
  return { header: header!, body: body!, keepAlive: keepAlive! };
}

/** Whoever has started the application waits for this line. */
export function sayAddress(port: number): void {
  process.stdout.write(`listening on http://127.0.0.1:${port}\n`);
}
