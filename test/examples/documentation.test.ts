// documentation.test.ts: what the documentation shows runs, what it says of options is so, and its links lead somewhere.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { OPTION_RULES } from '#lib/options.js';
import { Example, ORDERLY } from '../helpers/example.js';
import { programsOf } from '../helpers/programs.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

test('the first server of README.md does what it says, and ends with 0', async (t) => {
  const example = await Example.startFile(t, programsOf('README.md').get('server.mjs')!);
  const text = async (path: string, init?: RequestInit): Promise<string> =>
    (await fetch(example.url + path, init)).text();
  assert.equal(await text('/'), 'hello');
  assert.equal(await text('/users/1'), '{"id":"1","name":"Ada"}');
  assert.equal((await fetch(`${example.url}/users/2`)).status, 404);
  assert.equal(await text('/echo', { method: 'POST', body: 'there and back' }), 'there and back');
  assert.equal(await text('/healthz'), 'ok');
  assert.deepEqual(await example.stop(), ORDERLY);
  assert.equal(example.errors, '');
});

test('the CommonJS server of README.md does what it says', async (t) => {
  const example = await Example.startFile(t, programsOf('README.md').get('server.cjs')!);
  assert.equal(await (await fetch(`${example.url}/a/b?c`)).text(), 'you asked for /a/b');
  assert.equal(example.errors, '');
});

test('docs/limits.md has every limit and time-out, with its default and its range', () => {
  const page = read('docs/limits.md');
  for (const [option, { min, max, preset }] of Object.entries(OPTION_RULES)) {
    if (['reactors', 'threads'].includes(option)) continue; // are in docs/api.md
    const row = page.split('\n').find((line) => line.startsWith(`| \`${option}\` |`));
    assert.ok(row !== undefined, option);
    const [, , standard, range] = row.split(' | ').flatMap((cell, n) => (n === 0 ? ['', cell] : [cell]));
    const figure = (n: number): string => n.toLocaleString('en');
    assert.equal(standard!.replace(' (off)', ''), figure(preset), option);
    const said = range!.replace(' (off)', '');
    assert.ok(said.startsWith(`${figure(min)}–${figure(max)}`), `${option}: ${figure(min)}–${figure(max)}`);
  }
});

for (const page of PAGES) {
  test(`the links of ${page} lead somewhere`, () => {
    const text = read(page).replace(/^```.*?^```/gms, '');
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [file = '', anchor] = target!.split('#');
      const path = file === '' ? page : normalize(join(dirname(page), file));
      assert.ok(existsSync(join(ROOT, path)), target);
      if (anchor !== undefined) assert.ok(anchorsOf(read(path)).includes(anchor), target);
    }
  });
}

/** As GitHub makes them out of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}
