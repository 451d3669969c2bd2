// browser-head.ts: the request head that a browser sends: what the parser costs.

import { HELLO } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

/** Of a page load by a desktop browser: twelve with Host. */
const BROWSER_FIELDS = {
  Connection: 'keep-alive',
  'Cache-Control': 'max-age=0',
  'Upgrade-Insecure-Requests': '1',
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
  Referer: 'http://127.0.0.1/articles/on-the-analytical-engine?page=2&sort=newest&from=index',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9,de;q=0.7',
};

export const browserHead = loadScenario({
  name: 'browser-head',
  title: '64 connections, the head of a browser: 12 fields, 600 bytes',
  servers: ['millrace', 'uwebsockets', 'floor'],
  application: 'hello',
  probe: { path: '/', expected: HELLO },
  load: { connections: 64, headers: BROWSER_FIELDS },
  claims: [
    {
      label: 'browser head: server CPU / floor',
      metric: 'serverCpu',
      reference: 'floor',
      must: 'be at most',
      bound: 1.45,
      goal: 1.3,
    },
  ],
});
