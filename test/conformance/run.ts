// run.ts: `npm run conformance`: the conformance table against millrace and, beside it, node:http.
//
//   npm run conformance -- [--only GROUP|ID] [--json FILE] [--verbose]   verbose: what node:http fails, too
//   npm run conformance -- --port N [--clocks HEADER,BODY,KEEPALIVE]     against a server that offers the routes

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import type { Group } from '../protocol/cases/row.js';
import { TABLE } from '../protocol/cases/table.js';
import { readClocks } from './app-arguments.js';
import type { Clocks } from './clocks.js';
import { failures, groupTable, leftOut, type Score } from './report.js';
import { runTable } from './runner.js';
import { startApp } from './subject.js';

/** Long enough for a loaded machine; a server that does not do what it should costs this for each row. */
const PATIENCE_MS = 2000;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    port: { type: 'string' },
    clocks: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

const table = select(TABLE, options.only);
const scores =
  options.port === undefined
    ? [await scoreOf('millrace', 'millrace-app'), await scoreOf('node:http', 'node-app')]
    : [await scoreAt(`port ${options.port}`, Number(options.port), options.clocks)];
print(scores);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(scores, null, 1)}\n`);
process.exitCode = scores[0]!.results.some(({ verdict }) => verdict === 'failed') ? 1 : 0;

/** The rows of a group, or those whose id contains the text: `chunked`, `chunked/size-lf`, `lf`. */
function select(all: readonly Group[], only: string | undefined): Group[] {
  if (only === undefined) return [...all];
  const group = all.find(({ name }) => name === only);
  const groups =
    group !== undefined
      ? [group]
      : all.map(({ name, rows }) => ({
          name,
          rows: rows.filter(({ id }) => `${name}/${id}`.includes(only)),
        }));
  const found = groups.filter(({ rows }) => rows.length > 0);
  if (found.length === 0) throw new Error(`no group is called ${only}, and no row has it in its id`);
  return found;
}

async function scoreOf(server: string, program: string): Promise<Score> {
  const app = await startApp(program);
  try {
    return await scored(server, app.port, app.clocks);
  } finally {
    await app.stop();
  }
}

function scoreAt(server: string, port: number, clocks: string | undefined): Promise<Score> {
  return scored(server, port, clocks === undefined ? undefined : readClocks(clocks));
}

async function scored(server: string, port: number, clocks: Clocks | undefined): Promise<Score> {
  return { server, results: await runTable(table, { port, clocks, patienceMs: PATIENCE_MS }) };
}

function print(all: readonly Score[]): void {
  const [first] = all;
  const details = options.verbose ? all : [first!];
  const title = `${first!.results.length} rows, Node.js ${process.version}, ${process.platform} ${process.arch}`;
  const parts = [title, groupTable(all), ...details.map(failures), leftOut(first!.results)];
  process.stdout.write(`${parts.filter((part) => part !== undefined).join('\n\n')}\n`);
}
