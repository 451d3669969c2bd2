// load.ts: `millrace load`: sends requests to a server and measures its answers.

import { binding, type NativeLoad, type NativeLoadResult } from '../binding.js';
import { PlatformError } from '../errors.js';
import { closed, opened } from '../open-servers.js';
import { EXIT, failed, paint, quoted, UsageError, type Command } from './command.js';
import { helpOf, type ParsedFlags } from './flags.js';
import { LOAD_FLAGS, readLoadFlags, type WantedLoad } from './load-options.js';
import { showProgress } from './load-progress.js';
import { endOf, errorCount, headline, jsonReport, textReport } from './load-report.js';
import { findTarget, type LoadTarget } from './load-target.js';
import { grouped } from './quantities.js';

const HELP = `Usage: millrace load URL [OPTION]...

Sends requests to an http: URL as fast as they are answered, or at a --rate, checks every answer, and says how long
answers took. Nothing is sent anywhere else.

${helpOf(LOAD_FLAGS)}
Ctrl-C ends it early, and what has been measured is printed. Exit code: 0; 1 when there were errors, or
requests that were due and could not be sent; 2 for a wrong command line.
`;

export const LOAD: Command = {
  summary: 'sends requests to a server and measures its answers',
  flags: LOAD_FLAGS,
  help: HELP,
  run,
};

async function run(flags: ParsedFlags): Promise<number> {
  const wanted = readLoadFlags(flags);
  try {
    checkDescriptors(wanted);
    const target = await resolve(wanted);
    if (typeof target === 'string') return failed(target);
    return await measure(wanted, target, flags.on.has('json'));
  } catch (error) {
    if (error instanceof PlatformError) return failed(error.message);
    throw error;
  }
}

/** Besides the connections: those of Node.js, three for each thread of ours. */
const OTHER_DESCRIPTORS = 64;
const DESCRIPTORS_PER_THREAD = 3;

/** @throws {@link UsageError} */
function checkDescriptors({ connections, threads }: WantedLoad): void {
  const limit = binding().raiseDescriptorLimit();
  const needed = connections + threads * DESCRIPTORS_PER_THREAD + OTHER_DESCRIPTORS;
  if (needed <= limit) return;
  throw new UsageError(
    `--connections ${connections} needs ${grouped(needed)} file descriptors, and this process may have ` +
      `${grouped(limit)}: raise the hard limit (ulimit -Hn) or ask for fewer`,
  );
}

/** A string: why not. */
async function resolve({ url, unixPath }: WantedLoad): Promise<LoadTarget | string> {
  try {
    return await findTarget(url, unixPath);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `there is no host ${quoted(url.hostname)} (${code ?? String(error)})`;
  }
}

/** LoadPlan::give_up_ns. */
const GIVE_UP_SECONDS = 10;

async function measure(wanted: WantedLoad, target: LoadTarget, isJson: boolean): Promise<number> {
  const out = process.stdout;
  const done = await runLoad(wanted, target, () => {
    if (!isJson) out.write(`${paint(out, 'bold', headline(wanted, target.shown))}\n\n`);
  });
  if (typeof done === 'string') return failed(done);
  const { result, isInterrupted } = done;
  const end = endOf(result, isInterrupted);
  const outcome = { wanted, address: target.shown, end, result };
  if (isJson) out.write(jsonReport(outcome));
  if (result.isUnreachable) {
    return failed(`cannot connect to ${target.shown}: ${result.firstErrors.connect}`);
  }
  if (!isJson) out.write(textReport(outcome));
  if (result.isServerGone) {
    return failed(
      `${target.shown} has accepted no connection for ${GIVE_UP_SECONDS} s: ${result.firstErrors.connect}`,
    );
  }
  return errorCount(result) > 0 || result.unsent > 0 ? EXIT.failed : EXIT.done;
}

interface Done {
  readonly result: NativeLoadResult;
  readonly isInterrupted: boolean;
}

/**
 * A string: why it could not start.
 * @param onStart - Called when it has, and a signal ends it in order.
 */
async function runLoad(wanted: WantedLoad, target: LoadTarget, onStart: () => void): Promise<Done | string> {
  const load = new (binding().NativeLoad)();
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    load.stop();
  };
  const { host, port, path } = target;
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  // Ahead of the start: its threads send at once, and a signal that found nobody would end the process without a result.
  // Once: pressed again it ends the process, as it does without us.
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const failure = load.start({ ...wanted, host, port, path }, end);
  if (failure !== undefined) {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    return `${failure.syscall} failed with error ${failure.errno}`;
  }
  const stopOnExit = {
    stop: () => {
      load.stop();
      load.finish();
    },
  };
  opened(stopOnExit);
  onStart();
  const unit = wanted.mode === 'connections' ? 'connection' : 'answer';
  const hideProgress = showProgress(process.stderr, load, unit);
  await ended;
  hideProgress();
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  closed(stopOnExit);
  return { result: finished(load), isInterrupted };
}

function finished(load: NativeLoad): NativeLoadResult {
  const result = load.finish();
  if (result === undefined) throw new Error('a load run that has been started has no result');
  return result;
}
