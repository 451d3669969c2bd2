// What a process has counted is there to its end, also where it exits without close().

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runScript } from '../helpers/script.js';

test("'exit' listeners that come behind the end of the native threads find the server's figures", async (t) => {
  const { code, stdout, stderr } = await runScript(
    t,
    `import { createServer } from 'millrace';
     const server = createServer((req, res) => res.end('x'));
     const { port } = await server.listen({ host: '127.0.0.1' });
     process.on('exit', () => {
       const { listening, requests, connections, reactors } = server.stats();
       console.log(listening, requests.handled, requests.answered, connections.open, reactors.length);
     });
     for (let i = 0; i < 5; i++) await (await fetch('http://127.0.0.1:' + port)).text();
     process.exit(3);`,
  );
  assert.deepEqual([code, stdout, stderr], [3, 'false 5 5 0 1\n', '']);
});
