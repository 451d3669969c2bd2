// run.ts: `npm run bench:profile`: where the CPU of one scenario goes, by thread and by function.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotRun } from '../cannot-run.js';
import { warmUp } from '../measure/load-run.js';
import { describeMachine } from '../measure/machine.js';
import { checkAnswer } from '../measure/probe.js';
import { killServers, ServerProcess } from '../measure/server-process.js';
import { type AnyLoad, killLoads, sendWith, startLoad } from '../measure/load.js';
import { readCommandLine } from '../command-line.js';
import { pick, wholeNumber } from '../option-values.js';
import { Terminal } from '../report/terminal.js';
import { type Scenario, SERVER_NAMES, type ServerName, SUBJECT, withoutRepetitions } from '../scenario.js';
import { SUITES } from '../scenarios/index.js';
import { countInstructions, whyNoCallgrind } from './callgrind.js';
import { PerfMap } from './perf-map.js';
import { sampleFunctions, whyNoPerf } from './perf.js';
import { reportCpu, reportFunctions, reportInstructions, reportMissing } from './profile-report.js';
import { cpuByName, threadCpus } from './thread-cpu.js';

const EXIT_CANNOT_RUN = 2;
const EXIT_INTERRUPTED = 130;

const PROGRAM = 'npm run bench:profile';
const PRESET_SECONDS = 5;
const MAX_SECONDS = 600;
/** perf begins when the load does, and ends a little earlier. */
const AROUND_SAMPLES_SECONDS = 1;

type Loaded = Scenario & { readonly load: AnyLoad };

const LOADED = withoutRepetitions(SUITES.flatMap(({ scenarios }) => scenarios)).filter(
  (scenario): scenario is Loaded => scenario.load !== undefined,
);

function usage(): string {
  const width = Math.max(...LOADED.map(({ name }) => name.length));
  return [
    'npm run bench:profile -- [SCENARIO] [options]',
    '',
    '  --server NAME    whose CPU (default millrace; the scenario has to know it)',
    `  --seconds N      length of each run under load (default ${String(PRESET_SECONDS)})`,
    '',
    'Scenarios:',
    ...LOADED.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}`),
    '',
    'Functions need perf (apt-get install linux-perf), instructions need valgrind (apt-get install valgrind).',
    'Exit code: 0, or 2 when it cannot run.',
  ].join('\n');
}

interface Options {
  readonly scenario: Loaded;
  readonly server: ServerName;
  readonly seconds: number;
}

/** Undefined: help was asked for. */
function readOptions(args: readonly string[]): Options | undefined {
  const { values, help, positionals } = readCommandLine(PROGRAM, args, {
    server: 'string',
    seconds: 'string',
  });
  if (help) return undefined;
  if (positionals.length > 1) throw new CannotRun(`one scenario at a time (${PROGRAM} -- --help)`);
  const [scenario] = pick(PROGRAM, positionals[0] ?? 'hello', LOADED, ({ name }) => name);
  const [server] = pick('--server', values.server ?? SUBJECT, SERVER_NAMES, (name) => name);
  if (scenario === undefined || server === undefined)
    throw new CannotRun('which scenario, and which server?');
  if (!scenario.servers.includes(server))
    throw new CannotRun(`${scenario.name} has no ${server}; it has ${scenario.servers.join(', ')}`);
  const seconds = wholeNumber('--seconds', values.seconds, PRESET_SECONDS, MAX_SECONDS);
  return { scenario, server, seconds };
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === undefined) {
    console.log(usage());
    return;
  }
  const { scenario, server, seconds } = options;
  const terminal = new Terminal(process.stdout);
  const { node, commit } = describeMachine(sendWith('millrace'));
  terminal.print(terminal.paint(`millrace profile · ${scenario.name} · ${server}`, 'bold'));
  terminal.print(terminal.paint(`${scenario.title} · Node ${node} · commit ${commit}`, 'dim'));
  terminal.print();
  await profileTime(terminal, options);
  const isNode = server !== 'floor' && server !== 'nginx';
  const whyNot = isNode ? whyNoCallgrind() : `${server} is not run under valgrind`;
  if (whyNot !== undefined) {
    reportMissing(terminal, 'instructions', whyNot);
    return;
  }
  terminal.progress('counting instructions ...');
  reportInstructions(terminal, await countInstructions(server, scenario, scenario.load, seconds, folder));
}

/** Samples cost time themselves, so the CPU of a request is measured in a run without them. */
async function profileTime(terminal: Terminal, { scenario, server: name, seconds }: Options): Promise<void> {
  const server = await ServerProcess.start(name, scenario.application, {
    nodeOptions: ['--perf-basic-prof', '--interpreted-frames-native-stack'],
  });
  PerfMap.expect(server.pid);
  try {
    await checkAnswer(server.port, scenario.probe);
    terminal.progress('measuring CPU ...');
    await warmUp(server, scenario.load);
    const before = threadCpus(server.pid);
    const { requests, requestsPerSecond } = await startLoad(server.port, scenario.load, seconds).result;
    reportCpu(terminal, cpuByName(before, threadCpus(server.pid)), requests, requestsPerSecond);
    const whyNot = whyNoPerf();
    if (whyNot !== undefined) {
      reportMissing(terminal, 'functions', whyNot);
      return;
    }
    terminal.progress('sampling functions ...');
    const load = startLoad(server.port, scenario.load, seconds + AROUND_SAMPLES_SECONDS);
    const [functions] = await Promise.all([sampleFunctions(server.pid, seconds, folder), load.result]);
    reportFunctions(terminal, functions);
  } finally {
    await server.stop();
  }
}

/** What perf and callgrind write, which is gone with this process, however it ends. */
const folder = mkdtempSync(join(tmpdir(), 'millrace-profile-'));

process.on('exit', () => {
  killServers();
  killLoads();
  PerfMap.removeExpected();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(EXIT_INTERRUPTED));

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  process.stderr.write(`millrace: ${error.message}.\n`);
  process.exitCode = EXIT_CANNOT_RUN;
}
