// files.ts: files, against nginx and Express; and answers that are compressed.

import { createHash } from 'node:crypto';
import { measureUnderLoad, warmUp } from '../measure/load-run.js';
import { withLoopDelay } from '../measure/loop-delay.js';
import type { Claim, Metric, Scenario, ServerName } from '../scenario.js';
import type { FILE_BYTES } from '../variants/files.js';
import { contentsOf, filePath, JSON_TEXT } from '../variants/files.js';
import { loadScenario } from './load-scenario.js';

const COLUMNS: readonly Metric[] = ['requestsPerSecond', 'serverCpu', 'jsCpu', 'jsShare', 'p99', 'memory'];

/** Share of a core in the thread of the application, while it has nothing to do. */
const JS_THREAD_RESTS: Claim = {
  label: 'JS thread while files are served: share of a core',
  metric: 'jsShare',
  must: 'be at most',
  bound: 0.005,
  judge: 'worst',
};

function cpu(label: string, reference: ServerName, bound: number): Claim {
  return {
    label: `${label}: server CPU / ${reference}`,
    metric: 'serverCpu',
    reference,
    must: 'be at most',
    bound,
  };
}

function file(
  name: keyof typeof FILE_BYTES,
  size: string,
  connections: number,
  servers: readonly ServerName[],
  claims: readonly Claim[],
): Scenario {
  return loadScenario({
    name,
    title: `${connections} connections, a file of ${size}`,
    servers,
    application: { files: name },
    probe: { path: filePath(name), expected: contentsOf(name) },
    load:
      name === 'file-10m'
        ? { discards: true, connections, path: filePath(name) }
        : { connections, path: filePath(name) },
    columns: COLUMNS,
    claims,
  });
}

export const file1k = file(
  'file-1k',
  '1 KB',
  64,
  ['millrace', 'nginx', 'express'],
  [cpu('1 KB file', 'nginx', 0.9), cpu('1 KB file', 'express', 1 / 8), JS_THREAD_RESTS],
);
export const file100k = file(
  'file-100k',
  '100 KB',
  64,
  ['millrace', 'nginx'],
  [cpu('100 KB file', 'nginx', 1)],
);
export const file10m = file('file-10m', '10 MB', 16, ['millrace', 'nginx'], [cpu('10 MB file', 'nginx', 1)]);

const HASHED = 'x'.repeat(64 * 1024);
const HASH_LOAD = { connections: 16, body: HASHED };

/** A handler that computes, in C on the worker pool, and in JavaScript. */
export const nativeHash: Scenario = {
  name: 'native-hash',
  title:
    "16 connections, POST of 64 KB, its SHA-256: in plain C by a native handler, with the processor's SHA instructions by node:crypto",
  servers: ['millrace', 'js-handler'],
  application: { files: 'native-hash' },
  probe: {
    method: 'POST',
    path: '/',
    body: HASHED,
    expected: `${createHash('sha256').update(HASHED).digest('hex')}\n`,
  },
  columns: ['requestsPerSecond', 'serverCpu', 'jsCpu', 'jsShare', 'loopDelay', 'p99'],
  claims: [
    {
      label: 'native handler computes: event loop late, p99',
      metric: 'loopDelay',
      must: 'be at most',
      bound: 2,
    },
  ],
  async measure(server, { seconds }) {
    await warmUp(server, HASH_LOAD);
    return withLoopDelay(server, () => measureUnderLoad(server, HASH_LOAD, seconds));
  },
};

export const gzipJson = loadScenario({
  name: 'gzip-json',
  title: `64 connections, ${(JSON_TEXT.length / 1000).toFixed(0)} KB of JSON compressed with gzip`,
  servers: ['millrace', 'express', 'fastify'],
  application: { files: 'gzip-json' },
  probe: { path: '/', expected: JSON_TEXT },
  load: { connections: 64, headers: { 'Accept-Encoding': 'gzip' } },
  columns: ['requestsPerSecond', 'serverCpu', 'jsCpu', 'jsShare', 'loopDelay', 'p99', 'memory'],
  claims: (['express', 'fastify'] as const).flatMap((reference): Claim[] => [
    {
      label: `JSON with gzip: req/s / ${reference}`,
      metric: 'requestsPerSecond',
      reference,
      must: 'be at least',
      bound: 2,
    },
    {
      label: `JSON with gzip: JS thread / ${reference}`,
      metric: 'jsCpu',
      reference,
      must: 'be at most',
      bound: 1 / 20,
    },
  ]),
});
