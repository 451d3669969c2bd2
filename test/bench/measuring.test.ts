// measuring.test.ts: what the clients are told to send, and what is read from them and from Linux.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { processWork, workBetween } from '../../bench/measure/process-work.js';
import { CLIENTS, type Load, sendWith, startLoad } from '../../bench/measure/load.js';
import { parseLoad } from '../../bench/measure/millrace-load.js';
import { canCountSystemCalls, readCount, systemCallsDuring } from '../../bench/measure/system-calls.js';
import { parseWrk } from '../../bench/measure/wrk.js';

const WRK = `Running 1s test @ http://127.0.0.1:18999/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.15ms    4.59ms  46.65ms   96.16%
    Req/Sec    51.11k    22.83k   70.67k    80.00%
  Latency Distribution
     50%  107.00us
     75%  198.00us
     90%    1.69ms
     99%   30.22ms
  50729 requests in 1.00s, 5.95MB read
Requests/sec:  50676.80
Transfer/sec:      5.94MB
     99.9%  42970us
`;

test('all percentiles are read, in milliseconds', () => {
  const result = parseWrk(WRK);
  assert.deepEqual(result.latencyMs, { p50: 0.107, p90: 1.69, p99: 30.22, p999: 42.97 });
  assert.equal(result.requests, 50_729);
  assert.equal(result.problem, null);
});

test('a client that tells two percentiles is understood', () => {
  const text = '  100 requests in 1.00s\nRequests/sec: 100.00\n     50%  1.5ms\n     99%  2.5ms\n';
  assert.deepEqual(parseWrk(text).latencyMs, { p50: 1.5, p99: 2.5 });
});

test('socket errors and unexpected answers are told', () => {
  const errors = '  Socket errors: connect 0, read 3, write 0, timeout 0\n  Non-2xx or 3xx responses: 7\n';
  assert.equal(
    parseWrk(WRK + errors).problem,
    'Socket errors: connect 0, read 3, write 0, timeout 0, Non-2xx or 3xx responses: 7',
  );
});

test('of millrace load the same is read; what was due in its last moment is no problem', () => {
  const latencyUs = { p50: 100, p90: 200, p99: 1_500, p999: 2_500, max: 9_000 };
  const result = { answers: 10_000, answersPerSecond: 5_000, unsent: 1, unanswered: 0, latencyUs };
  const errors = { total: 0, connect: 0, timeout: 0 };
  assert.deepEqual(parseLoad(JSON.stringify({ ...result, errors })), {
    requests: 10_000,
    requestsPerSecond: 5_000,
    latencyMs: { p50: 0.1, p90: 0.2, p99: 1.5, p999: 2.5 },
    problem: null,
  });
  const bad = { ...result, unsent: 500, unanswered: 3, errors: { total: 2, connect: 0, timeout: 2 } };
  assert.equal(parseLoad(JSON.stringify(bad)).problem, 'timeout 2, unanswered 3, unsent 500');
});

