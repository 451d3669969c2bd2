// loop-delay.ts: the event loop of the server, watched during a measurement.

import type { Sample } from '../scenario.js';
import type { ServerProcess } from './server-process.js';

/** Where the application runs in the server's main thread; elsewhere the sample is as it was. */
export async function withLoopDelay(server: ServerProcess, measure: () => Promise<Sample>): Promise<Sample> {
  if (!server.hasJsThread) return measure();
  await server.ask('watchLoop');
  const sample = await measure();
  const loopDelay = await server.ask('loopDelay');
  return loopDelay === null ? sample : { ...sample, values: { ...sample.values, loopDelay } };
}
