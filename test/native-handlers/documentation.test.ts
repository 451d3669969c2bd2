// What docs/native-handlers.md shows compiles and runs, and what it lists is what there is.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { compileLibrary } from '../helpers/c-library.js';
import { PACKAGE_ROOT, runScript } from '../helpers/script.js';

const read = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), 'utf8');
const GUIDE = read('docs/native-handlers.md');
const HEADER = read('include/millrace.h');

const block = (language: string): string =>
  new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(GUIDE)![1]!;

test('the first handler of the guide does what it says', async (t) => {
  const library = compileLibrary('', {
    name: 'hello',
    text: block('c'),
    folder: 'out/native-libraries/guide',
  });
  const server = block('js').replace('port: 8080', 'port: 0');
  const { code, stdout, stderr } = await runScript(
    t,
    `${server}
     const { port } = server.address();
     const answer = await fetch('http://127.0.0.1:' + port + '/hello/J%C3%B6rg');
     console.log(answer.status, answer.headers.get('content-type'), await answer.text());
     await server.close();`,
    { cwd: dirname(library) },
  );
  assert.deepEqual([code, stdout, stderr], [0, '200 text/plain; charset=utf-8 hello Jörg\n', '']);
});

test('the guide names every function of the header, and every code', () => {
  const functions = [...HEADER.matchAll(/^ {2}\S+ \(\*(\w+)\)\(/gm)].map(([, name]) => name!);
  assert.equal(functions.length, 18);
  for (const name of functions) assert.match(GUIDE, new RegExp(`\`${name}\\b`), name);
  const codes = [...HEADER.matchAll(/^ {2}(MILLRACE_\w+) = \d/gm)].map(([, name]) => name!);
  assert.equal(codes.length, 10);
  for (const name of codes.filter((code) => code !== 'MILLRACE_OK')) assert.ok(GUIDE.includes(name), name);
});

test('the header compiles as C++ and where warnings are many', () => {
  const folder = join(PACKAGE_ROOT, 'out/native-libraries');
  mkdirSync(folder, { recursive: true });
  const source = join(folder, 'warnings.cc');
  writeFileSync(source, block('c'));
  const flags = ['-Wconversion', '-Wshadow', '-Wmissing-declarations', '-fvisibility=hidden'];
  compileLibrary('', { name: 'warnings-c', text: block('c'), libraries: flags });
  compileLibrary('out/native-libraries/warnings.cc', {
    name: 'warnings-cc',
    libraries: flags,
    standard: 'c++11',
  });
});
