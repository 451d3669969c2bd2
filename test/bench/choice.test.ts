// choice.test.ts: what is known to be in vain before a run is refused before it, with a sentence.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { CannotRun } from '../../bench/cannot-run.js';
import { chooseScenarios } from '../../bench/choice.js';
import { checkDestinations, writeText } from '../../bench/report/destinations.js';
import type { ServerName } from '../../bench/scenario.js';
import { file1k } from '../../bench/scenarios/files.js';
import { hello } from '../../bench/scenarios/hello.js';

const everythingIsHere = (): null => null;
const nginxIsMissing = (name: ServerName): string | null => (name === 'nginx' ? 'no nginx here' : null);

test('scenarios are left with the servers that were asked for', () => {
  const choices = chooseScenarios([hello, file1k], ['nginx', 'express'], everythingIsHere);
  assert.deepEqual(
    choices.map(({ scenario, missing }) => [scenario.name, scenario.servers, missing]),
    [['file-1k', ['nginx', 'express'], []]],
  );
});

test('a server that is not here is left out, and a scenario that has no other one', () => {
  const servers = ['millrace', 'nginx'] as const;
  const [choice] = chooseScenarios([file1k], servers, nginxIsMissing);
  assert.deepEqual([choice?.scenario.servers, choice?.missing], [['millrace'], ['no nginx here']]);
  assert.throws(() => chooseScenarios([file1k], ['nginx'], nginxIsMissing), {
    name: 'CannotRun',
    message: 'nothing is left to measure: no nginx here',
  });
});

test('where no scenario has a server that was asked for, it says which ones there are', () => {
  assert.throws(() => chooseScenarios([hello], ['nginx'], everythingIsHere), {
    name: 'CannotRun',
    message: /^nothing is left to measure: hello has no nginx; it has millrace, node-http, .*floor$/,
  });
  assert.throws(
    () => chooseScenarios([hello, file1k], ['cluster'], everythingIsHere),
    /none of these scenarios has cluster; they have millrace, .*nginx/,
  );
});

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-choice-'));
  t.after(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test('what cannot be written is found before anything is measured, and nothing is touched', (t) => {
  const folder = folderFor(t);
  const report = join(folder, 'reports/of/today');
  const json = join(folder, 'figures.json');
  checkDestinations({ json, report });
  checkDestinations({ json: '-', report });
  checkDestinations({ json: null, report: folder });
  assert.ok(!existsSync(json) && !existsSync(report));

  writeFileSync(json, '');
  checkDestinations({ json, report });
  const wrong: readonly (readonly [string | null, string, RegExp])[] = [
    [join(folder, 'none/x.json'), report, /--json cannot write .*: there is no folder .*none$/],
    [join(json, 'x.json'), report, /--json cannot write .*: there is no folder .*figures\.json$/],
    [folder, report, /--json takes a file, and .* is a folder$/],
    [null, json, /--report takes a folder, and .*figures\.json is something else$/],
    [null, join(json, 'report'), /--report takes a folder, and .*figures\.json is something else$/],
  ];
  for (const [file, where, message] of wrong)
    assert.throws(() => {
      checkDestinations({ json: file, report: where });
    }, message);
});

test('a folder that may not be written to is refused', { skip: process.getuid?.() === 0 }, (t) => {
  const folder = folderFor(t);
  chmodSync(folder, 0o500);
  const inside = join(folder, 'new');
  for (const destinations of [
    { json: inside, report: tmpdir() },
    { json: null, report: inside },
  ])
    assert.throws(() => {
      checkDestinations(destinations);
    }, /cannot write .*EACCES/);
});

test('what fails in the end all the same is told in a sentence', () => {
  assert.throws(() => {
    writeText('/dev/full', 'figures');
  }, CannotRun);
});
