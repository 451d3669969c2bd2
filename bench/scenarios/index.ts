// index.ts: all suites and their scenarios, in the order in which they run.

import type { Suite } from '../scenario.js';
import { asyncHello } from './async-hello.js';
import { browserHead } from './browser-head.js';
import { file100k, file10m, file1k, gzipJson, nativeHash } from './files.js';
import { ownRate50, ownRate80, rate50, rate80 } from './fixed-rate.js';
import { fourReactors } from './four-reactors.js';
import { hello } from './hello.js';
import { idleMemory } from './idle-memory.js';
import {
  largeAnswers,
  pipedAnswers,
  readableAnswers,
  streamedAnswers,
  uploadsInPieces,
  wholeUploads,
  writtenAnswers,
} from './large-bodies.js';
import { connectionARequest, connections4096, connections512 } from './connections.js';
import { cannedBlocked, twoReactors } from './canned.js';
import { slowMixed } from './mixed.js';
import { eightConnections, oneConnection } from './low-load.js';
import { order } from './order.js';
import { pipelined } from './pipelined.js';
import { QUICK } from './quick.js';
import { blocked } from './threads-blocked.js';
import { cpuBound } from './threads-cpu.js';
import { threadsHello } from './threads-hello.js';
import { killed } from './threads-killed.js';
import { uneven } from './threads-uneven.js';
import { timer } from './timer.js';
import { userJson } from './user-json.js';

/** The first one is what runs where none is named. */
export const SUITES: readonly Suite[] = [
  QUICK,
  {
    name: 'server',
    title: 'one JavaScript thread, against node:http and the floor',
    scenarios: [
      hello,
      browserHead,
      userJson,
      asyncHello,
      pipelined,
      oneConnection,
      eightConnections,
      rate50,
      rate80,
      ownRate50,
      ownRate80,
      connectionARequest,
      connections512,
      connections4096,
      slowMixed,
      cannedBlocked,
      fourReactors,
      twoReactors,
      timer,
      idleMemory,
      order,
      largeAnswers,
      writtenAnswers,
      streamedAnswers,
      pipedAnswers,
      readableAnswers,
      uploadsInPieces,
      wholeUploads,
    ],
  },
  {
    name: 'threads',
    title: 'handler threads, against fewer of them and against node:cluster',
    scenarios: [cpuBound, uneven, threadsHello, blocked, killed],
  },
  {
    name: 'files',
    title: 'files and compression, against nginx, Express and Fastify',
    scenarios: [file1k, file100k, file10m, gzipJson, nativeHash],
  },
];
