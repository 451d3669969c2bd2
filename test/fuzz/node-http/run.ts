// run.ts: `npm run fuzz:node-http`: compares what millrace and node:http make of made-up requests, and of files.
//
//   --cases 1000000      how many are made up
//   --seed 1             which ones; another seed for each run unless it is given
//   --heads DIR          also reads each file of a folder, such as the corpus of request_parser_fuzz
//   --bodies DIR         the same, as a chunked body: the corpus of chunked_decoder_fuzz
//   --reader FILE        an executable of read_requests.cc, for example one with sanitizers

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { randomFrom, testSeed, type Random } from '../../helpers/random.js';
import { Comparison } from './comparison.js';
import { RULES } from './differences.js';
import { inputFrom } from './inputs.js';

const HEAD_OF_BODY = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(testSeed()) },
    heads: { type: 'string', multiple: true, default: [] },
    bodies: { type: 'string', multiple: true, default: [] },
    reader: { type: 'string' },
  },
});

const comparison = new Comparison(options.reader);
for (const folder of options.heads) await comparison.add(filesOf(folder));
for (const folder of options.bodies) await comparison.add(filesOf(folder, HEAD_OF_BODY));
await comparison.add(madeUp(randomFrom(Number(options.seed)), Number(options.cases)));

console.log(
  `Node.js ${process.versions.node}, llhttp ${process.versions['llhttp'] ?? '?'}, seed ${options.seed}: ` +
    `${comparison.cases} cases, ${comparison.requests} requests understood as the same`,
);
for (const { name } of RULES) {
  console.log(`${String(comparison.explained.get(name) ?? 0).padStart(9)}  ${name}`);
}
if (comparison.unexplained !== undefined) {
  console.log(`no rule explains ${comparison.unexplained}`);
  process.exitCode = 1;
}

function* filesOf(folder: string, ahead = ''): Generator<string> {
  for (const file of readdirSync(folder)) yield ahead + readFileSync(join(folder, file), 'latin1');
}

function* madeUp(random: Random, cases: number): Generator<string> {
  for (let made = 0; made < cases; ++made) yield inputFrom(random);
}
