// large-bodies.ts: bodies of which the kernel's copying is the largest part, both ways.

import type { Claim, Scenario, ServerName } from '../scenario.js';
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

/** The claims of scenarios with these servers. The floor shows what of the bound nobody can keep. */
function claims(label: string, others: readonly ServerName[]): readonly Claim[] {
  const claim = cpuClaim(label);
  return [others.includes('floor') ? { ...claim, beside: 'floor' } : claim];
}

function answers(name: Application, how: string, others: readonly ServerName[] = []): Scenario {
  return loadScenario({
    name,
    title: `64 connections, GET /, 64 KiB answered ${how}`,
    servers: ['millrace', 'node-http', ...others],
    application: name,
    probe: { path: '/', expected: LARGE_ANSWER.toString() },
    load: { connections: 64 },
    claims: claims(`64 KiB ${how}`, others),
  });
}

function uploads(name: Application, how: string, others: readonly ServerName[]): Scenario {
  const body = 'x'.repeat(UPLOAD_BYTES);
  return loadScenario({
    name,
    title: `16 connections, POST /, 1 MiB, read ${how}`,
    servers: ['millrace', 'node-http', ...others],
    application: name,
    probe: { method: 'POST', path: '/', body, expected: String(UPLOAD_BYTES) },
    load: { connections: 16, body },
    claims: claims(`1 MiB read ${how}`, others),
  });
}

// The floor knows no ways to answer and to read: once for each direction is enough.
export const largeAnswers = answers('large-answers', 'at once', ['uwebsockets', 'floor']);
export const writtenAnswers = answers('written-answers', 'in four pieces');
export const streamedAnswers = answers('streamed-answers', 'in four turns of the event loop');
export const readableAnswers = answers('readable-answers', 'by a Readable that is piped');
export const pipedAnswers = answers('piped-answers', 'by a generator that is piped');
export const uploadsInPieces = uploads('uploads', 'in pieces', ['uwebsockets', 'floor']);
export const wholeUploads = uploads('whole-uploads', 'whole', ['uwebsockets']);
