// What the tools behind `npm run bench:profile` write, read.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readCallgrindFile } from '../../bench/profile/callgrind-file.js';
import { PerfMap, readable } from '../../bench/profile/perf-map.js';
import { readPerfReport } from '../../bench/profile/perf.js';
import { shortened } from '../../bench/profile/profile-report.js';
import { cpuByName, threadCpus } from '../../bench/profile/thread-cpu.js';

const MAP = [
  '7f0000001000 80 JS:*drain file:///app/dist/channel.js:57:13',
  '7f0000002000 10 Builtin:LoadIC',
  'no line of this kind',
  '7f0000001000 40 JS:~drain file:///app/dist/channel.js:57:13',
  '',
].join('\n');

test('the map of compiled code knows what is at an address; what is written later counts', () => {
  const map = new PerfMap(MAP);
  assert.equal(map.nameAt(0x7f0000001000), 'drain (channel.js)');
  assert.equal(map.nameAt(0x7f000000103f), 'drain (channel.js)');
  assert.equal(map.nameAt(0x7f0000001040), undefined, 'the later version is shorter');
  assert.equal(map.nameAt(0x7f0000002008), 'Builtin:LoadIC');
  assert.equal(map.nameAt(0x7f0000000fff), undefined);
  assert.equal(new PerfMap('').nameAt(1), undefined);
});

test('names of JavaScript functions are the function and its file', () => {
  assert.equal(readable('JS:*#send file:///app/dist/response.js:20:3'), '#send (response.js)');
  assert.equal(readable('JS:^processImmediate node:internal/timers:438:28'), 'processImmediate (timers)');
  assert.equal(readable('JS:* file:///app/app.js:1:1'), '(anonymous) (app.js)');
  assert.equal(readable('Builtins_LoadIC'), 'Builtins_LoadIC');
});

test('of a callgrind file the instructions of each function itself are counted, not those of what it calls', () => {
  const text = [
    '# callgrind format',
    'version: 1',
    'positions: line',
    'events: Ir',
    '',
    'ob=(1) /lib/libc.so.6',
    'fl=(1) a.c',
    'fn=(1) outer',
    '10 5',
    '+2 7',
    'cfi=(2) b.c',
    "cfn=(2) inner'2",
    'calls=3 +1 ',
    '* 1000',
    '-4 1',
    '',
    'fn=(2)',
    '1 300',
    '',
    'fn=(3) 0x00007f0000001010',
    '0 40',
    'fn=(4) 0x00007f00000fffff',
    '0 2',
    'fn=(1)',
    '* 100',
    'totals: 455',
  ].join('\n');
  const counted = readCallgrindFile(text, (address) => new PerfMap(MAP).nameAt(address));
  assert.deepEqual(Object.fromEntries(counted), {
    outer: 113,
    inner: 300,
    'drain (channel.js)': 40,
    'code that V8 has made, or of a library without names': 2,
  });
  assert.equal(
    [...counted.values()].reduce((a, b) => a + b),
    455,
  );
});

test('a report of perf: the heaviest first, with the thread that it was in', () => {
  const text = [
    '  1.50% ;  23874:node         ;[.] JS:*push file:///app/dist/response-ring.js:41:9',
    ' 17.29% ;  23890:millrace-io-0;[k] _copy_from_iter',
    ' 3.04%  ;23875:node;[.] std::vector<int, std::allocator<int> >::push_back(int&&)',
    'nothing of the kind',
    '',
  ].join('\n');
  assert.deepEqual(readPerfReport(text, 23874), [
    { name: '_copy_from_iter [kernel]', thread: 'millrace-io-0', share: 0.1729 },
    {
      name: 'std::vector<int, std::allocator<int> >::push_back(int&&)',
      thread: 'node',
      share: 0.0304,
    },
    { name: 'push (response-ring.js)', thread: 'main thread', share: 0.015 },
  ]);
});

test('names are shortened to what tells functions apart', () => {
  for (const [name, short] of [
    ['push (response-ring.js)', 'push (response-ring.js)'],
    ['_copy_from_iter [kernel]', '_copy_from_iter [kernel]'],
    ['finish_task_switch.isra.0 [kernel]', 'finish_task_switch.isra.0 [kernel]'],
    [
      'millrace::RequestParser::parse(char const*, unsigned long) [/app/millrace.node]',
      'RequestParser::parse',
    ],
    ['millrace::Status millrace::Parser::read<millrace::Scan<4> >(int (*)(int)) const', 'Parser::read'],
    [
      'v8::internal::(anonymous namespace)::Invoke(v8::internal::Isolate*) [clone .isra.0]',
      'v8::internal::Invoke',
    ],
    ['__memmove_avx512_unaligned_erms', '__memmove_avx512_unaligned_erms'],
    ['x'.repeat(200), `${'x'.repeat(87)}…`],
  ] as const)
    assert.equal(shortened(name), short);
});

test('CPU of threads is added up by their names, and what was used before does not count', () => {
  const cpu = (name: string, totalUs: number) => ({
    name,
    totalUs,
    userUs: totalUs / 2,
    systemUs: totalUs / 2,
  });
  const before = new Map([
    [1, cpu('main thread', 100)],
    [2, cpu('node', 10)],
  ]);
  const after = new Map([
    [1, cpu('main thread', 130)],
    [2, cpu('node', 30)],
    [3, cpu('node', 40)],
  ]);
  assert.deepEqual(cpuByName(before, after), [cpu('node', 60), cpu('main thread', 30)]);
});

test('the threads of this process have names, and CPU', () => {
  const threads = threadCpus(process.pid);
  assert.equal(threads.get(process.pid)?.name, 'main thread');
  assert.ok(threads.get(process.pid)!.totalUs > 0);
  assert.ok(threads.size > 1);
});
