// What the command line may say, and what is said to what it may not.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { PACKAGE_ROOT } from '../helpers/script.js';
import { folderWith, MAIN, runCommand } from './cli.js';

const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
  version: string;
};

for (const args of [
  ['--help'],
  ['-h'],
  ['help'],
  ['serve', '--help'],
  ['serve', '-h'],
  ['load', '--help'],
  ['load', '-h'],
]) {
  test(`\`millrace ${args.join(' ')}\` explains itself on stdout`, async (t) => {
    const { code, stdout, stderr } = await runCommand(t, args);
    assert.match(stdout, /^Usage: millrace /);
    assert.deepEqual([code, stderr], [0, '']);
  });
}

test('`millrace help serve` is `millrace serve --help`', async (t) => {
  assert.deepEqual(await runCommand(t, ['help', 'serve']), await runCommand(t, ['serve', '--help']));
});

for (const args of [['--version'], ['serve', '--version'], ['load', '--version']]) {
  test(`\`millrace ${args.join(' ')}\` prints the version of the package`, async (t) => {
    assert.deepEqual(await runCommand(t, args), {
      code: 0,
      signal: null,
      stdout: `${version}\n`,
      stderr: '',
    });
  });
}

for (const [command, least] of [
  ['serve', 13],
  ['load', 20],
] as const) {
  test(`every flag is in docs/${command}.md and in the help`, async (t) => {
    const docs = readFileSync(join(PACKAGE_ROOT, `docs/${command}.md`), 'utf8');
    const { stdout } = await runCommand(t, [command, '--help']);
    const inHelp = [...stdout.matchAll(/^ {2}(?:-\w, | {4})--([\w-]+)/gm)].map(([, name]) => name!);
    assert.ok(inHelp.length >= least, stdout);
    for (const name of inHelp) assert.ok(docs.includes(`\`--${name}\``), name);
  });
}

const WRONG: readonly (readonly [args: string, message: RegExp])[] = [
  ['help srve', /^millrace: there is no command 'srve'; did you mean 'serve'\?\n$/],
  ['', /^millrace: which command\? There is serve, load;/],
  ['srve', /there is no command 'srve'; did you mean 'serve'\?/],
  ['constructor', /there is no command 'constructor'; there is serve/],
  ['serve --prot 1', /there is no flag '--prot'; did you mean --port\?/],
  ['serve --constructor', /there is no flag '--constructor'; `millrace serve --help` lists the flags/],
  ['serve -x', /there is no flag '-x'/],
  ['serve --port x', /--port must be a number from 0 to 65535, not 'x'/],
  ['serve --port 65536', /--port must be a number from 0 to 65535, not '65536'/],
  ['serve --port 1.5', /--port must be a number/],
  ['serve --port', /--port needs a value: --port PORT/],
  ['serve --port=', /--port needs a value: --port PORT/],
  ['serve --host --quiet', /--host needs a value: --host HOST/],
  ['serve --quiet=1', /--quiet takes no value/],
  ['serve --reactors 0', /--reactors must be a number from 1 to 64, not '0'/],
  ['serve --workers 129', /--workers must be a number from 1 to 128, not '129'/],
  [
    'serve --max-age soon',
    /--max-age must be a time such as 1h or '7 days', or seconds, a year at most, not 'soon'/,
  ],
  ['serve --max-age 99999999999', /--max-age must be/],
  ['serve /nowhere/at/all', /the directory '\/nowhere\/at\/all' does not exist/],
  ['serve package.json', /package\.json' is not a directory; name the one that it is in/],
  ['serve lib test', /one directory can be served, not 2: 'lib' 'test'/],
  ['serve --spa --listing', /--spa and --listing exclude each other/],
  ['serve --spa lib', /--spa needs a file index\.html, and '.*\/lib' has none/],
  [`serve ${'x'.repeat(300)}`, /cannot be looked at: the name is longer than a file system has any/],
  ['serve --host 127.0.0.1:80', /--host takes an address or a name of this machine, not '127\.0\.0\.1:80'/],
];

for (const [args, message] of WRONG) {
  test(`\`millrace ${args}\` says in one line what would be right, and exits with 2`, async (t) => {
    const { code, stdout, stderr } = await runCommand(t, args === '' ? [] : args.split(' '));
    assert.match(stderr, message);
    assert.match(stderr, /^millrace: [^\n]+\n$/);
    assert.deepEqual([code, stdout], [2, '']);
  });
}

test('a directory without a name, such as an unset variable gives, is not the working directory', async (t) => {
  const { code, stderr } = await runCommand(t, ['serve', '']);
  assert.match(stderr, /the directory has no name; '\.' is the working directory/);
  assert.equal(code, 2);
});

test('output that cannot be written is said, and is 1', (t) => {
  const full = openSync('/dev/full', 'w');
  t.after(() => {
    closeSync(full);
  });
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--help'], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  assert.match(stderr, /^millrace: the output cannot be written: ENOSPC[^\n]*\n$/);
  assert.equal(status, 1);
});

test('what was typed cannot reach the terminal as a control sequence', async (t) => {
  const { stderr } = await runCommand(t, ['serve', '/\u001b[2J\u202e']);
  assert.match(stderr, /'\/\\x1b\[2J\\u202e' does not exist/);
});

test('a port that is taken: exit code 1, and what to do', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { code, stdout, stderr } = await runCommand(t, ['serve', 'lib', '--port', String(port)]);
  assert.equal(stderr, `millrace: port ${String(port)} of 127.0.0.1 is taken; --port 0 picks a free one\n`);
  assert.deepEqual([code, stdout], [1, '']);
});

for (const [host, message] of [
  ['192.0.2.1', /'192\.0\.2\.1' is no address of this machine; 127\.0\.0\.1 is/],
  ['no-host.invalid', /there is no host 'no-host\.invalid'/],
] as const) {
  test(`--host ${host}: exit code 1, and what to do`, async (t) => {
    const folder = folderWith(t, {});
    const { code, stderr } = await runCommand(t, ['serve', folder, '--host', host, '--port', '0']);
    assert.match(stderr, message);
    assert.match(stderr, /^millrace: [^\n]+\n$/);
    assert.equal(code, 1);
  });
}
