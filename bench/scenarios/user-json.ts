// user-json.ts: a handler that reads its request: path, one parameter, two fields; 200 bytes of JSON.

import { userOf } from '../variants/applications.js';
import { loadScenario } from './load-scenario.js';

const ID = '1815';
const PATH = `/users/${ID}`;
const HEADERS = { Accept: 'application/json', 'Accept-Language': 'en' };

export const userJson = loadScenario({
  name: 'user-json',
  title: '64 connections, GET /users/:id, reads path, parameter, two fields, answers JSON',
  servers: ['millrace', 'node-http', 'uwebsockets'],
  application: 'user-json',
  probe: {
    path: PATH,
    headers: HEADERS,
    expected: JSON.stringify(userOf(ID, PATH, HEADERS.Accept, HEADERS['Accept-Language'])),
  },
  load: { connections: 64, path: PATH, headers: HEADERS },
  claims: [
    {
      label: 'request read, JSON: JS-thread CPU / node:http',
      metric: 'jsCpu',
      reference: 'node-http',
      must: 'be at most',
      bound: 1 / 6,
    },
  ],
});
