import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { PACKAGE_ROOT, runScript } from '../helpers/script.js';

/** A folder outside the package, in which `millrace` is installed as `npm install <path>` does it. */
function projectFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-project-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(PACKAGE_ROOT, join(folder, 'node_modules/millrace'), 'dir');
  return folder;
}

/** Serves one request to itself, and says what came. */
const SERVE = `
  async function main() {
    const server = createServer({ reactors: 2 });
    server.get('/', (req, res) => res.json({ hello: req.header('user-agent') !== undefined }));
    const { port } = await server.listen({ host: '127.0.0.1' });
    const answer = await fetch('http://127.0.0.1:' + port + '/');
    console.log(answer.status, await answer.text());
    await server.close();
  }
  main();`;

for (const [type, load] of [
  ['module', "import { createServer } from 'millrace';"],
  ['module', "const { createServer } = await import('millrace');"],
  ['commonjs', "const { createServer } = require('millrace');"],
] as const) {
  test(`another project can use it from ${type}: ${load}`, async (t) => {
    const { code, stdout, stderr } = await runScript(t, load + SERVE, { cwd: projectFolder(t), type });
    assert.equal(stdout, '200 {"hello":true}\n');
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });
}

test('require and import give the same classes', async (t) => {
  const { stdout, stderr } = await runScript(
    t,
    `import { createRequire } from 'node:module';
     import * as imported from 'millrace';
     const required = createRequire(import.meta.url)('millrace');
     console.log(required.OptionError === imported.OptionError, required.createServer === imported.createServer);`,
    { cwd: projectFolder(t) },
  );
  assert.deepEqual([stdout, stderr], ['true true\n', '']);
});

test('importing it, and making a server, starts no thread and holds up no process', async (t) => {
  const { code, stdout, stderr } = await runScript(
    t,
    `import { readdirSync, readFileSync } from 'node:fs';
     import { createServer } from 'millrace';
     createServer();
     const threads = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8'));
     console.log(threads.filter((name) => name.includes('millrace')).length);`,
    { cwd: projectFolder(t) },
  );
  assert.deepEqual([code, stdout, stderr], [0, '0\n', '']);
});

test('the declarations ask for @types/node of the oldest Node.js that is supported', () => {
  const { engines, peerDependencies } = JSON.parse(
    readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'),
  ) as {
    engines: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  // Those of 20.0 to 20.11 have an EventEmitter without type parameters, on which Server has no on().
  assert.equal(peerDependencies['@types/node'], engines['node']);
});

/** The paths that `npm pack` would put into the tarball. */
function packedFiles(): string[] {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: PACKAGE_ROOT, encoding: 'utf8' })) as [
    { files: { path: string }[] },
  ];
  return packed.files.map(({ path }) => path);
}

test('the tarball has the header of native handlers, what it is compiled with, and the examples that pages name', () => {
  const files = packedFiles();
  for (const path of ['include/millrace.h', 'native/handlers/handler_api.cc', 'docs/native-handlers.md']) {
    assert.ok(files.includes(path), path);
  }
  const named = files
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => [
      ...readFileSync(join(PACKAGE_ROOT, path), 'utf8').matchAll(/\]\((?:\.\.\/)?(examples\/[^)]+)\)/g),
    ])
    .map(([, path]) => path!);
  assert.ok(named.length > 5);
  for (const path of named) assert.ok(files.includes(path), path);
});

test('where Node.js may not load addons, the error says so, and not that there is none', async (t) => {
  const { stdout } = await runScript(
    t,
    `import { createServer } from 'millrace';
     try {
       createServer();
     } catch (error) {
       console.log(error.code, error.cause.code, error.message);
     }`,
    { flags: ['--no-addons'] },
  );
  assert.match(
    stdout,
    /^ERR_MILLRACE_ADDON ERR_DLOPEN_DISABLED .* may not load the native part .*--no-addons/,
  );
});

test('what is no part of its public face cannot be imported', async (t) => {
  const { stdout } = await runScript(
    t,
    `for (const path of ['dist/server.js', 'lib/errors.js', 'build/Release/millrace.node', 'http'])
       await import('millrace/' + path).catch((error) => console.log(error.code));`,
    { cwd: projectFolder(t) },
  );
  assert.equal(stdout, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n'.repeat(4));
});