/** What arrives under a load of one second. */
async function arrivals(
  load: Load,
): Promise<{ requests: Set<string>; perConnection: number; counted: number }> {
  const requests = new Set<string>();
  let connections = 0;
  let count = 0;
  const server = createServer((req, res) => {
    count++;
    const digest = createHash('sha256');
    req.on('data', (piece: Buffer) => digest.update(piece));
    req.on('end', () => {
      const { method, url, headers } = req;
      const kept = headers.connection?.toLowerCase() === 'close' ? 'close' : 'keep-alive';
      requests.add([method, url, headers['x-one'], headers['x-two'], kept, digest.digest('hex')].join(' '));
      res.end('ok');
    });
  });
  server.on('connection', () => connections++);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const result = await startLoad((server.address() as AddressInfo).port, load, 1).result;
    assert.equal(result.problem, null);
    return { requests, perConnection: count / connections, counted: result.requests / count };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

for (const client of CLIENTS) {
  const isMissing = client === 'wrk' && spawnSync('wrk', ['-v']).error !== undefined;
  test(`${client} sends what a load says`, { skip: isMissing && 'wrk is not installed' }, async () => {
    const hashOf = (body: string): string => createHash('sha256').update(body).digest('hex');
    const body = 'ä"\n'.repeat(50_000); // longer than an argument can be
    sendWith(client);
    try {
      const posted = await arrivals({
        connections: 2,
        path: '/orders?n=1',
        headers: { 'X-One': 'a b', 'X-Two': 'b: c' },
        body,
      });
      const expected = ['POST', '/orders?n=1', 'a b', 'b: c', 'keep-alive', hashOf(body)].join(' ');
      assert.deepEqual([...posted.requests], [expected]);

      const pipelined = await arrivals({ connections: 2, pipelined: 4 });
      assert.deepEqual([...pipelined.requests], [['GET', '/', '', '', 'keep-alive', hashOf('')].join(' ')]);
      assert.ok(pipelined.counted > 0.9 && pipelined.counted <= 1, String(pipelined.counted));

      const closing = await arrivals({ connections: 2, aConnectionARequest: true });
      assert.deepEqual([...closing.requests], [['GET', '/', '', '', 'close', hashOf('')].join(' ')]);
      // Some have not asked when the time is over.
      assert.ok(closing.perConnection > 0.9 && closing.perConnection <= 1, String(closing.perConnection));
    } finally {
      sendWith('millrace');
    }
  });
}

test(
  'system calls are counted while somebody works',
  { skip: !canCountSystemCalls() && 'perf may not count' },
  async () => {
    const calls = 1_000; // process.umask() is two of them
    const script = `process.stdin.on('data', () => { for (let n = 0; n < ${String(calls / 2)}; n++) process.umask(); console.log('done'); })`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      child.stdin.write('\n');
      await once(child.stdout, 'data'); // it is there, and what starting takes is behind it
      const counted = await systemCallsDuring(child.pid!, async () => {
        child.stdin.write('\n');
        await once(child.stdout, 'data');
      });
      assert.ok(counted >= calls && counted < 1.5 * calls, String(counted));
      assert.throws(
        () => readCount('Error: no permission'),
        /something else than a count: Error: no permission/,
      );
    } finally {
      child.kill();
    }
  },
);

test('something else than the output of wrk is shown', () => {
  assert.throws(() => parseWrk('unable to connect'), /printed something else.*\nunable to connect/s);
});

test('user and system CPU add up to the whole, and waits are counted', () => {
  const switches = (
    waits: number,
    preemptions: number,
  ): Map<number, { waits: number; preemptions: number }> => new Map([[1, { waits, preemptions }]]);
  const before = { userTicks: 10, systemTicks: 10, switches: switches(100, 10) };
  const after = {
    userTicks: 40,
    systemTicks: 20,
    switches: switches(150, 30).set(2, { waits: 50, preemptions: 0 }),
  };
  assert.deepEqual(workBetween(before, after, 400_000, 1_000), {
    userCpu: 300,
    systemCpu: 100,
    waits: 100,
    preemptions: 20,
  });
});

test('a run too short for a tick tells no shares', () => {
  const nothing = { userTicks: 1, systemTicks: 1, switches: new Map() };
  assert.deepEqual(workBetween(nothing, nothing, 10, 1), { waits: 0, preemptions: 0 });
});

test('a process that computes runs in user mode, and one that sleeps waits', async (t) => {
  // Computes for 60 ticks of its own CPU time, then waits 50 times.
  const source = `
    process.title = ') S 1 2 3';
    while (process.cpuUsage().user < 600_000) for (let i = 0; i < 1e7; i++);
    let turns = 50;
    const timer = setInterval(() => { if (--turns === 0) { clearInterval(timer); console.log('done'); } }, 1);
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => {
    child.kill('SIGKILL');
  });
  const before = processWork(child.pid!);
  await once(createInterface(child.stdout), 'line');
  const after = processWork(child.pid!);
  const { userCpu, systemCpu, waits } = workBetween(before, after, 1, 1);
  assert.ok(userCpu! > systemCpu! && userCpu! + systemCpu! > 0.999, `${userCpu} ${systemCpu}`);
  assert.ok(waits! >= 50_000, `${waits} waits for 1,000 requests`);
});
