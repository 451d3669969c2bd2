// large-bodies.ts: bodies of which the kernel's copying is the largest part, both ways.

import type { Claim, Scenario } from '../scenario.js';
import { type Application, LARGE_ANSWER, UPLOAD_BYTES } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

/** What a byte costs: both servers move the same bytes for a request. */
function cpuClaim(label: string): Claim {
  return {
    label: `${label}: server CPU / node:http`,
    metric: 'serverCpu',
    reference: 'node-http',
    must: 'be at most',
    bound: 1 / 2,
  };
}

/** The floor shows what of the bound nobody can keep. */
const BESIDE_FLOOR = { beside: 'floor' } as const;

function answers(name: Application, how: string, floor: boolean): Scenario {
  const claim = cpuClaim(`64 KiB ${how}`);
  return loadScenario({
    name,
    title: `64 connections, GET /, 64 KiB answered ${how}`,
    servers: ['millrace', 'node-http', ...(floor ? (['floor'] as const) : [])],
    application: name,
    probe: { path: '/', expected: LARGE_ANSWER.toString() },
    load: { connections: 64 },
    claims: [floor ? { ...claim, ...BESIDE_FLOOR } : claim],
  });
}

function uploads(name: Application, how: string, floor: boolean): Scenario {
  const claim = cpuClaim(`1 MiB read ${how}`);
  const body = 'x'.repeat(UPLOAD_BYTES);
  return loadScenario({
    name,
    title: `16 connections, POST /, 1 MiB, read ${how}`,
    servers: ['millrace', 'node-http', ...(floor ? (['floor'] as const) : [])],
    application: name,
    probe: { method: 'POST', path: '/', body, expected: String(UPLOAD_BYTES) },
    load: { connections: 16, body },
    claims: [floor ? { ...claim, ...BESIDE_FLOOR } : claim],
  });
}

// The floor knows no ways to answer and to read: once for each direction is enough.
export const largeAnswers = answers('large-answers', 'at once', true);
export const writtenAnswers = answers('written-answers', 'in four pieces', false);
export const streamedAnswers = answers('streamed-answers', 'in four turns of the event loop', false);
export const pipedAnswers = answers('piped-answers', 'by a generator that is piped', false);
export const uploadsInPieces = uploads('uploads', 'in pieces', true);
export const wholeUploads = uploads('whole-uploads', 'whole', false);
